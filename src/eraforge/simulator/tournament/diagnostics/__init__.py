"""Diagnostics: validation predictions scored on the tournament's own validation data.

Knows: the validation files of the world and the scores of the evaluation room.
Refuses: labels that are not known yet; eras without a label are left out.
"""
