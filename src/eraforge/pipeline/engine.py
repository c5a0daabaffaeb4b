"""Durable turns: the one file that knows DBOS.

A workflow's id is the slot, the entry and the attempt; each step's output is on disk before the next
begins, so a process killed anywhere resumes where it stood as soon as any command opens the workspace again.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from eraforge.core.digest import digest_value
from eraforge.core.errors import Broken
from eraforge.core.words import Entry, Slot
from eraforge.pipeline.tools import Tools
from eraforge.pipeline.turn import turn

if TYPE_CHECKING:
    from dbos import DBOS, WorkflowHandle

# A fixed version, so that a turn begun before an upgrade is resumed after it; stages carry their own code digests.
APPLICATION_VERSION = "eraforge"
HEARD_SECONDS = 0.1


class Engine:
    """Runs turns of one workspace durably."""

    def __init__(self, dbos: type[DBOS], play: Callable[[str, int], dict[str, Any]]) -> None:
        self._dbos = dbos
        self._play = play

    def start(self, entry: Entry, number: int) -> WorkflowHandle[dict[str, Any]]:
        """Begin the entry's turn in that round, or take hold of the one already begun or done."""
        from dbos import SetWorkflowID

        slot = Slot(entry.account, entry.model, entry.arena, number)
        # An entry that was changed meanwhile plays a turn of its own, and is told at its end if the slot is taken.
        with SetWorkflowID(self._free_id(f"{slot.key}/{entry.name}/{digest_value(entry)[:12]}")):
            return self._dbos.start_workflow(self._play, entry.name, number)

    def play(self, entry: Entry, number: int) -> dict[str, Any]:
        """Play a turn to its end and return its outcome; a turn that is already done returns at once.

        Raises:
            EraforgeError: whatever stopped the turn.
        """
        return _listening(self.start(entry, number).get_result)

    def _free_id(self, name: str) -> str:
        """The id of the turn's last attempt, or of a next one when that failed."""
        attempt = 1
        while True:
            status = self._dbos.get_workflow_status(f"{name}#{attempt}")
            if status is None or status.status not in ("ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"):
                return f"{name}#{attempt}"
            attempt += 1


@contextmanager
def open_engine(tools: Tools, entries: Sequence[Entry]) -> Iterator[Engine]:
    """Start the engine on the workspace's own database; turns that a crash interrupted go on at once.

    Args:
        tools: the open workspace that steps work with.
        entries: configured entries, by whose names turns are recorded.

    Raises:
        Transient: `disk-full`, `ledger-locked`, `ledger-unreachable`; what was recorded is kept.
    """
    from dbos import DBOS, DBOSConfig

    from eraforge.store.connect import PATIENCE, Place, ledger_errors

    address = tools.configuration.store.ledger or f"sqlite:///{tools.folder / 'turns.sqlite'}"
    place = Place("the record of turns", address.startswith("sqlite"), PATIENCE, tools.folder)
    by_name = {entry.name: entry for entry in entries}
    config: DBOSConfig = {
        "name": "eraforge",
        "system_database_url": address,
        "application_version": APPLICATION_VERSION,
        "executor_id": "local",
        "log_level": "CRITICAL",
        "console_log_level": "CRITICAL",
        "notification_listener_polling_interval_sec": 0.05,
    }
    logging.getLogger("dbos").setLevel(logging.CRITICAL)

    def step(work: Callable[..., Any], *inputs: Any) -> Any:
        return DBOS.run_step({"name": work.__name__}, lambda: work(tools, *inputs))

    def play(entry_name: str, number: int) -> dict[str, Any]:
        if entry_name not in by_name:
            raise Broken(
                "turn-without-entry",
                f"A turn of entry {entry_name!r} was interrupted, but the entry is no longer configured.",
                "Put it back into eraforge.toml, or let the round pass.",
            )
        return asdict(turn(by_name[entry_name], number, step))

    with ledger_errors(place):
        DBOS(config=config)
        stopped = False
        try:
            workflow = DBOS.workflow(name="turn")(play)
            DBOS.launch()
            yield Engine(DBOS, workflow)
        except KeyboardInterrupt:
            stopped = True  # the process is about to end: what its turns did is on disk, and their threads need no wait
            raise
        finally:
            if not stopped:
                DBOS.destroy(destroy_registry=True)


def _listening(wait: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Wait in another thread, so that Ctrl-C is heard at once.

    Libraries that handle signals themselves let an untimed wait of the main thread sleep on through an interrupt.
    """
    waiting = ThreadPoolExecutor(1, thread_name_prefix="turn")
    result = waiting.submit(wait)
    waiting.shutdown(wait=False)
    while not result.done():
        with suppress(TimeoutError):
            result.exception(timeout=HEARD_SECONDS)
    return result.result()
