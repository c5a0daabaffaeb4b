"""Which hosts are alive, which of them leads, and who takes over what a dead one left."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta

from eraforge.core.clock import monotonic
from eraforge.core.errors import Transient
from eraforge.pipeline.effects.sender import may_be_running, this_process
from eraforge.pipeline.tools import Tools

LEADER = "leader"
HOST = "host/"
LEFT = "left/"  # a host that stopped on purpose: its work is taken over, and nobody is alarmed
RENEWALS = 3  # renewals within the time of a lease


class Hosts:
    """This process among all that share the ledger.

    Args:
        tools: the open workspace.
        name: what this process is called in leases and in the queue.
    """

    def __init__(self, tools: Tools, name: str = "") -> None:
        self.name = name or this_process()
        self._tools = tools
        self._seconds = tools.configuration.run.lease_seconds
        self._over = threading.Event()
        self._beat: threading.Thread | None = None
        self.renewed: float | None = None  # moment (monotonic) of the last lease that stands in the ledger

    def renew(self, now: datetime) -> bool:
        """Say that this host lives; whether it leads."""
        until = now + timedelta(seconds=self._seconds)
        self._tools.ledger.take_lease(HOST + self.name, self.name, now, until)
        self.renewed = monotonic()
        return self._tools.ledger.take_lease(LEADER, self.name, now, until)

    def bury(self, now: datetime, take_over: Callable[[str], int]) -> dict[str, int]:
        """Take over the work of every host whose lease has run out, or whose process is gone.

        Returns:
            Pieces of work put back, by host that died; those of hosts that stopped on purpose are not listed.
        """
        taken = {}
        for lease in self._tools.ledger.leases():
            if not lease.name.startswith((HOST, LEFT)) or lease.holder == self.name:
                continue
            gone = ":" in lease.holder and not may_be_running(lease.holder)
            if lease.until <= now or gone:
                pieces = take_over(lease.holder)
                self._tools.ledger.release_lease(lease.name, lease.holder)
                if lease.name.startswith(HOST):
                    taken[lease.holder] = pieces
        return taken

    def free_leader(self) -> bool:
        """A leader whose process is gone leads no more, whatever time its lease had left; whether that was so."""
        for lease in self._tools.ledger.leases():
            other = lease.name == LEADER and lease.holder != self.name and ":" in lease.holder
            if other and not may_be_running(lease.holder):
                return self._tools.ledger.release_lease(LEADER, lease.holder)
        return False

    def start(self) -> None:
        """Renew from a thread, so that long work does not look like death."""
        self._beat = threading.Thread(target=self._renew_on, name="heartbeat", daemon=True)
        self._beat.start()

    def stop(self) -> None:
        """Give the leases back, and leave word that this host stopped on purpose."""
        self._over.set()
        if self._beat is not None:
            self._beat.join()
        self._tools.ledger.release_lease(LEADER, self.name)
        with suppress(Transient):  # without the server's time it is buried as a host that died
            now = self._tools.clock.now()
            self._tools.ledger.take_lease(LEFT + self.name, self.name, now, now)
            self._tools.ledger.release_lease(HOST + self.name, self.name)

    def _renew_on(self) -> None:
        while not self._over.wait(self._seconds / RENEWALS):
            with suppress(Transient):  # the loop meets the same trouble and tells it
                self.renew(self._tools.clock.now())


def leading(tools: Tools, now: datetime) -> str:
    """The host that leads now, or "" where no daemon runs."""
    alive = [one.holder for one in tools.ledger.leases() if one.name == LEADER and one.until > now]
    return alive[0] if alive else ""
