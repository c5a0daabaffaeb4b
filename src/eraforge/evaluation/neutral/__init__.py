"""Scores that take neutralisers away first: FNC, neutral CORR and MMC, alpha, MPC, churn, feature exposure.

Knows: the official formulas and the steps they share.
Refuses: choosing the neutralisers; which features or factors count is the arena's business.
"""
