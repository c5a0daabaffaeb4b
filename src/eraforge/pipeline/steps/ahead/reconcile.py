"""Reconciliation: what became of every effect that was left open, found out before anything new begins."""

from __future__ import annotations

from typing import Any

from eraforge.core import plugins
from eraforge.core.calendar import open_day, window
from eraforge.core.errors import EraforgeError, Transient
from eraforge.core.words import Arena, Phase, Round
from eraforge.pipeline.tools import Tools
from eraforge.store.records import EffectRecord

Row = dict[str, Any]


def reconcile(tools: Tools) -> list[Row]:
    """One row per effect that was open: its slot, kind, the phase it came to, and the error where it is still open."""
    return [_one(tools, record) for record in tools.ledger.open_effects()]


def _one(tools: Tools, record: EffectRecord) -> Row:
    row: Row = {"slot": record.effect.slot.key, "kind": str(record.effect.kind), "key": record.key}
    error: EraforgeError | None = None
    if record.phase is not Phase.HELD:
        try:
            arena = plugins.find("arena", record.effect.slot.arena)
            effects = tools.effects(record.effect.slot.account)
            conduct = effects.trace(record, arena, round_of(tools, arena, record))
            if conduct is not None:
                effects.resolve(conduct)
        except EraforgeError as caught:
            error = caught
    found = tools.ledger.effect(record.key) or record
    row |= {"phase": str(found.phase), "reason": str(found.facts.get("reason", ""))}
    row["waits"] = isinstance(error, Transient)  # the server could not be asked: it must be, before anything new begins
    return row if error is None else {**row, "error": error.as_dict()}


def round_of(tools: Tools, arena: Arena, record: EffectRecord) -> Round:
    """The effect's round, as the tournament tells it, or by the calendar where it no longer does."""
    slot = record.effect.slot
    told = tools.readers(slot.account).rounds(arena, number=slot.round)
    by_number = [one for one in told if one.number == slot.round]
    opens, closes = window(arena.calendar, open_day(arena.calendar, slot.round))
    return by_number[0] if by_number else Round(arena.name, slot.round, opens, closes)
