"""A local Numerai to practise in: made-up data, a field of competitors, the public API's operations, faults.

Knows: the tournament's rules and calendar, and how to make data that behave like the real ones.
Refuses: to pass as real; everything it makes carries a synthetic tag, and it reaches no network but loopback.
"""
