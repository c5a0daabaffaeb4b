"""Faces: they draw what the desk answers and ask what it needs.

Knows: the desk's table of verbs, and how to show facts to a person or a machine.
Refuses: to decide, to compute, and to know another face.
"""
