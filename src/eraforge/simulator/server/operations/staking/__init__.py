"""The operations of per-round staking, and the stand-in for the chain they belong to.

Knows: the field names of staking v3.
Refuses: rules of its own.
"""
