"""Model uploads: pickled predict functions, run in a process of their own when a round opens.

Knows: the states of an upload and of its runs, and the limits of a run.
Refuses: unpickling anything in the server's own process.
"""
