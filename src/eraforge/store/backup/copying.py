"""A ledger copied from one database into another, whole and in order: for backups, restores and moves."""

from __future__ import annotations

from sqlalchemy import Connection, Table, func, insert, select

from eraforge.core.errors import Broken, UserError
from eraforge.store.ledger import Ledger
from eraforge.store.tables import events, metadata

PAGE = 2000


def copy_ledger(source: Ledger, target: Ledger) -> int:
    """Copy every row of a ledger into an empty one, while neither is written to; returns how many events there are.

    The two may be databases of different kinds. The copy's chain of events is verified before it is believed.

    Raises:
        UserError: `ledger-not-empty`.
        Broken: `ledger-copy-differs`, `ledger-chain-broken`.
    """
    with source.locked() as reading, target.locked() as writing:
        if writing.execute(select(func.count()).select_from(events)).scalar():
            raise UserError(
                "ledger-not-empty", "The ledger to copy into holds events already.", "Name a new file or database."
            )
        for table in metadata.sorted_tables:
            _copy_table(table, reading, writing)
    count = target.verify_chain()
    if target.head() != source.head():
        raise Broken(
            "ledger-copy-differs",
            "The ledger changed while it was copied, or the copy is not whole.",
            "Copy it again; the original is untouched.",
        )
    return count


def _copy_table(table: Table, reading: Connection, writing: Connection) -> None:
    keys = list(table.primary_key.columns)
    rows = reading.execute(select(table).order_by(*keys).execution_options(yield_per=PAGE))
    for page in rows.mappings().partitions(PAGE):
        writing.execute(insert(table), [dict(row) for row in page])
