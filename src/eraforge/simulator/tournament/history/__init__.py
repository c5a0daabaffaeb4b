"""What diagnostics and model uploads have come to, rebuilt from journal lines.

Knows: the lines that say so.
Refuses: everything but plain records.
"""
