"""Array kernels behind the features: windows, exponential means, window measures, comparisons across symbols.

Knows: NumPy and numba, and rows of own bars laid end to end.
Refuses: names and moments; a kernel sees numbers, where each symbol's row starts, and how old the symbol was there.
"""
