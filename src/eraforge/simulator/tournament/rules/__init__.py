"""The rules of each tournament as data: which scores a round has, how it pays, and what is assumed where nobody knows.

Knows: the payout policies of the arenas and the score kernels of the evaluation room.
Refuses: state, clocks, and a figure that no source settles unless it is named as an assumption.
"""
