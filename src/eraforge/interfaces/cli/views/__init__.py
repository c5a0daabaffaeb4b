"""How the facts of each verb look on a terminal."""
