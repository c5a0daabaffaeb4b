"""The effect table: which effect may go from which phase to which, and nothing else happens to it.

    (none) -> intended -> sent -> confirmed | refused
                  ^         |
                  |         v
                  +----- unknown -> confirmed | held        back to intended: after a read-back, money never

What was sent is sent again only by way of `unknown`, which a read-back must settle; money never is.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from eraforge.core.errors import Broken
from eraforge.core.words import Effect, EffectKind, Phase, Slot
from eraforge.store.chain import append
from eraforge.store.records import EffectRecord, Facts, facts_of, facts_text, moment_of, moment_text
from eraforge.store.tables import effects

TRANSITIONS: Mapping[Phase, frozenset[Phase]] = {
    Phase.INTENDED: frozenset({Phase.SENT, Phase.REFUSED}),  # refused: given up before the first byte
    Phase.SENT: frozenset({Phase.CONFIRMED, Phase.REFUSED, Phase.UNKNOWN}),
    Phase.UNKNOWN: frozenset({Phase.CONFIRMED, Phase.HELD, Phase.INTENDED, Phase.REFUSED}),
    Phase.HELD: frozenset({Phase.CONFIRMED, Phase.REFUSED}),  # a person has looked
    Phase.CONFIRMED: frozenset(),
    Phase.REFUSED: frozenset(),
}
"""Phase to the phases that may follow it."""

NEVER_FOR_MONEY = frozenset({(Phase.UNKNOWN, Phase.INTENDED), (Phase.UNKNOWN, Phase.REFUSED)})
"""Steps that trust a read-back which found nothing: harmless for predictions, forbidden for money."""

SETTLED = frozenset({Phase.CONFIRMED, Phase.REFUSED})
CLOSED = SETTLED | {Phase.HELD}


def allowed(kind: EffectKind, phase: Phase, following: Phase) -> bool:
    """Whether an effect of that kind may go from `phase` to `following`."""
    if following not in TRANSITIONS[phase]:
        return False
    return not kind.moves_money or (phase, following) not in NEVER_FOR_MONEY


def intend(connection: Connection, effect: Effect, facts: Facts, at: datetime) -> EffectRecord:
    """Write an effect down before anything is sent. The same effect again gives back what is written already."""
    known = find(connection, effect.key)
    if known is not None:
        if known.effect.payload != effect.payload:
            raise Broken(
                "effect-payload-changed",
                f"{effect.slot.key} has a {effect.kind} of {known.effect.payload[:12]}…, not {effect.payload[:12]}….",
                "Replace it on purpose, with an effect that supersedes it.",
            )
        return known
    if effect.supersedes:
        _check_superseded(connection, effect)
    record = EffectRecord(effect, Phase.INTENDED, None, 0, facts_of(facts_text(facts)), at, at)
    connection.execute(insert(effects).values(key=effect.key, **_identity(effect), **_progress(record)))
    _note(connection, record, record.facts, at)
    return _reread(connection, effect.key)


def advance(
    connection: Connection, key: str, phase: Phase, facts: Facts, at: datetime, deadline: datetime | None
) -> EffectRecord:
    """Take an effect one step further, if the table allows that step."""
    known = find(connection, key)
    if known is None:
        raise Broken("effect-unknown", f"No effect has the key {key}.", "Intend it before it is sent.")
    kind = known.effect.kind
    if not allowed(kind, known.phase, phase):
        raise Broken(
            "effect-phase",
            f"A {kind} for {known.effect.slot.key} cannot go from {known.phase} to {phase}.",
            "Read the effect again: another process may have taken it further.",
        )
    if phase is Phase.SENT and deadline is None:
        raise Broken(
            "sent-without-deadline",
            f"A {kind} for {known.effect.slot.key} was to be sent without saying how long that may take.",
            "Give the latest moment at which the call may still be running.",
        )
    news = facts_of(facts_text(facts))
    record = EffectRecord(
        known.effect,
        phase,
        known.deadline if deadline is None else deadline,
        known.attempts + (phase is Phase.SENT),
        {**known.facts, **news},
        known.intended_at,
        at,
    )
    connection.execute(update(effects).where(effects.c.key == key).values(**_progress(record)))
    _note(connection, record, news, at)
    return _reread(connection, key)


def find(connection: Connection, key: str) -> EffectRecord | None:
    """The effect of that key."""
    row = connection.execute(select(effects).where(effects.c.key == key)).first()
    return None if row is None else _record(row)


def unsettled(connection: Connection) -> list[EffectRecord]:
    """Every effect that is neither confirmed nor refused nor superseded, oldest first: what a start must reconcile."""
    later = effects.alias("later")
    superseded = select(later.c.key).where(later.c.supersedes == effects.c.key).exists()
    query = select(effects).where(effects.c.phase.not_in([str(phase) for phase in SETTLED]), ~superseded)
    return [_record(row) for row in connection.execute(query.order_by(effects.c.intended_at, effects.c.key))]


def _check_superseded(connection: Connection, effect: Effect) -> None:
    former = find(connection, effect.supersedes)
    if former is None or (former.effect.slot, former.effect.kind) != (effect.slot, effect.kind):
        raise Broken(
            "superseded-unknown",
            f"{effect.slot.key} has no {effect.kind} with the key {effect.supersedes} to replace.",
            "Name the key of the effect that is to be replaced.",
        )
    if former.phase not in CLOSED:
        raise Broken(
            "superseded-open",
            f"The {effect.kind} for {effect.slot.key} is still {former.phase} and cannot be replaced yet.",
            "Wait until it is confirmed, refused or held.",
        )


def _note(connection: Connection, record: EffectRecord, news: Facts, at: datetime) -> None:
    effect = record.effect
    facts: dict[str, Any] = {
        "key": effect.key,
        "kind": effect.kind,
        "payload": effect.payload,
        "attempts": record.attempts,
        "facts": news,
    }
    if effect.supersedes:
        facts["supersedes"] = effect.supersedes
    if record.phase is Phase.SENT:
        facts["deadline"] = record.deadline
    append(connection, f"effect.{record.phase}", effect.slot.key, facts, at)


def _identity(effect: Effect) -> dict[str, Any]:
    slot = effect.slot
    return {
        "kind": str(effect.kind),
        "account": slot.account,
        "model": slot.model,
        "arena": slot.arena,
        "round": slot.round,
        "payload": effect.payload,
        "supersedes": effect.supersedes,
    }


def _progress(record: EffectRecord) -> dict[str, Any]:
    return {
        "phase": str(record.phase),
        "deadline": None if record.deadline is None else moment_text(record.deadline),
        "attempts": record.attempts,
        "facts": facts_text(record.facts),
        "intended_at": moment_text(record.intended_at),
        "changed_at": moment_text(record.changed_at),
    }


def _reread(connection: Connection, key: str) -> EffectRecord:
    return _record(connection.execute(select(effects).where(effects.c.key == key)).one())


def _record(row: Row[Any]) -> EffectRecord:
    slot = Slot(row.account, row.model, row.arena, row.round)
    return EffectRecord(
        Effect(EffectKind(row.kind), slot, row.payload, row.supersedes),
        Phase(row.phase),
        None if row.deadline is None else moment_of(row.deadline),
        row.attempts,
        facts_of(row.facts),
        moment_of(row.intended_at),
        moment_of(row.changed_at),
    )
