"""One request and one answer as values, and the history of them all.

Knows: what was asked, what is answered and in which manner, and the file in which both are remembered.
Refuses: sockets and rules; it neither sends nor decides.
"""
