"""The Clock port and its plain implementations. No other module asks the machine for the time."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Where a room gets the time from. `now` is always aware and in UTC."""

    def now(self) -> datetime:
        """The present moment, in UTC."""
        ...

    def sleep(self, seconds: float) -> None:
        """Let that many real seconds pass; a standing clock returns at once."""
        ...


class SystemClock:
    """The clock of this machine."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        time.sleep(max(seconds, 0.0))


class StandingClock:
    """A clock that moves only when told to: for replay and tests."""

    def __init__(self, at: datetime) -> None:
        self._now = at.astimezone(UTC)

    def now(self) -> datetime:
        return self._now

    def sleep(self, seconds: float) -> None:
        self._now += timedelta(seconds=max(seconds, 0.0))

    def move_to(self, at: datetime) -> None:
        """Set the time.

        Raises:
            ValueError: if `at` lies in the past of this clock.
        """
        if at < self._now:
            raise ValueError(f"a clock never goes back: {at} is before {self._now}")
        self._now = at.astimezone(UTC)


class RunningClock:
    """A clock set once, running on with real seconds: for a process that is told the time by another."""

    def __init__(self, at: datetime) -> None:
        self._at, self._since = at.astimezone(UTC), time.monotonic()

    def now(self) -> datetime:
        return self._at + timedelta(seconds=time.monotonic() - self._since)

    def sleep(self, seconds: float) -> None:
        time.sleep(max(seconds, 0.0))

    def set(self, at: datetime) -> None:
        """Go on from that moment."""
        self._at, self._since = at.astimezone(UTC), time.monotonic()


def monotonic() -> float:
    """Seconds on a clock that never goes back, for durations only."""
    return time.monotonic()
