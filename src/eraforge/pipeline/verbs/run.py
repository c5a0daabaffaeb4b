"""`run`, the daemon, and `entry release`."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import FrameType

from eraforge.core.errors import Transient, UserError
from eraforge.core.words import Entry
from eraforge.pipeline.daemon import quarantine
from eraforge.pipeline.daemon.hosts import Hosts
from eraforge.pipeline.daemon.loop import Daemon
from eraforge.pipeline.daemon.service.condition import Condition, Look
from eraforge.pipeline.daemon.service.figures import Figures
from eraforge.pipeline.daemon.service.journal import open_journal
from eraforge.pipeline.daemon.service.listener import listening
from eraforge.pipeline.daemon.workers import Limits, Workers
from eraforge.pipeline.engine import Queueing, open_engine
from eraforge.pipeline.notices.office import open_office
from eraforge.pipeline.secrets.places import SecretPlaces, SecretVariables
from eraforge.pipeline.tools import Tools
from eraforge.pipeline.verb import Facts, Visit
from eraforge.pipeline.workspace import chosen_entries, open_workspace

QUEUE_SECONDS = 0.5


def run(visit: Visit, listen: str, log: str) -> Facts:
    """Watch and play until SIGTERM or SIGINT; what is being sent then is finished, all else is resumed later.

    Raises:
        UserError: wrong configuration, unknown plugins, missing keys or channel settings; `wrong-address`,
            `cannot-listen`.
    """
    with open_workspace(visit) as tools, ExitStack() as stack:
        entries = chosen_entries(tools.configuration, "")
        settings = tools.configuration.run
        told = visit.say or _unheard
        journal = None
        if log:
            opened = open_journal(Path(log), settings.log_megabytes, settings.log_kept, tools.ledger)
            journal = stack.enter_context(opened)

        def say(line: str) -> None:
            told(line)
            if journal is not None:
                journal.say(line)

        stop, hosts = stack.enter_context(stopping()), Hosts(tools)
        condition = Condition(settings, lambda: hosts.renewed, stop)
        if listen:
            figures = Figures(tools, entries, condition)
            # Entered before the daemon and left after it: who asks is told that it is stopping until it has stopped.
            at = stack.enter_context(listening(listen, condition.alive, condition.ready, figures.page))
            say(f"/health, /ready and /metrics are served at {at[0]}:{at[1]}")

        def saw(look: Look | None) -> None:
            condition.saw(look)
            if journal is not None:
                with suppress(Transient):  # what is not read now is read at the next look
                    journal.follow()

        with daemon(tools, visit, entries, hosts, say) as made:
            made.saw = saw
            say(f"eraforge watches {len(entries)} entries at {tools.configuration.server.url}; stop it with Ctrl-C")
            made.run(stop)
        saw(None)
        say("stopped; the same command goes on where it was")
    return {"entries": [{"entry": one.name} for one in entries]}


@contextmanager
def daemon(
    tools: Tools, visit: Visit, entries: list[Entry], hosts: Hosts, say: Callable[[str], None]
) -> Iterator[Daemon]:
    """The daemon of an open workspace, with processes to compute in and its place in the queue."""
    secrets = SecretVariables(visit, SecretPlaces(visit, tools.configuration.secrets))
    office = open_office(tools.configuration, secrets, tools.ledger)
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
