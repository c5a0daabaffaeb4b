"""The programmes that prove the promises: each a function from a scale to figures, the same code short and long."""
