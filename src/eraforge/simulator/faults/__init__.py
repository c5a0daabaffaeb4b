"""What goes wrong on purpose: named faults, a seeded plan of when they strike, and what they do to request and answer.

Knows: every way in which the local tournament can fail its callers, and that each stands in the log.
Refuses: chance without a seed; the same plan and the same calls bring the same faults.
"""
