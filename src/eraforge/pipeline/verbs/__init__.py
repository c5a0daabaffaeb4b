"""What each verb of the desk does."""
