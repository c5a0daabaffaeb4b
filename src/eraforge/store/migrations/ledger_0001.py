"""The first ledger: events chained by hash and protected by triggers, effects, stages, turns, results."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
NUMBER = sa.Float(53)

SQLITE_TRIGGERS = (
    """CREATE TRIGGER events_never_change BEFORE UPDATE ON events
       BEGIN SELECT RAISE(ABORT, 'events are append-only'); END""",
    """CREATE TRIGGER events_never_go BEFORE DELETE ON events
       BEGIN SELECT RAISE(ABORT, 'events are append-only'); END""",
    """CREATE TRIGGER events_continue BEFORE INSERT ON events
       WHEN NEW.sequence IS NOT (SELECT coalesce(max(sequence), 0) + 1 FROM events)
         OR NEW.previous IS NOT coalesce((SELECT hash FROM events ORDER BY sequence DESC LIMIT 1), NEW.previous)
       BEGIN SELECT RAISE(ABORT, 'events are append-only'); END""",
)

POSTGRESQL_TRIGGERS = (
    """CREATE FUNCTION ledger_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN RAISE EXCEPTION 'events are append-only'; END $$""",
    """CREATE FUNCTION ledger_continue() RETURNS trigger LANGUAGE plpgsql AS $$
       DECLARE last_sequence bigint; last_hash text;
       BEGIN
         EXECUTE format('SELECT sequence, hash FROM %I.events ORDER BY sequence DESC LIMIT 1', TG_TABLE_SCHEMA)
           INTO last_sequence, last_hash;
         IF NEW.sequence <> coalesce(last_sequence, 0) + 1 OR NEW.previous <> coalesce(last_hash, NEW.previous) THEN
           RAISE EXCEPTION 'events are append-only';
         END IF;
         RETURN NEW;
       END $$""",
    """CREATE TRIGGER events_never_change BEFORE UPDATE OR DELETE ON events
       FOR EACH ROW EXECUTE FUNCTION ledger_refuse()""",
    "CREATE TRIGGER events_never_go BEFORE TRUNCATE ON events FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse()",
    "CREATE TRIGGER events_continue BEFORE INSERT ON events FOR EACH ROW EXECUTE FUNCTION ledger_continue()",
)


def upgrade() -> None:
    """Create the tables and what keeps the events append-only."""
    _history()
    _work()
    _results()
    triggers = POSTGRESQL_TRIGGERS if op.get_bind().dialect.name == "postgresql" else SQLITE_TRIGGERS
    for trigger in triggers:
        op.execute(sa.text(trigger))


def _text(name: str, *, nullable: bool = False, key: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=nullable, primary_key=key)


def _whole(name: str, *, key: bool = False) -> sa.Column[int]:
    return sa.Column(name, WHOLE, nullable=False, primary_key=key, autoincrement=False)


def _slot() -> tuple[sa.Column[str], sa.Column[str], sa.Column[str], sa.Column[int]]:
    return _text("account"), _text("model"), _text("arena"), _whole("round")


def _history() -> None:
    op.create_table(
        "events",
        _whole("sequence", key=True),
        *(_text(name) for name in ("kind", "subject", "facts", "at", "previous", "hash")),
    )
    op.create_index("events_by_kind", "events", ["kind", "sequence"])
    op.create_index("events_by_subject", "events", ["subject", "sequence"])


def _work() -> None:
    op.create_table(
        "effects",
        _text("key", key=True),
        _text("kind"),
        *_slot(),
        *(_text(name) for name in ("payload", "supersedes", "phase")),
        _text("deadline", nullable=True),
        _whole("attempts"),
        *(_text(name) for name in ("facts", "intended_at", "changed_at")),
    )
    op.create_index("effects_by_phase", "effects", ["phase"])
    op.create_index("effects_by_superseded", "effects", ["supersedes"])
    op.create_table("stages", _text("key", key=True), *(_text(name) for name in ("name", "output", "at")))
    op.create_table(
        "turns",
        _text("slot", key=True),
        *_slot(),
        *(_text(name) for name in ("entry", "state", "facts", "at")),
    )
    op.create_index("turns_by_entry", "turns", ["entry", "round"])


def _results() -> None:
    op.create_table(
        "submissions",
        _text("id", key=True),
        _text("slot"),
        *_slot(),
        *(_text(name) for name in ("effect", "digest", "filename")),
        _whole("number"),
        _whole("tournament"),
        sa.Column("selected", sa.Boolean, nullable=False),
        _text("inserted", nullable=True),
        _text("at"),
    )
    op.create_index("submissions_by_slot", "submissions", ["slot"])
    op.create_table(
        "scores",
        _text("model_id", key=True),
        _whole("round", key=True),
        _text("display_name", key=True),
        _whole("day", key=True),
        sa.Column("value", NUMBER),
        sa.Column("percentile", NUMBER),
        sa.Column("resolved", sa.Boolean, nullable=False),
        _text("day_date"),
        _text("payout_pending", nullable=True),
        _text("payout_settled", nullable=True),
        _text("at"),
    )
    op.create_table(
        "payouts",
        _text("model_id", key=True),
        _whole("round", key=True),
        *(_text(name, nullable=True) for name in ("at_risk", "pending", "settled")),
        _text("facts"),
        _text("at"),
    )
