"""Splitters: folds that train on nothing that could know the predicted part, and the check that judges any fold."""
