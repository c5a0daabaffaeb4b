"""A ledger is brought to today's schema, and only forward."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from eraforge.core.errors import UserError
from eraforge.store.ledger import Ledger
from eraforge.store.migrate import MIGRATIONS
from eraforge.store.tables import HEAD, VERSION_TABLE, metadata


def test_the_migrations_lead_to_todays_tables(ledger: Ledger) -> None:
    with ledger._read() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE, "compare_type": True})
        assert compare_metadata(context, metadata) == []
        assert context.get_current_revision() == HEAD


def test_the_head_is_the_last_migration() -> None:
    assert ScriptDirectory(MIGRATIONS, version_locations=[MIGRATIONS]).get_current_head() == HEAD


def test_a_ledger_from_the_future_is_refused(address: str, execute: Callable[[str], None]) -> None:
    Ledger.open(address).close()
    execute(f"UPDATE {VERSION_TABLE} SET version_num = '9999'")
    with pytest.raises(UserError) as caught:
        Ledger.open(address)
    assert caught.value.code == "ledger-too-new" and "9999" in caught.value.sentence


def test_another_programs_database_is_refused(address: str, execute: Callable[[str], None]) -> None:
    execute("CREATE TABLE events (id INTEGER)")
    with pytest.raises(UserError) as caught:
        Ledger.open(address)
    assert caught.value.code == "not-a-ledger"


def test_a_migration_that_dies_half_way_leaves_nothing(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from alembic.operations import Operations

    def die(*arguments: object, **options: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Operations, "execute", die)
        with pytest.raises(KeyboardInterrupt):
            Ledger.open(address)
    with Ledger.open(address) as ledger:
        assert ledger.verify_chain() == 0


def test_opening_todays_ledger_does_not_cost_alembic(tmp_path: Path) -> None:
    Ledger.open(tmp_path / "ledger.sqlite").close()
    script = (
        "import pathlib, sys\n"
        "from eraforge.store.ledger import Ledger\n"
        "Ledger.open(pathlib.Path(sys.argv[1])).close()\n"
        "sys.exit('alembic' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", script, str(tmp_path / "ledger.sqlite")], check=False)
    assert run.returncode == 0
