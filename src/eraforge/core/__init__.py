"""The words of the house: Panel, Arena, Round, Slot, Predictions, Effect, Entry, ports, errors.

Knows: what the other rooms say to each other, and nothing of how they do it.
Refuses: disk, network and ambient time; it imports no other room.
"""
