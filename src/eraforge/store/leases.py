"""Leases: one holder at a time, until a moment; what is not renewed in time falls to whoever asks next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from eraforge.store.records import moment_of, moment_text
from eraforge.store.tables import leases


@dataclass(frozen=True, slots=True)
class Lease:
    """Who holds what, and until when (UTC)."""

    name: str
    holder: str
    until: datetime


def take(connection: Connection, name: str, holder: str, now: datetime, until: datetime) -> bool:
    """Take or renew a lease; False while another one holds it."""
    row = connection.execute(select(leases).where(leases.c.name == name)).first()
    if row is None:
        connection.execute(insert(leases).values(name=name, holder=holder, until=moment_text(until)))
        return True
    if row.holder != holder and moment_of(row.until) > now:
        return False
    values = {"holder": holder, "until": moment_text(until)}
    connection.execute(update(leases).where(leases.c.name == name).values(**values))
    return True


def release(connection: Connection, name: str, holder: str) -> bool:
    """Give a lease back; whether the holder had it."""
    gone = connection.execute(delete(leases).where(leases.c.name == name, leases.c.holder == holder))
    return bool(gone.rowcount)


def every(connection: Connection) -> list[Lease]:
    """All leases, by name, expired ones included."""
    rows = connection.execute(select(leases).order_by(leases.c.name))
    return [Lease(row.name, row.holder, moment_of(row.until)) for row in rows]
