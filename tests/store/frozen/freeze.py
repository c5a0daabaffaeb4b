"""Writes a ledger down as it was at an earlier schema: SQL texts for SQLite and PostgreSQL, never changed afterwards.

Usage: python tests/store/frozen/freeze.py LEDGER.sqlite REVISION

The tables are made by the migrations up to that revision, the rows are those of the given ledger. Statements are
separated by a line of their own, since the body of a trigger holds semicolons.
"""

from __future__ import annotations

import re
import sys
import tempfile
from pathlib import Path
from typing import Any

import pgserver
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, MetaData, create_engine, event, insert, select

from eraforge.store.migrate import MIGRATIONS
from eraforge.store.tables import VERSION_TABLE

SEPARATOR = "\n-- next statement\n"
KEPT = re.compile(r"\s*(CREATE|INSERT|ALTER|UPDATE)\b")


def freeze(engine: Engine, source: Engine, revision: str) -> str:
    """The statements that make the ledger of that revision in an empty database."""
    kept: list[str] = []

    def note(_c: Any, _k: Any, statement: str, _p: Any, _x: Any, _m: Any) -> None:
        if KEPT.match(statement):
            kept.append(statement.replace("%%", "%").strip())

    event.listen(engine, "before_cursor_execute", note)
    script = ScriptDirectory(MIGRATIONS, version_locations=[MIGRATIONS])
    with engine.begin() as connection:
        steps = {"version_table": VERSION_TABLE, "fn": lambda found, _: script._upgrade_revs(revision, found)}
        context = MigrationContext.configure(connection, opts=steps)
        with Operations.context(context):
            context.run_migrations()
        tables = MetaData()
        tables.reflect(connection)
    event.remove(engine, "before_cursor_execute", note)
    with source.connect() as reading:
        for table in sorted(tables.tables.values(), key=lambda one: one.name):
            if table.name == VERSION_TABLE:
                continue
            for row in reading.execute(select(table).order_by(*table.primary_key.columns)):
                values = insert(table).values(**row._mapping)
                text = str(values.compile(engine, compile_kwargs={"literal_binds": True}))
                kept.append(text.replace("%%", "%"))
    return SEPARATOR.join(kept) + "\n"


def main(ledger: str, revision: str) -> None:
    """Write both files beside this one."""
    source = create_engine(f"sqlite:///{ledger}")
    here = Path(__file__).parent
    (here / f"ledger_{revision}.sqlite.sql").write_text(freeze(create_engine("sqlite://"), source, revision))
    folder = Path(tempfile.mkdtemp(prefix="eraforge-freeze-"))
    folder.chmod(0o755)
    server = pgserver.get_server(folder / "data", cleanup_mode="delete")
    try:
        engine = create_engine(server.get_uri().replace("postgresql://", "postgresql+psycopg://"))
        (here / f"ledger_{revision}.postgresql.sql").write_text(freeze(engine, source, revision))
        engine.dispose()
    finally:
        server.cleanup()


if __name__ == "__main__":
    main(*sys.argv[1:])
