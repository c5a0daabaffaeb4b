"""Saying so: one thing that happened, one notice, by every channel that wants to hear of it."""
