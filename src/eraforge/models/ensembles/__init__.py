"""Models made of models whose shares are learned: from out-of-fold predictions of purged inner folds."""
