"""Effects that move NMR: what a person approved, carried out once."""
