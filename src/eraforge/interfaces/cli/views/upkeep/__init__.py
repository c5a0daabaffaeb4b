"""Views of what keeps a workspace."""
