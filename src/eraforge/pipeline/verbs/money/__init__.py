"""Verbs about what is better and what it pays."""
