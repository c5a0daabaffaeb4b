"""Engines for SQLite and PostgreSQL set to lose nothing they have acknowledged, and their errors in our words."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, exc, text
from sqlalchemy.engine import URL, make_url

from eraforge.core.clock import SystemClock, monotonic
from eraforge.core.errors import Broken, DataError, EraforgeError, Transient, UserError

PATIENCE = 30
LEAST_ROOM = 1 << 20
LOCK = 0x6C6564676572

SWITCH_SECONDS = 0.02
SQLITE_PRAGMAS = (
    "PRAGMA synchronous=FULL",
    "PRAGMA fullfsync=ON",
    "PRAGMA foreign_keys=ON",
)
# A server may be set to acknowledge before it has written; a stronger setting of its own is left alone.
POSTGRESQL_SETTINGS = (
    "SELECT set_config('lock_timeout', '{patience}ms', false)",
    "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'",
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a ledger lies, in words that never hold a password.

    Args:
        name: what sentences call it.
        sqlite: whether it is a file of this machine.
        patience: seconds that it waits for another writer.
        folder: of the file, to tell a full disk from a failing one.
    """

    name: str
    sqlite: bool
    patience: float
    folder: Path | None = None

    def disk_is_full(self) -> bool:
        """Whether the file can hardly grow any more."""
        return self.folder is not None and self.folder.is_dir() and shutil.disk_usage(self.folder).free < LEAST_ROOM


def open_engine(address: str | Path, patience: float = PATIENCE) -> tuple[Engine, Place]:
    """An engine that has not connected yet, and its place. A path, or a text without `://`, is an SQLite file.

    Args:
        patience: seconds to wait for another writer.

    Raises:
        UserError: `ledger-address`, `ledger-in-memory`, `postgresql-driver-missing`.
    """
    url = _url(address)
    if url.get_backend_name() == "sqlite":
        return _sqlite(url, patience)
    if url.get_backend_name() == "postgresql":
        return _postgresql(url, patience)
    raise _bad_address(f"a ledger cannot lie in {url.get_backend_name()}")


def lock_for_writing(connection: Connection) -> None:
    """Let this transaction be the only one that writes. SQLite has locked already, with its BEGIN IMMEDIATE."""
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SELECT pg_advisory_xact_lock({LOCK})"))


@contextmanager
def ledger_errors(place: Place) -> Iterator[None]:
    """Turn what the driver raises into one of the seven."""
    try:
        yield
    except exc.DBAPIError as error:
        if place.sqlite:
            raise _explain_sqlite(error, place) from error
        # psycopg's error keeps the connection it stems from, and that keeps the password.
        if error.orig is not None and hasattr(error.orig, "_pgconn"):
            error.orig._pgconn = None
        raise _explain_postgresql(error, place) from error
    except exc.TimeoutError as error:
        raise Transient("ledger-busy", f"All connections to {place.name} are in use.", "Try again.") from error


def _url(address: str | Path) -> URL:
    if isinstance(address, Path) or "://" not in address:
        return URL.create("sqlite", database=str(address))
    scheme, _, rest = address.partition("://")
    known = {"postgres": "postgresql+psycopg", "postgresql": "postgresql+psycopg"}
    try:
        return make_url(f"{known.get(scheme, scheme)}://{rest}")
    except (exc.ArgumentError, ValueError):
        pass  # raised below, without its cause: that may quote the address, and the address may hold a password
    raise _bad_address("it cannot be read as a URL")


def _bad_address(why: str) -> UserError:
    return UserError(
        "ledger-address",
        f"The address of the ledger is wrong: {why}.",
        "Use a file name, sqlite:///file or postgresql://user:password@host:port/database.",
    )


def _sqlite(url: URL, patience: float) -> tuple[Engine, Place]:
    database = url.database or ""
    if database in ("", ":memory:") or "mode=memory" in database or url.query.get("mode") == "memory":
        raise UserError("ledger-in-memory", "A ledger in memory survives nothing.", "Give the ledger a file.")
    engine = create_engine(url, hide_parameters=True, connect_args={"timeout": patience})

    @event.listens_for(engine, "connect")
    def set_up(connection: sqlite3.Connection, _: Any) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves
        for pragma in SQLITE_PRAGMAS:
            connection.execute(pragma)
        # Readers and the writer do not wait for one another.
        if _write_ahead(connection, patience) != "wal":
            raise DataError(
                "ledger-without-wal",
                f"The file system of the ledger {database} cannot share memory between programs.",
                "Put the ledger on a local disk.",
            )

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    folder = Path(database).absolute().parent
    return engine, Place(f"the ledger {database}", sqlite=True, patience=patience, folder=folder)


def _write_ahead(connection: sqlite3.Connection, patience: float) -> str:
    """Switch to a write-ahead log and return the mode. SQLite does not wait while another process switches; we do."""
    began = monotonic()
    while True:
        try:
            return str(connection.execute("PRAGMA journal_mode=WAL").fetchone()[0])
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or monotonic() - began > patience:
                raise
            SystemClock().sleep(SWITCH_SECONDS)


def _postgresql(url: URL, patience: float) -> tuple[Engine, Place]:
    host = url.host or _first(url.query.get("host")) or "localhost"
    place = Place(
        f"the ledger {url.database or ''} on PostgreSQL at {host}:{url.port or 5432}", sqlite=False, patience=patience
    )
    arguments = {} if "connect_timeout" in url.query else {"connect_timeout": PATIENCE // 3}
    try:
        engine = create_engine(
            url, hide_parameters=True, pool_pre_ping=True, isolation_level="READ COMMITTED", connect_args=arguments
        )
    except ImportError as error:
        raise UserError(
            "postgresql-driver-missing", "PostgreSQL needs the package psycopg.", "Install psycopg[binary]."
        ) from error
    except exc.ArgumentError:
        raise _bad_address("PostgreSQL does not take it") from None

    @event.listens_for(engine, "connect")
    def set_up(connection: Any, _: Any) -> None:
        for setting in POSTGRESQL_SETTINGS:
            connection.execute(setting.format(patience=round(patience * 1000)))
        connection.commit()

    return engine, place


def _first(value: str | tuple[str, ...] | None) -> str | None:
    return value[0] if isinstance(value, tuple) else value


def _explain_sqlite(error: exc.DBAPIError, place: Place) -> EraforgeError:
    code = getattr(error.orig, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
    reason = str(error.orig)
    if code == sqlite3.SQLITE_CONSTRAINT_TRIGGER:
        return _append_only(place)
    # Without room for its log and index SQLite speaks of failed reads, unopened files or tables that are not there.
    silent = (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_ERROR)
    if code & 0xFF in silent and place.disk_is_full():
        return _full(place)
    match code & 0xFF:
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return _locked(place)
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_PERM:
            return _not_writable(place, reason)
        case sqlite3.SQLITE_CANTOPEN:
            return DataError(
                "ledger-not-opened", f"{_capital(place.name)} cannot be opened ({reason}).", "Check its folder."
            )
        case sqlite3.SQLITE_FULL:
            return _full(place)
        case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
            return DataError(
                "ledger-rotten",
                f"{_capital(place.name)} is no sound SQLite file ({reason}).",
                "Restore the last backup.",
            )
        case sqlite3.SQLITE_IOERR:
            return DataError("disk-failed", f"The disk failed under {place.name} ({reason}).", "Check the disk.")
    return _broken(place, reason)


def _explain_postgresql(error: exc.DBAPIError, place: Place) -> EraforgeError:
    state: str = getattr(error.orig, "sqlstate", None) or ""
    reason = str(error.orig).strip().partition("\n")[0]
    if state == "P0001":
        return _append_only(place)
    if state in ("55P03", "40001", "40P01"):
        return _locked(place)
    if state in ("25006", "42501"):
        return _not_writable(place, reason)
    if state == "53100":
        return _full(place)
    lost = isinstance(error, exc.OperationalError | exc.InterfaceError) and not state
    if lost or error.connection_invalidated or state[:2] in ("08", "28", "3D", "53", "57"):
        return Transient(
            "ledger-unreachable",
            f"{_capital(place.name)} cannot be reached ({reason}).",
            "Check that the server runs and takes this user and database, then try again.",
        )
    return _broken(place, reason)


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def _append_only(place: Place) -> Broken:
    return Broken(
        "events-are-append-only", f"Something tried to change the history of {place.name}.", "Stop and report it."
    )


def _locked(place: Place) -> Transient:
    return Transient(
        "ledger-locked",
        f"Another program has kept {place.name} locked for {place.patience:g} seconds.",
        "Close the program that holds it, then try again.",
    )


def _not_writable(place: Place, reason: str) -> DataError:
    return DataError(
        "ledger-not-writable",
        f"{_capital(place.name)} may not be written to ({reason}).",
        "Give this user write access.",
    )


def _full(place: Place) -> Transient:
    return Transient("disk-full", f"The disk of {place.name} is full.", "Free some space, then try again.")


def _broken(place: Place, reason: str) -> Broken:
    return Broken("ledger-statement", f"{_capital(place.name)} refused a statement: {reason}.", "Report it.")
