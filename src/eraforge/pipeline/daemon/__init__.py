"""`eraforge run`: watches the rounds, plays every entry in time, and says what it could not do."""
