"""Durable work: the one file that knows DBOS.

A turn's workflow id is its slot, entry and attempt; each step's output is on disk before the next begins, so that what
a killed process left is resumed: by the next command on the same machine, or by another host once the dead one's lease
has run out. The daemon's work waits in one queue, nearest deadline first; every host takes from it.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import partial
from threading import Event
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine as SqlEngine
from sqlalchemy import event

from eraforge.core.clock import SystemClock, monotonic
from eraforge.core.digest import digest_value
from eraforge.core.errors import Broken, EraforgeError
from eraforge.core.secret import redact
from eraforge.core.words import Entry, Slot
from eraforge.pipeline.played.record import note
from eraforge.pipeline.steps import stages
from eraforge.pipeline.steps.ahead import queued
from eraforge.pipeline.tools import Tools
from eraforge.pipeline.turn import turn

if TYPE_CHECKING:
    from dbos import DBOS, DBOSConfig, WorkflowHandle, WorkflowStatus

# A fixed version, so that a turn begun before an upgrade is resumed after it; stages carry their own code digests.
APPLICATION_VERSION = "eraforge"
HEARD_SECONDS = 0.1
QUEUE = "work"
DURATION = "duration"
FAILED = ("ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED")
Play = Callable[[str, int], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Queueing:
    """How a host takes part in the queue.

    Args:
        host: its own name among all hosts; work it leaves behind is known by it.
        parallel: pieces of work it does at once.
        poll_seconds: how often it looks for work.
    """

    host: str
    parallel: int = 2
    poll_seconds: float = 0.5


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a piece of work stands: `waiting`, `running`, `done` or `failed`, with its outcome or its error."""

    state: str
    attempt: int = 1
    outcome: Any = None
    error: EraforgeError | None = None


class Fetched:
    """Says when turns that somebody waits for have their files."""

    def __init__(self) -> None:
        self._awaited: dict[tuple[str, int], Event] = {}

    def awaited(self, entry: Entry, number: int) -> Event:
        """Set once the entry has its files of that round."""
        return self._awaited.setdefault((entry.name, number), Event())

    def tell(self, entry: Entry, number: int) -> None:
        """The entry has its files of that round."""
        event = self._awaited.pop((entry.name, number), None)
        if event is not None:
            event.set()


class Engine:
    """Runs turns of one workspace durably."""

    def __init__(self, dbos: type[DBOS], works: dict[str, Play], fetched: Fetched) -> None:
        self._dbos = dbos
        self._works = works
        self._fetched = fetched
        self._attempts: dict[str, int] = {}  # the last attempt known of each piece of work: all before it failed

    def start(self, entry: Entry, number: int) -> WorkflowHandle[dict[str, Any]]:
        """Begin the entry's turn in that round, or take hold of the one already begun or done."""
        from dbos import SetWorkflowID

        # An entry that was changed meanwhile plays a turn of its own, and is told at its end if the slot is taken.
        with SetWorkflowID(self._free_id(_name(entry, number))):
            return self._dbos.start_workflow(self._works["turn"], entry.name, number)

    def play(self, entry: Entry, number: int) -> dict[str, Any]:
        """Play a turn to its end and return its outcome; a turn that is already done returns at once.

        Raises:
            EraforgeError: whatever stopped the turn.
        """
        return _listening([self.start(entry, number).get_result])[0]

    def play_lines(
        self, lines: Sequence[Sequence[Entry]], number: int, done: Callable[[Entry], None]
    ) -> dict[str, dict[str, Any]]:
        """Play lines of entries side by side, the entries of a line one after another; outcomes by name of entry.

        A line begins once the first entry of the line before it has its files: downloads that share one way in take
        turns, and what came first is worked on meanwhile.

        Args:
            done: called when the turn of an entry is over.

        Raises:
            EraforgeError: whatever stopped the first line in which a turn stopped.
        """

        def play(line: Sequence[Entry], before: Event | None) -> dict[str, dict[str, Any]]:
            outcomes = {}
            if before is not None:
                before.wait()
            try:
                for entry in line:
                    outcomes[entry.name] = self.start(entry, number).get_result()
                    done(entry)
            finally:
                self._fetched.tell(line[0], number)  # a line that stopped on the way to its files holds up no other
            return outcomes

        before = [None, *(self._fetched.awaited(line[0], number) for line in lines[:-1])]
        played = _listening([partial(play, *given) for given in zip(lines, before, strict=True)])
        return {name: outcome for line in played for name, outcome in line.items()}

    def enqueue(self, work: str, entry: Entry, number: int, deadline: datetime) -> None:
        """Put a piece of work (`turn`, `fallback`, `training`) into the queue; nothing happens when it is there.

        A failed attempt is followed by a next one; the nearest deadline is taken first.
        """
        from dbos import SetEnqueueOptions, SetWorkflowID

        name = self._free_id(_queued(work, entry, number))
        if self._dbos.get_workflow_status(name) is None:
            minutes = max(int(deadline.timestamp() // 60), 1)
            with SetWorkflowID(name), SetEnqueueOptions(priority=minutes):
                self._dbos.enqueue_workflow(QUEUE, self._works[work], entry.name, number)

    def standing(self, work: str, entry: Entry, number: int) -> Standing | None:
        """Where the last attempt of a queued piece of work stands, or None where there is none."""
        name = _queued(work, entry, number)
        attempt, last = self._last(name)
        if last is None:
            return None
        if last.status == "SUCCESS":
            return Standing("done", attempt, outcome=last.output)
        if last.status in FAILED:
            error = last.error if isinstance(last.error, EraforgeError) else _strange(last.error or last.status)
            return Standing("failed", attempt, error=error)
        return Standing("running" if last.status == "PENDING" else "waiting", attempt)

    def cancel(self, work: str, entry: Entry, number: int) -> None:
        """Let a piece of work go no further than the step it is in."""
        found = self.standing(work, entry, number)
        if found is not None and found.state in ("waiting", "running"):
            self._dbos.cancel_workflow(f"{_queued(work, entry, number)}#{found.attempt}")

    def take_over(self, host: str) -> int:
        """Put back into the queue what a dead host was doing; how many pieces of work that were."""
        return len(self._dbos._recover_pending_workflows([host]))

    def _free_id(self, name: str) -> str:
        """The id of the last attempt, or of a next one when that failed."""
        attempt, status = self._last(name)
        return f"{name}#{attempt + 1}" if status is None or status.status in FAILED else f"{name}#{attempt}"

    def _last(self, name: str) -> tuple[int, WorkflowStatus | None]:
        """Number and status of the last attempt, (0, None) before the first; a next one follows a failure alone."""
        attempt, last = max(self._attempts.get(name, 1) - 1, 0), None
        while last is None or last.status in FAILED:
            found = self._dbos.get_workflow_status(f"{name}#{attempt + 1}")
            if found is None:
                break
            attempt, last = attempt + 1, found
        if attempt > 1:
            self._attempts[name] = attempt
        return attempt, last


@contextmanager
def open_engine(tools: Tools, entries: Sequence[Entry], queueing: Queueing | None = None) -> Iterator[Engine]:
    """Start the engine on the workspace's own database; work that a crash of this host interrupted goes on at once.

    Args:
        tools: the open workspace that steps work with.
        entries: configured entries, by whose names work is recorded.
        queueing: how this host takes part in the queue; None: not at all.

    Raises:
        Transient: `disk-full`, `ledger-locked`, `ledger-unreachable`; what was recorded is kept.
    """
    from dbos import DBOS

    from eraforge.store.connect import PATIENCE, Place, ledger_errors

    config = _config(tools, queueing)
    address = str(config["system_database_url"])
    place = Place("the record of turns", address.startswith("sqlite"), PATIENCE, tools.folder)
    logging.getLogger("dbos").setLevel(logging.CRITICAL)
    with ledger_errors(place), _fractions_of_seconds():
        DBOS.destroy(destroy_registry=True)  # what an interrupt in this process left launched
        DBOS(config=config)
        stopped = False
        try:
            fetched = Fetched()
            works = {name: DBOS.workflow(name=name)(play) for name, play in _works(tools, entries, fetched).items()}
            DBOS.listen_queues([QUEUE] if queueing else [])
            DBOS.launch()
            if queueing is not None:
                DBOS.register_queue(
                    QUEUE,
                    worker_concurrency=queueing.parallel,
                    polling_interval_sec=queueing.poll_seconds,
                    on_conflict="always_update",
                )
            yield Engine(DBOS, works, fetched)
        except KeyboardInterrupt:
            stopped = True  # the process is about to end: what its turns did is on disk, and their threads need no wait
            raise
        finally:
            if not stopped:
                DBOS.destroy(destroy_registry=True)


@contextmanager
def _fractions_of_seconds() -> Iterator[None]:
    """Let `unixepoch('subsec')` be known to SQLite from before 3.42 (Debian 12 has 3.40).

    DBOS asks for it wherever Python is 3.12 or later, whatever SQLite that brings; an older one answers NULL.
    """
    if sqlite3.sqlite_version_info >= (3, 42):
        yield
        return

    def now(modifier: object) -> float | None:
        return SystemClock().now().timestamp() if modifier in ("subsec", "subsecond") else None

    def teach(connection: Any, _: object) -> None:
        if isinstance(connection, sqlite3.Connection):
            connection.create_function("unixepoch", 1, now)

    event.listen(SqlEngine, "connect", teach)
    try:
        yield
    finally:
        event.remove(SqlEngine, "connect", teach)


def _config(tools: Tools, queueing: Queueing | None) -> DBOSConfig:
    return {
        "name": "eraforge",
        "system_database_url": tools.configuration.store.ledger or f"sqlite:///{tools.folder / 'turns.sqlite'}",
        "application_version": APPLICATION_VERSION,
        "executor_id": queueing.host if queueing else "local",
        "log_level": "CRITICAL",
        "console_log_level": "CRITICAL",
        "notification_listener_polling_interval_sec": 0.05,
    }


def _works(tools: Tools, entries: Sequence[Entry], fetched: Fetched) -> dict[str, Play]:
    """The workflows by name. Each takes the name of an entry and a round; each step's duration is measured."""
    by_name = {entry.name: entry for entry in entries}

    def find(entry_name: str) -> Entry:
        if entry_name not in by_name:
            raise Broken(
                "turn-without-entry",
                f"A turn of entry {entry_name!r} was interrupted, but the entry is no longer configured.",
                "Put it back into eraforge.toml, or let the round pass.",
            )
        return by_name[entry_name]

    def step(entry: Entry, number: int = 0) -> Callable[..., Any]:
        def run(work: Callable[..., Any], *inputs: Any) -> Any:
            result = _durable(work, lambda: _measured(tools, entry, number, work, inputs))
            if work is stages.fetch:
                fetched.tell(entry, number)
            return result

        return run

    def play(entry_name: str, number: int) -> dict[str, Any]:
        return asdict(turn(find(entry_name), number, step(find(entry_name), number)))

    def prepare(entry_name: str, number: int) -> dict[str, Any]:
        return queued.prepare_fallback(find(entry_name), number, step(find(entry_name)))

    def train(entry_name: str, number: int) -> dict[str, Any]:
        return queued.train(find(entry_name), number, step(find(entry_name)))

    return {"turn": play, "fallback": prepare, "training": train}


def _durable(work: Callable[..., Any], do: Callable[[], Any]) -> Any:
    """Run `do` as a durable step under the name of the work."""
    from dbos import DBOS

    return DBOS.run_step({"name": work.__name__}, do)


def _measured(tools: Tools, entry: Entry, number: int, work: Callable[..., Any], inputs: Sequence[Any]) -> Any:
    """Do the work; how long it took and, for a turn (`number` above 0), what it gave, go into the ledger."""
    began, at = monotonic(), tools.clock.now()
    result = tools.compute(tools, work, inputs)
    facts = {"stage": work.__name__, "seconds": round(monotonic() - began, 3)}
    tools.ledger.record(DURATION, entry.name, facts, tools.clock.now())
    if number:
        slot = Slot(entry.account, entry.model, entry.arena, number)
        note(tools, entry, slot, number, work.__name__, at, result)
    return result


def _name(entry: Entry, number: int) -> str:
    return f"{Slot(entry.account, entry.model, entry.arena, number).key}/{entry.name}/{digest_value(entry)[:12]}"


def _queued(work: str, entry: Entry, number: int) -> str:
    return f"{work}/{_name(entry, number)}"


def _strange(error: object) -> Broken:
    """An error that is none of the seven, told by its type and words."""
    told = redact(f"The work stopped with {type(error).__name__}: {error}.")
    return Broken("turn-broke", told, "Report it with the ledger.")


def _listening(waits: Sequence[Callable[[], dict[str, Any]]]) -> list[dict[str, Any]]:
    """Wait in other threads, one each, so that Ctrl-C is heard at once.

    Libraries that handle signals themselves let an untimed wait of the main thread sleep on through an interrupt.
    """
    waiting = ThreadPoolExecutor(len(waits), thread_name_prefix="turn")
    results = [waiting.submit(wait) for wait in waits]
    waiting.shutdown(wait=False)
    for result in results:
        while not result.done():
            with suppress(TimeoutError):
                result.exception(timeout=HEARD_SECONDS)
    return [result.result() for result in results]
