"""Replay: a past turn played again from what is stored. It reads records and objects; it sends and changes nothing."""
