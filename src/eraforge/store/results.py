"""Turns, stages, submissions, scores and payouts: what stands now. What changed is an event beside it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import islice
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    Row,
    Select,
    Table,
    bindparam,
    cast,
    func,
    insert,
    select,
    update,
)

from eraforge.core.errors import DataError
from eraforge.core.ports import ScoreRow, Submission
from eraforge.core.words import Slot
from eraforge.store.chain import append
from eraforge.store.records import (
    Payout,
    ScoreChanges,
    SubmissionRecord,
    TurnRecord,
    amount_of,
    amount_text,
    facts_of,
    facts_text,
    moment_of,
    moment_text,
)
from eraforge.store.tables import payouts, scores, stages, submissions, turns

SCORE_KEY = ("model_id", "round", "display_name", "day")
SCORE_REST = ("value", "percentile", "resolved", "day_date", "payout_pending", "payout_settled")
BATCH = 2000

ScoreKey = tuple[str, int, str, int]


def remember_stage(connection: Connection, key: str, name: str, output: str, at: datetime) -> None:
    """Keep a stage's output; one that differs from an earlier output of the same key is an event."""
    earlier = stage_output(connection, key)
    if earlier is not None and earlier != output:
        append(connection, "stage.changed", key, {"name": name, "earlier": earlier, "output": output}, at)
    if earlier != output:
        _upsert(connection, stages, {"key": key}, {"name": name, "output": output, "at": moment_text(at)})


def stage_output(connection: Connection, key: str) -> str | None:
    """Digest of what the stage of that key gave."""
    output: str | None = connection.execute(select(stages.c.output).where(stages.c.key == key)).scalar()
    return output


def stage_outputs(connection: Connection, name: str) -> list[str]:
    """Digests of what the stages of that name gave."""
    found = connection.execute(select(stages.c.output).where(stages.c.name == name).distinct())
    return sorted(found.scalars())


def remember_turn(connection: Connection, record: TurnRecord) -> None:
    """Keep where a turn stands. Every call is an event."""
    facts = {"entry": record.entry, "state": record.state, "facts": record.facts}
    rest = {
        "entry": record.entry,
        "state": record.state,
        "facts": facts_text(record.facts),
        "at": moment_text(record.at),
    }
    _upsert(connection, turns, {"slot": record.slot.key}, {**_slot(record.slot), **rest})
    append(connection, "turn", record.slot.key, facts, record.at)


def select_turns(connection: Connection, where: Mapping[str, Any]) -> list[TurnRecord]:
    """Turns by column, in order of round and slot."""
    rows = connection.execute(select(turns).where(*_equal(turns, where)).order_by(turns.c.round, turns.c.slot))
    return [TurnRecord(_slot_of(row), row.entry, row.state, facts_of(row.facts), moment_of(row.at)) for row in rows]


def remember_submission(connection: Connection, record: SubmissionRecord) -> bool:
    """Keep a submission; whether anything about it was not known yet, which is then an event."""
    held = record.submission
    rest: dict[str, Any] = {
        "effect": record.effect,
        "digest": record.digest,
        "filename": held.filename,
        "number": held.round,
        "tournament": held.tournament,
        "selected": held.selected,
        "inserted": None if held.inserted is None else moment_text(held.inserted),
    }
    values = {"slot": record.slot.key, **_slot(record.slot), **rest}
    if _stands(connection, submissions, {"id": held.id}, values):
        return False
    _upsert(connection, submissions, {"id": held.id}, {**values, "at": moment_text(record.at)})
    append(connection, "submission", record.slot.key, {"id": held.id, **rest}, record.at)
    return True


def select_submissions(connection: Connection, where: Mapping[str, Any]) -> list[SubmissionRecord]:
    """Submissions by column, in order of round and arrival."""
    order = submissions.c.round, submissions.c.inserted, submissions.c.id
    rows = connection.execute(select(submissions).where(*_equal(submissions, where)).order_by(*order))
    return [
        SubmissionRecord(
            _slot_of(row),
            Submission(
                row.id,
                row.filename,
                row.number,
                row.tournament,
                row.selected,
                None if row.inserted is None else moment_of(row.inserted),
            ),
            row.digest,
            row.effect,
            moment_of(row.at),
        )
        for row in rows
    ]


def remember_payout(connection: Connection, payout: Payout, at: datetime) -> bool:
    """Keep a payout; whether anything about it changed, which is then an event."""
    key = {"model_id": payout.model_id, "round": payout.round}
    amounts = {name: amount_text(getattr(payout, name)) for name in ("at_risk", "pending", "settled")}
    values = {**amounts, "facts": facts_text(payout.facts)}
    earlier = connection.execute(select(payouts).where(*_equal(payouts, key))).first()
    if earlier is not None and _same_payout(earlier, payout):
        return False
    _upsert(connection, payouts, key, {**values, "at": moment_text(at)})
    facts: dict[str, Any] = {**key, **amounts, "facts": payout.facts}
    if earlier is not None:
        facts["earlier"] = {name: earlier._mapping[name] for name in amounts}
    revised = earlier is not None and amount_of(earlier.settled) not in (None, payout.settled)
    append(connection, "payout.revised" if revised else "payout", payout.model_id, facts, at)
    return True


def select_payouts(connection: Connection, where: Mapping[str, Any]) -> list[Payout]:
    """Payouts by column, in order of model and round."""
    query = select(payouts).where(*_equal(payouts, where)).order_by(payouts.c.model_id, payouts.c.round)
    return [
        Payout(
            row.model_id,
            row.round,
            amount_of(row.at_risk),
            amount_of(row.pending),
            amount_of(row.settled),
            facts_of(row.facts),
        )
        for row in connection.execute(query)
    ]


def remember_scores(connection: Connection, rows: Iterable[ScoreRow], at: datetime) -> ScoreChanges:
    """Keep scores by model, round, display name and day, the last row of a key winning.

    An event per model tells how many were added; an event per published value that became another tells both values.
    """
    news = {_score_key(row): _score_rest(row) for row in rows}
    added: dict[str, int] = {}
    revised = unchanged = 0
    for batch in _batches(sorted(news)):
        known = _known_scores(connection, batch)
        fresh = [key for key in batch if key not in known]
        changed = [key for key in batch if key in known and known[key] != news[key]]
        unchanged += len(batch) - len(fresh) - len(changed)
        _write_scores(connection, {key: news[key] for key in fresh}, {key: news[key] for key in changed}, at)
        for key in fresh:
            added[key[0]] = added.get(key[0], 0) + 1
        for key in changed:
            if known[key][0] is not None and known[key][0] != news[key][0]:
                revised += 1
                facts = {**dict(zip(SCORE_KEY, key, strict=True)), "earlier": known[key][0], "value": news[key][0]}
                append(connection, "score.revised", key[0], facts, at)
    for model_id, count in sorted(added.items()):
        append(connection, "scores", model_id, {"added": count}, at)
    return ScoreChanges(sum(added.values()), revised, unchanged)


def select_scores(connection: Connection, where: Mapping[str, Any], rounds: tuple[int, int] | None) -> list[ScoreRow]:
    """Scores by column and by first and last round, in order of their key."""
    query = _scores().where(*_equal(scores, where)).order_by(*(scores.c[name] for name in SCORE_KEY))
    if rounds is not None:
        query = query.where(scores.c.round.between(*rounds))
    return [ScoreRow(*row) for row in connection.execute(query)]


def unresolved_since(connection: Connection, model_id: str, at_most: int) -> int | None:
    """The first of the model's last `at_most` rounds in which a score is not final; its newest when all of them are."""
    own = scores.c.model_id == model_id
    newest = connection.execute(select(func.max(scores.c.round)).where(own)).scalar_one()
    if newest is None:
        return None
    lately = own & (scores.c.round > newest - at_most)
    open_ones = select(scores.c.round).where(lately).group_by(scores.c.round, scores.c.display_name)
    open_ones = open_ones.having(func.max(cast(scores.c.resolved, Integer)) == 0).order_by(scores.c.round).limit(1)
    first = connection.execute(open_ones).scalar()
    return int(newest if first is None else first)


def _scores() -> Select[Any]:
    """Rows of scores, in the order of ScoreRow's fields: there are thousands of a model, and no name is looked up."""
    return select(*(scores.c[name] for name in (*SCORE_KEY, *SCORE_REST)))


def _score_key(row: ScoreRow) -> ScoreKey:
    return row.model_id, row.round, row.display_name, row.day


def _score_rest(row: ScoreRow) -> tuple[Any, ...]:
    return (_number(row, row.value), _number(row, row.percentile), *(getattr(row, name) for name in SCORE_REST[2:]))


def _number(row: ScoreRow, value: float | None) -> float | None:
    if value is None or math.isnan(value):
        return None
    if math.isinf(value):
        raise DataError(
            "score-not-finite",
            f"{row.display_name} of round {row.round}, day {row.day} is {value}.",
            "Fetch the scores again.",
        )
    return float(value)


def _known_scores(connection: Connection, keys: Sequence[ScoreKey]) -> dict[ScoreKey, tuple[Any, ...]]:
    models, numbers = {key[0] for key in keys}, [key[1] for key in keys]
    query = _scores().where(scores.c.model_id.in_(sorted(models)), scores.c.round.between(min(numbers), max(numbers)))
    kept, found = len(SCORE_KEY), connection.execute(query)
    return {(row[0], row[1], row[2], row[3]): tuple(row[kept:]) for row in found}


def _write_scores(
    connection: Connection, fresh: Mapping[ScoreKey, Any], changed: Mapping[ScoreKey, Any], at: datetime
) -> None:
    stamp = moment_text(at)
    if fresh:
        names: tuple[str, ...] = (*SCORE_KEY, *SCORE_REST)
        values = [dict(zip(names, (*key, *rest), strict=True), at=stamp) for key, rest in fresh.items()]
        connection.execute(insert(scores), values)
    if changed:
        names = (*(f"key_{name}" for name in SCORE_KEY), *SCORE_REST)
        values = [dict(zip(names, (*key, *rest), strict=True), at=stamp) for key, rest in changed.items()]
        where = [scores.c[name] == bindparam(f"key_{name}") for name in SCORE_KEY]
        rest_values: dict[str, Any] = {name: bindparam(name) for name in (*SCORE_REST, "at")}
        connection.execute(update(scores).where(*where).values(**rest_values), values)


def _batches(keys: Sequence[ScoreKey]) -> Iterator[list[ScoreKey]]:
    stream = iter(keys)
    while batch := list(islice(stream, BATCH)):
        yield batch


def _same_payout(row: Row[Any], payout: Payout) -> bool:
    def same(text: str | None, amount: Decimal | None) -> bool:
        return amount_of(text) == amount

    amounts = (
        same(row.at_risk, payout.at_risk) and same(row.pending, payout.pending) and same(row.settled, payout.settled)
    )
    return amounts and row.facts == facts_text(payout.facts)


def _equal(table: Table, where: Mapping[str, Any]) -> list[ColumnElement[bool]]:
    return [table.c[name] == value for name, value in where.items() if value is not None]


def _stands(connection: Connection, table: Table, key: Mapping[str, Any], values: Mapping[str, Any]) -> bool:
    row = connection.execute(select(table).where(*_equal(table, key))).first()
    return row is not None and all(row._mapping[name] == value for name, value in values.items())


def _upsert(connection: Connection, table: Table, key: Mapping[str, Any], values: Mapping[str, Any]) -> None:
    """Update, else insert. No other writer can come between: the transaction holds the write lock."""
    if not connection.execute(update(table).where(*_equal(table, key)).values(**values)).rowcount:
        connection.execute(insert(table).values(**key, **values))


def _slot(slot: Slot) -> dict[str, Any]:
    return {"account": slot.account, "model": slot.model, "arena": slot.arena, "round": slot.round}


def _slot_of(row: Row[Any]) -> Slot:
    return Slot(row.account, row.model, row.arena, row.round)
