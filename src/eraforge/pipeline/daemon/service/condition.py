"""How the daemon is: what its last look saw, and whether it lives and can play."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from eraforge.core.clock import monotonic
from eraforge.core.configuration import RunTable

STUCK_SECONDS, STUCK_LOOKS = 600.0, 10.0
SILENT_SECONDS, SILENT_LOOKS = 60.0, 3.0


@dataclass(frozen=True, slots=True)
class Window:
    """One round of one arena of one account, as the last look found it.

    Args:
        waiting: entries that are not answered yet.
        in_danger: those among them that time, or a held submission, keeps from being answered without a person.
        held: those among them whose submission waits for a person: no time helps them.
    """

    account: str
    arena: str
    round: int
    opens: datetime
    closes: datetime
    waiting: tuple[str, ...] = ()
    in_danger: tuple[str, ...] = ()
    held: tuple[str, ...] = ()

    def is_waiting(self, at: datetime) -> bool:
        """Whether it is open and an entry is to be answered that no person is waited for."""
        return self.opens <= at < self.closes and bool(set(self.waiting) - set(self.held))


@dataclass(frozen=True, slots=True)
class Look:
    """What one look of the daemon saw. Never changed: other threads read it while the daemon looks again.

    Args:
        at: the server's time.
        leads: whether this host decides; one that does not sees no windows.
        reconciled: whether the outcome of every open effect is known.
        silent: accounts and arenas whose tournament did not answer.
    """

    at: datetime
    leads: bool
    reconciled: bool = True
    windows: tuple[Window, ...] = ()
    silent: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """Yes, or the reasons why not."""

    reasons: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether there is no reason against it."""
        return not self.reasons


class Condition:
    """What the daemon's thread writes and every other thread may read; nobody waits for anybody.

    Args:
        settings: how often it looks, and how long its lease lasts.
        renewed: moment (monotonic) of the last lease that was written into the ledger, or None.
        stopping: set once the process was asked to stop.
    """

    def __init__(self, settings: RunTable, renewed: Callable[[], float | None], stopping: threading.Event) -> None:
        self._settings = settings
        self._renewed = renewed
        self._stopping = stopping
        self._began = monotonic()
        self._tried = self._began
        self._last: tuple[Look, float] | None = None

    def saw(self, look: Look | None) -> None:
        """Note a look; None where the server's clock or the ledger was away."""
        self._tried = monotonic()
        if look is not None:
            self._last = (look, self._tried)

    @property
    def look(self) -> Look | None:
        """The last look that saw something."""
        return self._last[0] if self._last else None

    def seconds_since_look(self) -> float:
        """Real seconds since the last look that saw something, or since the start."""
        return monotonic() - (self._last[1] if self._last else self._began)

    def alive(self) -> Verdict:
        """Whether the daemon still looks at all; a restart helps where it does not."""
        limit = max(STUCK_SECONDS, STUCK_LOOKS * self._settings.poll_seconds)
        silent = monotonic() - self._tried
        return Verdict((f"it has not looked for {silent:.0f} seconds",) if silent > limit else ())

    def ready(self) -> Verdict:
        """Whether it can play: asked to go on, ledger writable, server heard of recently, no window in danger."""
        if self._stopping.is_set():
            return Verdict(("it was asked to stop",))
        reasons = []
        renewed = self._renewed()
        if renewed is None or monotonic() - renewed > self._settings.lease_seconds:
            reasons.append("the ledger has not taken its lease")
        look = self.look
        if look is None:
            return Verdict((*reasons, "it has not looked yet"))
        if self.seconds_since_look() > max(SILENT_SECONDS, SILENT_LOOKS * self._settings.poll_seconds):
            reasons.append(f"the server's time is unknown for {self.seconds_since_look():.0f} seconds")
        if not look.reconciled:
            reasons.append("the outcome of an earlier submission is not known yet")
        reasons += [f"the tournament does not answer for {one}" for one in look.silent]
        for window in look.windows:
            reasons += [f"round {window.round} of {name} is in danger" for name in window.in_danger]
        return Verdict(tuple(reasons))
