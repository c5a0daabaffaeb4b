"""The NMR of the local tournament: wallets, stakes, releases, positions, payouts and burns, to the wei.

Knows: the double-entry arithmetic of the portfolio room, and the order in which rounds close and resolve.
Refuses: amounts of its own; everything follows from the journal and the scores, in order of virtual time.
"""
