"""Keeping a workspace: backed up in one file, restored elsewhere, and its history shown and proven."""
