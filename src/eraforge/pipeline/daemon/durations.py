"""How long each stage of an entry takes, measured; and what follows for the time before a deadline."""

from __future__ import annotations

import math
import threading
from collections import defaultdict, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from weakref import WeakKeyDictionary

from eraforge.core.words import Entry, Round
from eraforge.pipeline.engine import DURATION
from eraforge.pipeline.tools import Tools
from eraforge.store.ledger import Ledger

KEPT = 200
SHARE = 0.95
SAFETY = 3.0


def measured(tools: Tools, entry: Entry) -> dict[str, float]:
    """Seconds that 95 % of the last 200 runs of each stage stayed under."""
    with _lock:
        known = _read.setdefault(tools.ledger, {}).setdefault(entry.name, _Read())
        return known.on(tools.ledger, entry.name)


@dataclass
class _Read:
    """What has been read of an entry's durations, so that each is read once."""

    after: int = 0
    seen: dict[str, deque[float]] = field(default_factory=lambda: defaultdict(lambda: deque(maxlen=KEPT)))
    quantiles: dict[str, float] = field(default_factory=dict)

    def on(self, ledger: Ledger, name: str) -> dict[str, float]:
        """Read on, and say what was measured by now."""
        fresh = set()
        for event in ledger.events(kind=DURATION, subject=name, after=self.after):
            self.after = event.sequence
            fresh.add(str(event.facts["stage"]))
            self.seen[str(event.facts["stage"])].append(float(event.facts["seconds"]))
        self.quantiles |= {stage: _quantile(self.seen[stage]) for stage in fresh}
        return dict(self.quantiles)


_read: WeakKeyDictionary[Ledger, dict[str, _Read]] = WeakKeyDictionary()
_lock = threading.Lock()


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


def _quantile(values: Iterable[float]) -> float:
    ordered = sorted(values)
    return ordered[math.ceil(SHARE * len(ordered)) - 1]
