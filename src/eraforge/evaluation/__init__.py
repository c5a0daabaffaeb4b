"""How good a model is, how sure we are of it, and whether it leaks.

Knows: the official scores, their statistics over eras, clean splits, reports whose figures name their sample.
Refuses: disk, network and clock; it never fits a model on eras it scores and never hides an era it could not score.
"""
