"""The lake: every bar that was ever told, kept with the moment it was learned."""
