"""Where predictions meet outcomes: the tournaments as data, and the gateways that read and write them.

Knows: each arena's keys, calendar, payout rules and API.
Refuses: training, scoring of its own, and any decision about money.
"""
