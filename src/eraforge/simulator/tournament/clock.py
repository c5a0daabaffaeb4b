"""The virtual clock of the local tournament: it stands still, is moved by call, or runs faster than the real one."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from eraforge.core.clock import Clock
from eraforge.core.errors import UserError

LEASE = timedelta(seconds=1)
Record = Callable[[datetime, datetime, str], None]


class VirtualClock:
    """A clock in virtual time, in the shape of `core.clock.Clock`.

    A running clock takes leases: before it shows a moment past its lease, `record` has written down the next lease,
    which ends one real second ahead. A clock started again at the end of the last lease therefore never goes back.

    Args:
        real: where real time comes from.
        at: the virtual moment it starts from.
        speed: virtual seconds a real second; None stands still.
        record: called with (now, moment, reason) for every moment that must survive, before the clock shows it.
    """

    def __init__(self, real: Clock, at: datetime, speed: float | None, record: Record) -> None:
        _require_positive(speed)
        self.speed = speed
        self._real, self._record = real, record
        self._base, self._real_base, self._lease = at, real.now(), at
        self._lock = threading.Lock()

    def now(self) -> datetime:
        """The virtual moment, in UTC."""
        with self._lock:
            return self._now()

    def sleep(self, seconds: float) -> None:
        """Let that many real seconds pass."""
        self._real.sleep(seconds)

    def move_to(self, at: datetime) -> None:
        """Move forward to that moment.

        Raises:
            UserError: `clock-goes-back` when the moment lies in the past of this clock.
        """
        with self._lock:
            now = self._now()
            if at < now:
                raise UserError(
                    "clock-goes-back", f"{at.isoformat()} lies before {now.isoformat()}.", "Name a later moment."
                )
            self._record(now, at, "advance")
            self._base, self._real_base, self._lease = at, self._real.now(), at

    def run(self, speed: float | None) -> None:
        """Run on from now at that speed.

        Args:
            speed: virtual seconds a real second; None stands still.

        Raises:
            UserError: `speed-is-not-positive`.
        """
        _require_positive(speed)
        with self._lock:
            now = self._now()
            self._record(now, now, "standing" if speed is None else f"speed {speed:g}")
            self._base, self._real_base, self._lease = now, self._real.now(), now
            self.speed = speed

    def _now(self) -> datetime:
        if self.speed is None:
            return self._base
        moment = self._base + (self._real.now() - self._real_base) * self.speed
        if moment > self._lease:
            lease = moment + LEASE * self.speed
            self._record(self._lease, lease, "lease")
            self._lease = lease
        return moment


def _require_positive(speed: float | None) -> None:
    if speed is not None and not (0 < speed < float("inf")):
        raise UserError("speed-is-not-positive", f"The clock cannot run at speed {speed}.", "Give a speed above 0.")
