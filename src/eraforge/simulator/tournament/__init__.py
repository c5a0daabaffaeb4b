"""The rule engine of the local tournament: clock, rounds, accounts, submissions, scores, payouts, standings.

Knows: the published rules, the world it scores against, and its own journal, from which it can be rebuilt.
Refuses: the network; an answer that looks past the virtual clock; a change that is not in the journal.
"""
