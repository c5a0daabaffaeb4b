"""The features that come with eraforge, by family: one kernel, or a few, and a grid of windows.

Knows: formulas and where they come from.
Refuses: loops over bars; a family declares, the engine computes.
"""
