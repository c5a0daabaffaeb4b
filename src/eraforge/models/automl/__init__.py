"""Automated choice of settings by other people's searches, upon which purged folds of eras are forced."""
