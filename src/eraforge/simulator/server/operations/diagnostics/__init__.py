"""The operations of diagnostics.

Knows: the field names of the API, and which of them nobody can compute here.
Refuses: figures that were not computed; such fields are null.
"""
