"""The one durable path from raw data to a settled payout, and the desk: the table of every verb.

Knows: every room below; how a turn is played, resumed and followed until its round resolves.
Refuses: to draw, to guess an unknown outcome, and to send anything outside `effects`.
"""
