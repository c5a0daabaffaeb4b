"""The local tournament over HTTP: GraphQL, dataset files, uploads, downloads and the control of the clock.

Knows: the shapes in which the public API answers, down to the type of every value.
Refuses: rules of its own; what a caller may see or do is decided by the tournament.
"""
