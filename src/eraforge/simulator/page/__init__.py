"""The page for a person: what the tournament is doing now, drawn from one document that it asks for again and again.

Knows: rounds, clock, entries, requests and faults, as far as a person wants to see them.
Refuses: to change anything.
"""
