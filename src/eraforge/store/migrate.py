"""Bring a database to today's schema. Alembic is imported only when there is something to do."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from eraforge.core.errors import UserError
from eraforge.store.tables import HEAD, VERSION_TABLE, metadata

MIGRATIONS = Path(__file__).with_name("migrations")


def version(connection: Connection) -> str | None:
    """The schema version of the database, or None when it holds no ledger."""
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    found = connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar()
    return None if found is None else str(found)


def upgrade(connection: Connection) -> None:
    """Run the missing migrations inside the caller's transaction, which must hold the write lock.

    Raises:
        UserError: `ledger-too-new` when a later eraforge wrote it; `not-a-ledger` when the tables are somebody else's.
    """
    found = version(connection)
    if found == HEAD:
        return
    if found is None:
        _refuse_strangers(connection)
    from alembic.operations import Operations
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory

    script = ScriptDirectory(MIGRATIONS, version_locations=[MIGRATIONS])
    if found is not None and found not in {each.revision for each in script.walk_revisions()}:
        raise UserError(
            "ledger-too-new",
            f"The ledger has schema {found}; this eraforge knows schemas up to {HEAD}.",
            "Upgrade eraforge; a newer ledger is never opened by an older one.",
        )
    context = MigrationContext.configure(
        connection,
        opts={"version_table": VERSION_TABLE, "fn": lambda revision, _: script._upgrade_revs("head", revision)},
    )
    with Operations.context(context):
        context.run_migrations()


def _refuse_strangers(connection: Connection) -> None:
    strangers = sorted(set(inspect(connection).get_table_names()) & set(metadata.tables))
    if strangers:
        raise UserError(
            "not-a-ledger",
            f"The database has tables of its own named {', '.join(strangers)}, but no ledger.",
            "Give the ledger a file, database or schema for itself.",
        )
