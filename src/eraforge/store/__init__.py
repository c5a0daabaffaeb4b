"""What must survive a crash: immutable objects by digest, and the ledger.

Knows: disks that fill up, processes that die, and databases (SQLite by default, PostgreSQL by URL).
Refuses: to believe a torn, rotten or half-written thing, to change history, and to ask for the time.
"""
