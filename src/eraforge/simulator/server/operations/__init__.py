"""The operations of the public API: one function a root field, plain dicts out.

Knows: field names, value types and who may ask.
Refuses: state of its own and any rule of the tournament.
"""
