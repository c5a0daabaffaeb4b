"""`run`, the daemon, and `entry release`."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from eraforge.core.errors import UserError
from eraforge.core.words import Entry
from eraforge.pipeline.daemon import quarantine
from eraforge.pipeline.daemon.hosts import Hosts
from eraforge.pipeline.daemon.loop import Daemon
from eraforge.pipeline.daemon.workers import Limits, Workers
from eraforge.pipeline.engine import Queueing, open_engine
from eraforge.pipeline.notices.office import open_office
from eraforge.pipeline.tools import Tools
from eraforge.pipeline.verb import Facts, Visit
from eraforge.pipeline.workspace import chosen_entries, open_workspace

QUEUE_SECONDS = 0.5


def run(visit: Visit) -> Facts:
    """Watch and play until SIGTERM or SIGINT; what is being sent then is finished, all else is resumed later.

    Raises:
        UserError: wrong configuration, unknown plugins, missing keys or channel settings.
    """
    with open_workspace(visit) as tools:
        entries = chosen_entries(tools.configuration, "")
        say = visit.say or _unheard
        with stopping() as stop, daemon(tools, visit, entries, say) as made:
            say(f"eraforge watches {len(entries)} entries at {tools.configuration.server.url}; stop it with Ctrl-C")
            made.run(stop)
        say("stopped; the same command goes on where it was")
    return {"entries": [{"entry": one.name} for one in entries]}


@contextmanager
def daemon(tools: Tools, visit: Visit, entries: list[Entry], say: Any) -> Iterator[Daemon]:
    """The daemon of an open workspace, with processes to compute in and its place in the queue."""
    office = open_office(tools.configuration, visit.environment, tools.ledger)
    hosts = Hosts(tools)
    settings = tools.configuration.run
    made: list[Daemon] = []

    def limits(entry: Entry | None, stage: str) -> Limits:
        return made[0].limits(entry, stage) if made else Limits(settings.stage_seconds, settings.memory_gigabytes * 1e9)

    with Workers(visit, limits) as workers:
        tools.compute = workers
        with open_engine(tools, entries, Queueing(hosts.name, settings.parallel, QUEUE_SECONDS)) as engine:
            made.append(Daemon(tools, engine, office, hosts, entries, workers.stop, say))
            try:
                yield made[0]
            finally:
                workers.rest(tools.configuration.submit.call_seconds)
                workers.close()  # before the engine: what is cut off stays under way in its record


@contextmanager
def stopping() -> Iterator[threading.Event]:
    """An event that SIGTERM and SIGINT set, where this is the main thread."""
    stop = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return

    def ask(number: int, frame: FrameType | None) -> None:
        stop.set()

    before = {one: signal.signal(one, ask) for one in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield stop
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


def _unheard(line: str) -> None:
    """Where nobody looks on."""


def release(visit: Visit, entry: str) -> Facts:
    """Let quarantined entries play again.

    Raises:
        UserError: `nothing-to-release`.
    """
    with open_workspace(visit) as tools:
        freed = [one for one in chosen_entries(tools.configuration, entry) if quarantine.release(tools, one)]
        if not freed:
            raise UserError("nothing-to-release", "No entry is in quarantine.", "See `eraforge status`.")
        return {"entries": [{"entry": one.name, "released": True} for one in freed]}
