"""Experiments and models: tried once, recorded whole, compared honestly, promoted with reasons."""
