"""The way from an empty database to today's ledger: one file per schema version, forward only.

Knows: exactly what each release created; a released file is never edited again.
Refuses: to import today's tables, which would rewrite yesterday's steps.
"""
