"""What a market day's rows are made of: ids, features, the signal among them and the outcomes behind targets.

Knows: one day at a time, each from its own seeded generator.
Refuses: files, rounds and competitors.
"""
