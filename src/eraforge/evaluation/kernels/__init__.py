"""Array kernels behind the scores: ranking, threads, projection.

Knows: NumPy, numba and LAPACK, and how to give the same bits whatever the number of threads.
Refuses: names, eras and frames; a kernel sees one matrix of one era.
"""
