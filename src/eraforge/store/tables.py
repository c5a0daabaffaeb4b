"""The ledger's tables, the same on SQLite and PostgreSQL. Moments are ISO texts in UTC, facts are JSON texts.

`HEAD` is the schema this code writes; `migrations/` holds the way there.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Float, Index, Integer, MetaData, Table, Text

HEAD = "0003"
VERSION_TABLE = "ledger_version"

Whole = BigInteger().with_variant(Integer(), "sqlite")
Number = Float(53)

metadata = MetaData()


def _slot() -> tuple[Column[str], Column[str], Column[str], Column[int]]:
    """The parts of a Slot: account, model, arena, round."""
    return (
        Column("account", Text, nullable=False),
        Column("model", Text, nullable=False),
        Column("arena", Text, nullable=False),
        Column("round", Whole, nullable=False),
    )


events = Table(
    "events",
    metadata,
    Column("sequence", Whole, primary_key=True, autoincrement=False),
    Column("kind", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("facts", Text, nullable=False),
    Column("at", Text, nullable=False),
    Column("previous", Text, nullable=False),
    Column("hash", Text, nullable=False),
    Index("events_by_kind", "kind", "sequence"),
    Index("events_by_kind_and_subject", "kind", "subject", "sequence"),
    Index("events_by_subject", "subject", "sequence"),
)

effects = Table(
    "effects",
    metadata,
    Column("key", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    *_slot(),
    Column("payload", Text, nullable=False),
    Column("supersedes", Text, nullable=False),
    Column("phase", Text, nullable=False),
    Column("deadline", Text),
    Column("attempts", Whole, nullable=False),
    Column("facts", Text, nullable=False),
    Column("intended_at", Text, nullable=False),
    Column("changed_at", Text, nullable=False),
    Index("effects_by_phase", "phase"),
    Index("effects_by_superseded", "supersedes"),
)

stages = Table(
    "stages",
    metadata,
    Column("key", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("output", Text, nullable=False),
    Column("at", Text, nullable=False),
)

turns = Table(
    "turns",
    metadata,
    Column("slot", Text, primary_key=True),
    *_slot(),
    Column("entry", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("facts", Text, nullable=False),
    Column("at", Text, nullable=False),
    Index("turns_by_entry", "entry", "round"),
)

submissions = Table(
    "submissions",
    metadata,
    Column("id", Text, primary_key=True),
    Column("slot", Text, nullable=False),
    *_slot(),
    Column("effect", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("filename", Text, nullable=False),
    Column("number", Whole, nullable=False),
    Column("tournament", Whole, nullable=False),
    Column("selected", Boolean, nullable=False),
    Column("inserted", Text),
    Column("at", Text, nullable=False),
    Index("submissions_by_slot", "slot"),
)

scores = Table(
    "scores",
    metadata,
    Column("model_id", Text, primary_key=True),
    Column("round", Whole, primary_key=True, autoincrement=False),
    Column("display_name", Text, primary_key=True),
    Column("day", Whole, primary_key=True, autoincrement=False),
    Column("value", Number),
    Column("percentile", Number),
    Column("resolved", Boolean, nullable=False),
    Column("day_date", Text, nullable=False),
    Column("payout_pending", Text),
    Column("payout_settled", Text),
    Column("at", Text, nullable=False),
)

payouts = Table(
    "payouts",
    metadata,
    Column("model_id", Text, primary_key=True),
    Column("round", Whole, primary_key=True, autoincrement=False),
    Column("at_risk", Text),
    Column("pending", Text),
    Column("settled", Text),
    Column("facts", Text, nullable=False),
    Column("at", Text, nullable=False),
)

leases = Table(
    "leases",
    metadata,
    Column("name", Text, primary_key=True),
    Column("holder", Text, nullable=False),
    Column("until", Text, nullable=False),
)
