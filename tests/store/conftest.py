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
