"""What a history proves: doubles, late sends, missed windows, mismatches, doubled stakes, books that do not add up.

Knows: the lines of a journal and of the requests beside it, whoever wrote them, and the calendars of the tournaments.
Refuses: to run anything; a judgement is a function of the lines.
"""
