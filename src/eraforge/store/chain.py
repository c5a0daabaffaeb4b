"""The event table: append-only, every event carrying the hash of the one before it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, insert, select

from eraforge.core.errors import Broken
from eraforge.store.records import Event, Facts, facts_of, facts_text, moment_of, moment_text
from eraforge.store.tables import events

ORIGIN = "0" * 64
PAGE = 1000

Reading = Callable[[], AbstractContextManager[Connection]]


def link(previous: str, sequence: int, kind: str, subject: str, facts: str, at: str) -> str:
    """The hash of an event: SHA-256 of the JSON list of its fields, the hash of the event before it first."""
    fields = [previous, sequence, kind, subject, facts, at]
    return hashlib.sha256(json.dumps(fields, separators=(",", ":"), ensure_ascii=True).encode()).hexdigest()


def head(connection: Connection) -> tuple[int, str]:
    """Sequence and hash of the last event; (0, zeros) in an empty ledger."""
    last = connection.execute(
        select(events.c.sequence, events.c.hash).order_by(events.c.sequence.desc()).limit(1)
    ).first()
    return (0, ORIGIN) if last is None else (last.sequence, last.hash)


def append(connection: Connection, kind: str, subject: str, facts: Facts, at: datetime) -> int:
    """Append an event and return its sequence. The caller's transaction must hold the write lock."""
    _no_nul(kind, subject)
    last, previous = head(connection)
    fields: dict[str, Any] = {"kind": kind, "subject": subject, "facts": facts_text(facts), "at": moment_text(at)}
    digest = link(previous, last + 1, **fields)
    connection.execute(insert(events).values(sequence=last + 1, previous=previous, hash=digest, **fields))
    return last + 1


def walk(reading: Reading, kind: str | None, subject: str | None, after: int) -> Iterator[Event]:
    """Events in order, a page per read, so that no reader holds the database open."""
    for row in _rows(reading, kind, subject, after):
        yield _event(row)


def last(connection: Connection, kind: str | None, subject: str | None) -> Event | None:
    """The last event of that kind and subject."""
    row = connection.execute(_of(kind, subject).order_by(events.c.sequence.desc()).limit(1)).first()
    return None if row is None else _event(row)


def verify(reading: Reading) -> int:
    """How many events there are, if every one of them follows from the one before.

    Raises:
        Broken: `ledger-chain-broken`, naming the first that does not.
    """
    previous, count = ORIGIN, 0
    for row in _rows(reading, None, None, 0):
        expected = link(previous, count + 1, row.kind, row.subject, row.facts, row.at)
        if (row.sequence, row.previous, row.hash) != (count + 1, previous, expected):
            raise Broken(
                "ledger-chain-broken",
                f"Event {count + 1} of the ledger does not follow from the event before it.",
                "Stop, keep the file as it is, and restore the last backup whose chain holds.",
            )
        previous, count = row.hash, row.sequence
    return count


def _rows(reading: Reading, kind: str | None, subject: str | None, after: int) -> Iterator[Row[Any]]:
    query = _of(kind, subject).order_by(events.c.sequence).limit(PAGE)
    while True:
        with reading() as connection:
            page = connection.execute(query.where(events.c.sequence > after)).all()
        yield from page
        if len(page) < PAGE:
            return
        after = page[-1].sequence


def _of(kind: str | None, subject: str | None) -> Select[Any]:
    query = select(events)
    if kind is not None:
        query = query.where(events.c.kind == kind)
    return query if subject is None else query.where(events.c.subject == subject)


def _event(row: Row[Any]) -> Event:
    facts, at = facts_of(row.facts), moment_of(row.at)
    return Event(row.sequence, row.kind, row.subject, facts, at, row.previous, row.hash)


def _no_nul(*texts: str) -> None:
    for text in texts:
        if "\0" in text:
            raise Broken("facts-not-plain", f"{text!r} holds a NUL.", "Record plain text.")
