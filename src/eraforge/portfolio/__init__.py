"""What to risk: payouts of a round, stakes and their books, payout forecasts and how they turned out.

Knows: how a payout policy turns scores and a stake into NMR, and how sure a forecast of that can be.
Refuses: to act. It plans and reckons in exact decimals; it sends nothing and asks no clock.
"""
