"""Ledgers on both databases: SQLite files, and schemas of one PostgreSQL server per test session."""

from __future__ import annotations

import os
import platform
import warnings
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from eraforge.store.atomic import Disk
from eraforge.store.ledger import Ledger

_numbers = count()


@pytest.fixture(scope="session")
def postgresql(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[str]:
    """URL of an empty database for this worker: `ERAFORGE_TEST_POSTGRES`, else a server of our own."""
    given = os.environ.get("ERAFORGE_TEST_POSTGRES")
    server = None
    if given is None:
        pgserver = pytest.importorskip(
            "pgserver", reason="no PostgreSQL: set ERAFORGE_TEST_POSTGRES or install pgserver"
        )
        temporary = tmp_path_factory.getbasetemp()
        # one server for all workers; it stops with the last of them
        shared = temporary if worker_id == "master" else temporary.parent
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            server = pgserver.get_server(shared / "postgresql", cleanup_mode="stop")
        given = server.get_uri()
    admin = make_url(given).set(drivername="postgresql+psycopg")
    name = f"eraforge_{worker_id}_{platform.node().replace('-', '_').lower()}_{os.getpid()}"
    engine = create_engine(admin, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f'CREATE DATABASE "{name}"'))
    yield admin.set(database=name).render_as_string(hide_password=False)
    with engine.connect() as connection:
        connection.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))
    engine.dispose()
    if server is not None:
        server.cleanup()


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Address of a ledger that does not exist yet, once per database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/ledger.sqlite"
    return new_schema(request.getfixturevalue("postgresql"))


@pytest.fixture
def ledger(address: str) -> Iterator[Ledger]:
    """An open, empty ledger, once per database."""
    with Ledger.open(address) as opened:
        yield opened


def new_schema(url: str) -> str:
    """A fresh schema of the database, as the only one its URL sees."""
    name = f"ledger_{next(_numbers)}"
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text(f"CREATE SCHEMA {name}"))
    engine.dispose()
    return make_url(url).update_query_dict({"options": f"-csearch_path={name}"}).render_as_string(hide_password=False)


@pytest.fixture
def execute(address: str) -> Iterator[Callable[[str], None]]:
    """Run SQL behind the ledger's back."""
    engine = create_engine(make_url(address))

    def run(statement: str) -> None:
        with engine.begin() as connection:
            connection.exec_driver_sql(statement)

    yield run
    engine.dispose()


class Dead(BaseException):
    """The process would be dead here: nothing may catch it."""


class FaultyDisk(Disk):
    """A disk that counts its calls and fails at the n-th, or from the n-th on, or dies there.

    Args:
        at: the call that fails, counted from 1; 0 for none.
        error: what it fails with: an errno, or Dead.
        lasting: whether every later call fails too.
        bite: how many bytes a write takes at most.
    """

    def __init__(self, at: int = 0, error: int | type[Dead] = 0, *, lasting: bool = False, bite: int = 1 << 30) -> None:
        self.at, self.error, self.lasting, self.bite = at, error, lasting, bite
        self.calls: list[str] = []
        self.handles: set[int] = set()

    @property
    def failed(self) -> bool:
        """Whether the fault was met."""
        return 0 < self.at <= len(self.calls)

    def _step(self, name: str) -> None:
        self.calls.append(name)
        dead = self.error is Dead
        if self.at and (len(self.calls) == self.at or (len(self.calls) > self.at and (self.lasting or dead))):
            if isinstance(self.error, int):
                raise OSError(self.error, os.strerror(self.error))
            raise Dead

    def bury(self) -> None:
        """Close what a dead process would have let go."""
        for handle in self.handles:
            os.close(handle)
        self.handles.clear()

    def create(self, path: Path, mode: int) -> int:
        self._step("create")
        handle = super().create(path, mode)
        self.handles.add(handle)
        return handle

    def lock(self, handle: int) -> None:
        self._step("lock")
        super().lock(handle)

    def write(self, handle: int, data: memoryview) -> int:
        self._step("write")
        return super().write(handle, data[: self.bite])

    def sync(self, handle: int) -> None:
        self._step("sync")
        super().sync(handle)

    def close(self, handle: int) -> None:
        self._step("close")
        self.handles.discard(handle)
        super().close(handle)

    def rename(self, source: Path, target: Path) -> None:
        self._step("rename")
        super().rename(source, target)

    def link(self, source: Path, target: Path) -> None:
        self._step("link")
        super().link(source, target)

    def unlink(self, path: Path) -> None:
        self._step("unlink")
        super().unlink(path)

    def make_folder(self, folder: Path) -> None:
        self._step("make_folder")
        super().make_folder(folder)

    def sync_folder(self, folder: Path) -> None:
        self._step("sync_folder")
        super().sync_folder(folder)


@pytest.fixture
def faulty() -> type[FaultyDisk]:
    """The class of disks that fail on command."""
    return FaultyDisk


@pytest.fixture
def dead() -> type[Dead]:
    """What a faulty disk raises where a process would be dead."""
    return Dead
