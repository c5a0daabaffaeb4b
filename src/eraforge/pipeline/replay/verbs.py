"""The verb `replay`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from eraforge.core.errors import UserError
from eraforge.core.words import Slot
from eraforge.pipeline.played.record import Attempt, attempts
from eraforge.pipeline.replay.again import Row, fallback_again, play_again
from eraforge.pipeline.steps.ahead import fallback
from eraforge.pipeline.tools import Tools
from eraforge.pipeline.verb import Facts, Visit
from eraforge.pipeline.workspace import open_workspace

DIFFERS = 3
Place = tuple[str, Slot]


def replay(visit: Visit, entry: str, round: int, last: int, stored_model: bool) -> Facts:
    """Play past rounds again from what is stored, and compare; nothing is sent and nothing is written.

    Raises:
        UserError: `nothing-to-replay`.
    """
    with open_workspace(visit) as tools:
        answered = _by_fallback(tools, entry)
        tried = _chosen(tools, entry)
        places = sorted({*answered, *(place for place in tried if round or tried[place].submitted)}, key=_newest)
        wanted = [place for place in places if round in (0, place[1].round)]
        if not wanted:
            raise _nothing(entry, round)
        rows = []
        for name in dict.fromkeys(place[0] for place in wanted):
            for place in [one for one in wanted if one[0] == name][:last]:
                rows.append(_again(tools, place, answered, tried, stored_model))
        unequal = sum(row["answer_equal"] is False or not (row["equal"] or row["answer_equal"]) for row in rows)
        return {"entries": rows, "replayed": len(rows), "unequal": unequal, "exit_code": DIFFERS if unequal else 0}


def _again(
    tools: Tools, place: Place, answered: Mapping[Place, Mapping[str, Any]], tried: Mapping[Place, Attempt], trust: bool
) -> Row:
    if place not in answered:
        return play_again(tools, tried[place], trust)
    return fallback_again(tools, place[1], answered[place], answered[place]["ready"])


def _by_fallback(tools: Tools, entry: str) -> dict[Place, Mapping[str, Any]]:
    """The slots that the fallback answered, with what was recorded of it."""
    slots: dict[str, Mapping[str, Any]] = {}
    found: dict[Place, Mapping[str, Any]] = {}
    for event in tools.ledger.events(kind=fallback.READY):
        if "former" in event.facts and entry in ("", event.facts["entry"]):
            slots[event.subject] = event.facts
    for event in tools.ledger.events(kind=fallback.USED):
        if event.subject in slots:
            facts = slots[event.subject]
            found[str(facts["entry"]), Slot(**facts["slot"])] = {**event.facts, "ready": facts}
    return found


def _chosen(tools: Tools, entry: str) -> dict[Place, Attempt]:
    """Of each slot the last attempt that was submitted, or the last at all."""
    found: dict[Place, Attempt] = {}
    for attempt in attempts(tools.ledger, entry):
        place = (attempt.entry.name, attempt.slot)
        if place not in found or attempt.submitted or not found[place].submitted:
            found[place] = attempt
    return found


def _newest(place: Place) -> tuple[str, int]:
    return place[0], -place[1].round


def _nothing(entry: str, round: int) -> UserError:
    whose = f"of {entry!r} " if entry else ""
    what = f"round {round} {whose}".rstrip() if round else f"turn {whose}".rstrip()
    return UserError(
        "nothing-to-replay",
        f"The ledger holds no {what} that could be played again.",
        "Turns are recorded as they are played; answers from files of your own and rounds of earlier releases are not.",
    )
