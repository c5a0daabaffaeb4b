"""How long a gateway takes to show what it has confirmed: measured in production, kept in the ledger."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime

from eraforge.core.configuration import SubmitTable
from eraforge.store.ledger import Ledger

EVENT = "settle"
SHARE = 0.999
SAFETY = 3.0
KEPT = 2000  # the last measurements that count


@dataclass(frozen=True, slots=True)
class Measured:
    """Seconds from confirmation to visibility of one gateway: how many were measured, and their 99.9 % quantile."""

    count: int
    quantile: float


class Settling:
    """The settle time of one gateway: never under the configured one, and three times what 99.9 % of answers took.

    Args:
        gateway: the address whose lag it is.
        settings: the floor.
    """

    def __init__(self, ledger: Ledger, gateway: str, settings: SubmitTable) -> None:
        self._ledger = ledger
        self._gateway = gateway
        self._settings = settings
        self._seen: list[float] = []
        self._after = 0

    def note(self, kind: str, seconds: float, at: datetime) -> None:
        """Keep one measurement."""
        self._ledger.record(EVENT, self._gateway, {"kind": kind, "seconds": round(max(seconds, 0.0), 3)}, at)

    def measured(self) -> Measured:
        """What the ledger holds, the last 2,000 measurements."""
        for event in self._ledger.events(kind=EVENT, subject=self._gateway, after=self._after):
            self._seen.append(float(event.facts["seconds"]))
            self._after = event.sequence
        del self._seen[:-KEPT]
        ordered = sorted(self._seen)
        quantile = ordered[math.ceil(SHARE * len(ordered)) - 1] if ordered else 0.0
        return Measured(len(ordered), quantile)

    def floor(self) -> float:
        """The configured settle time: that of one pause, for as many pauses as there are between read-backs."""
        return self._settings.settle_seconds * max(self._settings.read_backs - 1, 1)

    def seconds(self) -> float:
        """How long an unanswered change may take to show before it counts as absent."""
        return max(self.floor(), SAFETY * self.measured().quantile)
