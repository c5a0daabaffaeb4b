"""When a model is trained anew: by the entry's policy, the rounds played since, and the data it would learn from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from eraforge.core.digest import digest_value
from eraforge.core.words import Entry
from eraforge.pipeline.steps import fits, stages
from eraforge.pipeline.tools import Tools

TRAINED = "model.trained"
VERSION, NEVER = "version", "never"


def fit(tools: Tools, entry: Entry, number: int, files: dict[str, str], columns: dict[str, Any]) -> str:
    """Digest of the fitted model that plays the round: the last one while it is not due, else one trained now."""
    last = last_trained(tools, entry)
    if (
        last is not None
        and not is_due(entry, number, tools.arena(entry).version, last)
        and tools.objects.has(str(last["fitted"]))
    ):
        return str(last["fitted"])
    began = tools.clock.now()
    fitted = stages.train(tools, entry, files, columns)
    facts = {"round": number, "fitted": fitted, "version": tools.arena(entry).version, "what": identity(entry)}
    facts |= {"began": began, "files": files}  # for a replay, which trains again from the same
    if last is None or (last["fitted"], last["version"]) != (fitted, facts["version"]):
        tools.ledger.record(TRAINED, entry.name, facts, tools.clock.now())
    return fitted


def last_trained(tools: Tools, entry: Entry) -> Mapping[str, Any] | None:
    """The last training of this entry as it is configured now."""
    wanted = identity(entry)
    last = tools.ledger.last_event(kind=TRAINED, subject=entry.name)
    if last is None or last.facts["what"] == wanted:
        return None if last is None else last.facts
    events = [event.facts for event in tools.ledger.events(kind=TRAINED, subject=entry.name)]
    return next((facts for facts in reversed(events) if facts["what"] == wanted), None)


def is_due(entry: Entry, number: int, version: str, last: Mapping[str, Any]) -> bool:
    """Whether the entry's policy asks for a training in that round, given its last one.

    Another data version has other columns, and its target may mean another: only `never` keeps the model over it.
    """
    if entry.retrain == NEVER:
        return False
    if version != last["version"]:
        return True
    return entry.retrain != VERSION and number >= int(last["round"]) + int(entry.retrain)


def identity(entry: Entry) -> str:
    """What makes a fitted model one of this entry; anything else of the entry may change without a training."""
    columns = [entry.features, entry.target, entry.prices, list(entry.price_features)]
    return digest_value(fits.settings_of(entry), columns, entry.train_on, entry.arena, entry.use)
