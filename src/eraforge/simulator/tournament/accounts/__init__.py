"""What the owner of an account may change: its models and its keys.

Knows: whose a model is and which scopes a key has.
Refuses: changes that are not in the journal.
"""
