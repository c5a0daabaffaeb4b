"""Daily prices that a world is built on: made up from a seed block by block, or replayed from a folder of real bars.

Knows: listings, factors, volatility, jumps, splits and gaps; the same seed gives the same bars in any order of asking.
Refuses: features, targets and rounds; a bar, once there, never changes.
"""
