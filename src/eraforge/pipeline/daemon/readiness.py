"""The readiness board: how far each entry has come in its round, and what a person should do, if anything."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from eraforge.core.words import Effect, EffectKind, Entry, Phase, Round
from eraforge.pipeline.daemon import durations, quarantine
from eraforge.pipeline.steps.ahead import fallback
from eraforge.pipeline.tools import Tools
from eraforge.store.records import EffectRecord

STAGES = ("fetch", "check", "feature", "fit", "evaluate", "predict", "submit", "keep_model")
MARKS = {"data": "check", "model": "fit", "predictions": "predict"}


def readiness(tools: Tools, entry: Entry, current: Round, now: datetime) -> dict[str, Any]:
    """What is done for the entry's slot of that round, whether a fallback lies ready, and what comes next."""
    slot = fallback.slot_of(entry, current.number)
    reached = _reached(tools, entry, current.number)
    record = latest_effect(tools, entry, current.number)
    phase = str(record.phase) if record else "none"
    confirmed = record is not None and record.phase is Phase.CONFIRMED
    held = tools.ledger.submissions(slot)
    margin = int((current.closes - held[-1].at).total_seconds()) if confirmed and held else None
    quarantined = quarantine.is_quarantined(tools, entry)
    needs = durations.turn_seconds(tools, entry)
    return {
        "stages": {name: confirmed or reached >= STAGES.index(stage) for name, stage in MARKS.items()},
        "submission": phase,
        "file": str(record.facts.get("filename", "")) if record else "",
        "reason": str(record.facts.get("reason", "")) if record and not confirmed else "",
        "confirmed": confirmed,
        "margin_seconds": margin,
        "fallback": _fallback(tools, entry, current.number, confirmed),
        "quarantined": quarantined,
        "needs_seconds": round(needs, 1) if needs else None,
        "next": _todo(current, now, phase, quarantined),
    }


def latest_effect(tools: Tools, entry: Entry, number: int) -> EffectRecord | None:
    """The last effect in the slot's chain of submissions."""
    effect = Effect(EffectKind.SUBMIT, fallback.slot_of(entry, number), "")
    last = None
    while (record := tools.ledger.effect(effect.key)) is not None:
        last, effect = record, Effect(EffectKind.SUBMIT, effect.slot, "", record.key)
    return last


def _reached(tools: Tools, entry: Entry, number: int) -> int:
    """Place of the last stage that the slot's turn has done; -1 before the first."""
    turn = tools.ledger.turn(fallback.slot_of(entry, number))
    return STAGES.index(turn.state) if turn is not None and turn.state in STAGES else -1


def _fallback(tools: Tools, entry: Entry, number: int, confirmed: bool) -> str:
    if fallback.used(tools, entry, number):
        return "used"
    if confirmed:
        return "not needed"
    if fallback.ready(tools, entry, number) is not None:
        return "ready"
    return "not prepared" if fallback.last_good(tools, entry.name) is not None else "none yet"


def _todo(current: Round, now: datetime, phase: str, quarantined: bool) -> str:
    """What a person should do; "nothing" where the machine has done, or will do, all of it."""
    told = {
        "confirmed": "nothing",
        "held": "decide: see `eraforge doctor`",
        "refused": "correct the answer and submit again",
    }
    if phase in told:
        return told[phase]
    if quarantined:
        return "correct the entry, then `eraforge entry release`"
    return "eraforge submit" if current.is_open(now) else "wait for the next round"
