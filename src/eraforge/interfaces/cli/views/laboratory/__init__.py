"""Views of what is tried and examined."""
