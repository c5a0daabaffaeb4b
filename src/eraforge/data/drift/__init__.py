"""How far one round's data lie from another's: schema, universe, distributions."""
