"""What the moment itself tells: circles of time, sessions of the great markets."""

from __future__ import annotations

import math

from eraforge.features.expression import Node, field, of
from eraforge.features.feature import Declared, Family

SESSIONS = {"asia": (0.0, 8.0), "london": (7.0, 16.0), "ny": (12.0, 21.0)}
"""Hours in UTC from which, and before which, a market is open; summer and winter time are not told apart."""


def _circle(name: str, column: str, period: float) -> list[Declared]:
    turn = field(column) * (2.0 * math.pi / period)
    return [
        Declared(f"{name}_{title}", of(operation, turn), "score", f"{title} of a circle of {period:g}, UTC")
        for title, operation in (("sin", "sine"), ("cos", "cosine"))
    ]


def _session(name: str, opens: float, closes: float) -> Declared:
    hour = field("hour")
    within: Node = (1.0 - (hour < opens)) * (hour < closes)
    return Declared(f"session_{name}", within, "0 or 1", f"{opens:g} to {closes:g} UTC")


CALENDAR = Family(
    "calendar",
    "Time of the day and day of the week of the moment a bar closed.",
    (
        *_circle("hour", "hour", 24.0),
        *_circle("minute", "minute", 60.0),
        *_circle("dayofweek", "weekday", 7.0),
        *(_session(name, *hours) for name, hours in SESSIONS.items()),
    ),
)
