"""What experiments left in the ledger: found by the beginning of an identifier or by name, the newest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from eraforge.core.errors import UserError
from eraforge.pipeline.tools import Tools

KIND = "experiment"
SHORT = 12


@dataclass(frozen=True)
class Record:
    """One experiment that was run.

    Args:
        id: digest of what was asked: entry, evaluation, data and code. Equal questions have equal identifiers.
        name: its name.
        at: ISO moment.
        facts: everything recorded: `experiment`, `files`, `code`, `libraries`, `report`, `predictions`, `seconds`, ...
    """

    id: str
    name: str
    at: str
    facts: dict[str, Any]


def records(tools: Tools) -> list[Record]:
    """Every experiment of the workspace, oldest first; a question asked again counts once, as last answered."""
    found: dict[str, Record] = {}
    for event in tools.ledger.events(kind=KIND):
        facts = dict(event.facts)
        found.pop(event.subject, None)
        found[event.subject] = Record(event.subject, facts["experiment"]["name"], event.at.isoformat(), facts)
    return list(found.values())


def find(tools: Tools, name: str) -> Record:
    """The newest experiment of that name, or the one whose identifier begins so.

    Raises:
        UserError: `unknown-experiment`, naming the newest ones.
    """
    known = records(tools)
    found = [one for one in known if one.name == name or (len(name) >= 4 and one.id.startswith(name))]
    if not found:
        names = ", ".join(f"{one.name} ({one.id[:SHORT]})" for one in reversed(known[-5:])) or "none yet"
        raise UserError("unknown-experiment", f"There is no experiment {name!r}.", f"Newest: {names}.")
    return found[-1]


def alike(tools: Tools, record: Record) -> Sequence[Record]:
    """All experiments on the same question (same arena, target and evaluation), the record among them."""

    def question(one: Record) -> tuple[Any, ...]:
        return one.facts["arena"], one.facts["target"], sorted(one.facts["experiment"]["evaluation"].items())

    return [one for one in records(tools) if question(one) == question(record)]
