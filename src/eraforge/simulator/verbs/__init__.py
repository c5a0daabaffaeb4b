"""The verbs of the local tournament: serve it, move its clock, set its faults, read and judge its log.

Knows: options and plain facts.
Refuses: to draw; faces do.
"""
