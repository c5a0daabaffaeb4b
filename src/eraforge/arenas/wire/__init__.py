"""The wire to a tournament's API: connections, time limits, operation texts, and what their answers mean.

Knows: HTTP and GraphQL, and which failures may have changed something.
Refuses: repeating a write, and showing a key in any text.
"""
