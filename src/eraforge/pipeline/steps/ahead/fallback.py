"""The fallback: the last model that was confirmed with, on the new universe, for when the real one is not ready."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from eraforge.core.errors import UserError
from eraforge.core.words import Entry, Predictions, Slot
from eraforge.pipeline.played.record import entry_of, made_with
from eraforge.pipeline.steps import inputs, stages
from eraforge.pipeline.steps.bars import price_rows
from eraforge.pipeline.tools import Tools

GOOD = "model.good"
READY = "fallback.ready"
USED = "fallback.used"
NEEDED = ("features", "live", price_rows.ROLE)  # what a model that is trained already reads, where there is such a file


def keep_model(tools: Tools, entry: Entry, number: int, fitted: str) -> str:
    """Remember the model whose answer the tournament has confirmed; returns its digest."""
    last = last_good(tools, entry.name)
    if last is None or last["fitted"] != fitted or entry_of(last["entry"]) != entry:
        facts = {"round": number, "fitted": fitted, "entry": asdict(entry)}
        tools.ledger.record(GOOD, entry.name, facts, tools.clock.now())
    return fitted


def last_good(tools: Tools, name: str) -> Mapping[str, Any] | None:
    """The last model of that entry the tournament confirmed an answer of."""
    found = tools.ledger.last_event(kind=GOOD, subject=name)
    return None if found is None else found.facts


def prepare(tools: Tools, entry: Entry, number: int) -> dict[str, Any]:
    """Predictions of the last good model for the round's live universe; its settings are those it was trained with.

    Raises:
        UserError: `no-good-model-yet`.
    """
    last = last_good(tools, entry.name)
    if last is None or not tools.objects.has(str(last["fitted"])):
        raise UserError(
            "no-good-model-yet",
            f"Entry {entry.name!r} has no model yet whose answer was confirmed.",
            "The first confirmed round gives it one.",
        )
    began, former = tools.clock.now(), entry_of(last["entry"])
    files = inputs.fetch_files(tools, former, number, only=NEEDED)
    columns = inputs.columns_of(tools, former, files)
    made = stages.predict(tools, former, number, files, columns, str(last["fitted"]))
    told = {**asdict(former), "version": tools.arena(former).version}
    again = {"began": began.isoformat(), "files": files, "former": told, "made_with": dict(made_with())}
    return {**made, "fitted": last["fitted"], "from_round": last["round"], **again}


def remember(tools: Tools, entry: Entry, number: int, made: Mapping[str, Any]) -> None:
    """Note that the fallback of the slot lies ready."""
    slot = slot_of(entry, number)
    tools.ledger.record(READY, slot.key, {**made, "entry": entry.name, "slot": asdict(slot)}, tools.clock.now())


def ready(tools: Tools, entry: Entry, number: int) -> Mapping[str, Any] | None:
    """The fallback that lies ready for the slot."""
    found = tools.ledger.last_event(kind=READY, subject=slot_of(entry, number).key)
    return None if found is None else found.facts


def used(tools: Tools, entry: Entry, number: int) -> bool:
    """Whether the slot was filled with its fallback."""
    return tools.ledger.last_event(kind=USED, subject=slot_of(entry, number).key) is not None


def submit(tools: Tools, entry: Entry, number: int, made: Mapping[str, Any]) -> dict[str, str]:
    """Answer with the fallback: through the same effect, recorded as what it is. The receipt."""
    slot = slot_of(entry, number)
    answer = Predictions(slot, stages.read_predictions(tools, str(made["digest"])), made["synthetic"])
    receipt = tools.effects(entry.account).submit(
        answer, tools.arena(entry), tools.round(entry, number), tools.model_id(entry)
    )
    facts = {**receipt.as_dict(), "fitted": made["fitted"], "from_round": made["from_round"], "entry": entry.name}
    if not used(tools, entry, number):
        tools.ledger.record(USED, slot.key, facts, tools.clock.now())
    return receipt.as_dict()


def slot_of(entry: Entry, number: int) -> Slot:
    """The place the entry fills in that round."""
    return Slot(entry.account, entry.model, entry.arena, number)
