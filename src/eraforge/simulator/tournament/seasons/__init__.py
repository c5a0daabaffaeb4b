"""Seasons: calendar years of a tournament, the scores of accounts in them, and their titles.

Knows: final scores and what was at risk.
Refuses: scores that are not final.
"""
