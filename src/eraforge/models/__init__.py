"""Anything from a panel to predictions: learners, ensembles, tuners, neutralisers.

Knows: panels, and how to learn from one in little memory with the same bytes each time.
Refuses: disk, network and clock; it never scores itself and never sees a label that the panel masks.
"""
