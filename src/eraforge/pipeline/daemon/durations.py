"""How long each stage of an entry takes, measured; and what follows for the time before a deadline."""

from __future__ import annotations

import math
from datetime import datetime, timedelta

from eraforge.core.words import Entry, Round
from eraforge.pipeline.engine import DURATION
from eraforge.pipeline.tools import Tools

KEPT = 200
SHARE = 0.95
SAFETY = 3.0


def measured(tools: Tools, entry: Entry) -> dict[str, float]:
    """Seconds that 95 % of the last 200 runs of each stage stayed under."""
    seen: dict[str, list[float]] = {}
    for event in tools.ledger.events(kind=DURATION, subject=entry.name):
        seen.setdefault(str(event.facts["stage"]), []).append(float(event.facts["seconds"]))
    return {stage: _quantile(values[-KEPT:]) for stage, values in seen.items()}


def rescue_moment(tools: Tools, entry: Entry, played: Round) -> datetime:
    """When the fallback answers if the real answer has not: early enough for three slow submissions."""
    settings = tools.configuration
    needed = max(settings.run.rescue_seconds, SAFETY * measured(tools, entry).get("submit", 0.0))
    window = (played.closes - played.opens).total_seconds()
    latest = played.closes - timedelta(seconds=settings.submit.margin_seconds)
    return latest - timedelta(seconds=min(needed, window / 2))


def turn_seconds(tools: Tools, entry: Entry) -> float:
    """Seconds a whole turn of the entry takes, by what was measured; 0 before the first."""
    return sum(measured(tools, entry).get(stage, 0.0) for stage in TURN)


TURN = ("fetch", "check", "feature", "fit", "evaluate", "predict", "submit")


def _quantile(values: list[float]) -> float:
    ordered = sorted(values)
    return ordered[math.ceil(SHARE * len(ordered)) - 1]
