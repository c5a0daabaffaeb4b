"""A ledger that an earlier release left is opened, brought to today's schema, and loses nothing."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import create_engine, inspect, text

from eraforge.core.words import Phase
from eraforge.pipeline.desk import perform
from eraforge.pipeline.verb import Visit
from eraforge.store import migrate
from eraforge.store.ledger import Ledger
from eraforge.store.migrate import MIGRATIONS
from eraforge.store.tables import HEAD, VERSION_TABLE

FROZEN = Path(__file__).with_name("frozen")
SEPARATOR = "\n-- next statement\n"
NOW = datetime(2026, 12, 1, tzinfo=UTC)
EARLIER = sorted(path.stem.removeprefix("ledger_") for path in MIGRATIONS.glob("ledger_*.py"))[:-1]


def statements(revision: str, dialect: str) -> list[str]:
    return (FROZEN / f"ledger_{revision}.{dialect}.sql").read_text().split(SEPARATOR)


def thaw(address: str, revision: str) -> None:
    """Make that ledger in an empty database, statement by statement, by none of our code."""
    engine = create_engine(address)
    with engine.begin() as connection:
        for statement in statements(revision, engine.dialect.name):
            # This driver takes a % for the place of a value.
            connection.exec_driver_sql(statement.replace("%", "%%") if engine.name == "postgresql" else statement)
        assert connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar() == revision
    engine.dispose()


def test_every_earlier_schema_is_frozen_for_both_databases() -> None:
    assert EARLIER and HEAD not in EARLIER
    expected = {f"ledger_{revision}.{dialect}.sql" for revision in EARLIER for dialect in ("sqlite", "postgresql")}
    assert {path.name for path in FROZEN.glob("*.sql")} == expected


@pytest.mark.parametrize("revision", EARLIER)
def test_it_is_brought_to_today_and_its_chain_goes_on(address: str, revision: str) -> None:
    thaw(address, revision)
    engine = create_engine(address)
    with engine.begin() as connection:
        before = {
            table: connection.execute(text(f"SELECT * FROM {table} ORDER BY 1, 2")).all()
            for table in inspect(connection).get_table_names()
            if table != VERSION_TABLE
        }
    with Ledger.open(address) as ledger:
        with ledger._read() as connection:
            assert migrate.version(connection) == HEAD
            for table, rows in before.items():
                assert connection.execute(text(f"SELECT * FROM {table} ORDER BY 1, 2")).all() == rows, table
        events = len(before["events"])
        assert ledger.verify_chain() == events > 20 and ledger.head()[0] == events
        (held,) = ledger.submissions(round_number=1345)
        effect = ledger.effect(held.effect)
        assert effect is not None and effect.phase is Phase.CONFIRMED and not ledger.open_effects()
        assert ledger.turns() and ledger.scores() and ledger.payouts()
        assert ledger.record("thawed", "here", {}, NOW) == events + 1 == ledger.verify_chain()
        assert ledger.take_lease("leader", "me", NOW, NOW)  # a table that was not there
    engine.dispose()


def test_its_events_are_still_append_only(address: str) -> None:
    thaw(address, EARLIER[0])
    Ledger.open(address).close()
    engine = create_engine(address)
    for statement in ("UPDATE events SET kind = 'x' WHERE sequence = 1", "DELETE FROM events WHERE sequence = 1"):
        with pytest.raises(Exception, match="append-only"), engine.begin() as connection:
            connection.exec_driver_sql(statement)
    engine.dispose()


def test_a_whole_workspace_of_the_first_schema_is_audited_and_backed_up(tmp_path: Path) -> None:
    folder = tmp_path / "workspace"
    (folder / ".eraforge").mkdir(parents=True)
    (folder / "eraforge.toml").write_text('[entries.linear]\nmodel = "practice_a"\nlearner = "ridge"\n')
    with sqlite3.connect(folder / ".eraforge" / "ledger.sqlite") as connection:
        for statement in statements("0001", "sqlite"):
            connection.execute(statement)
    connection.close()
    visit = Visit(folder, {})
    audit = perform("audit", visit, {"last": 5, "kind": "", "subject": ""})
    assert audit["in_all"] > 20 and len(audit["events"]) == 5
    made = perform("backup create", visit, {"file": str(tmp_path / "b.tar"), "everything": False})
    assert made["events"] == audit["in_all"] and made["head"] == audit["head"]
