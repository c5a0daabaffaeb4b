"""What stands beside prices: groups of symbols, universes with entry and exit, macro series."""
