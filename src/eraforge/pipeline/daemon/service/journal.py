"""The daemon's log: one JSON object a line, put aside when it has grown, so that a season fits on the disk.

A line holds `at` (UTC) and `kind`. Events of the ledger come with `sequence`, `subject` and `facts`, under their own
kind and with their own codes; `said` is what a person who looks on was told, `library` a warning of a library.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any

from eraforge.core.clock import SystemClock
from eraforge.core.secret import redact
from eraforge.store.ledger import Ledger
from eraforge.store.records import moment_text

MEGABYTE = 1e6


class Journal:
    """The open log of one process.

    Args:
        handler: writes and rotates.
        ledger: whose events are followed, from now on.
    """

    def __init__(self, handler: logging.Handler, ledger: Ledger) -> None:
        self._handler = handler
        self._ledger = ledger
        self._after = ledger.head()[0]

    def say(self, sentence: str) -> None:
        """Keep a line that somebody was told."""
        self.write(moment_text(SystemClock().now()), "said", {"sentence": sentence})

    def follow(self) -> None:
        """Keep every event that came since the last time."""
        for event in self._ledger.events(after=self._after):
            told = {"sequence": event.sequence, "subject": event.subject, "facts": dict(event.facts)}
            self.write(moment_text(event.at), event.kind, told)
            self._after = event.sequence

    def write(self, at: str, kind: str, told: dict[str, Any]) -> None:
        """Append one line."""
        self._handler.handle(logging.makeLogRecord({"msg": line(at, kind, told)}))


class LibraryWarnings(logging.Handler):
    """Turns a warning of any library into a line of ours. A traceback is told by its last line alone.

    Args:
        handler: writes and rotates.
    """

    def __init__(self, handler: logging.Handler) -> None:
        super().__init__(logging.WARNING)
        self._handler = handler

    def emit(self, record: logging.LogRecord) -> None:
        """Write the line."""
        told = {"from": record.name, "level": record.levelname.lower(), "sentence": record.getMessage()}
        if record.exc_info and record.exc_info[1] is not None:
            told["error"] = f"{type(record.exc_info[1]).__name__}: {record.exc_info[1]}"
        self._handler.handle(logging.makeLogRecord({"msg": line(moment_text(SystemClock().now()), "library", told)}))


def line(at: str, kind: str, told: dict[str, Any]) -> str:
    """One line of the log; whatever stands in it, no guarded secret does."""
    return redact(json.dumps({"at": at, "kind": kind, **told}, ensure_ascii=False, default=str))


@contextmanager
def open_journal(path: Path, megabytes: float, kept: int, ledger: Ledger) -> Iterator[Journal]:
    """A log at `path`, readable by its owner and group; at that size it is put aside, and so many are kept.

    Raises:
        OSError: the file cannot be written.
    """
    handler = RotatingFileHandler(path, maxBytes=max(int(megabytes * MEGABYTE), 1), backupCount=kept, encoding="utf-8")
    path.chmod(0o640)
    libraries = LibraryWarnings(handler)
    logging.getLogger().addHandler(libraries)
    try:
        yield Journal(handler, ledger)
    finally:
        logging.getLogger().removeHandler(libraries)
        handler.close()
