"""The operations of model uploads and webhooks.

Knows: the field names of the API.
Refuses: running anything itself.
"""
