"""A workspace in one file: what it remembers and what it made, never a secret."""
