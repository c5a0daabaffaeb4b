"""The registry: versions of trained models, and the names they go by. It is made of ledger events alone.

Aliases (champion, challenger, fallback) point to a version each. An alias is moved with statistics, or with a reason
that a person gives; every move stands in the ledger, so the one before can be had back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from eraforge.core.errors import UserError
from eraforge.pipeline.tools import Tools

REGISTERED, ALIASED, RETIRED = "model.registered", "model.aliased", "model.retired"
ALIASES = ("champion", "challenger", "fallback")


@dataclass(frozen=True)
class Version:
    """One trained model.

    Args:
        name: the model's name in the registry; its versions count from 1.
        facts: `entry` (as configured), `target`, `columns`, and the digests of `fitted`, `files`, `report`.
    """

    name: str
    number: int
    at: str
    facts: Mapping[str, Any]

    @property
    def label(self) -> str:
        """How people write it: `steady#3`."""
        return f"{self.name}#{self.number}"


@dataclass
class Family:
    """All versions of a name, and where its aliases have pointed, oldest first."""

    name: str
    versions: dict[int, Version] = field(default_factory=dict)
    retired: dict[int, str] = field(default_factory=dict)
    history: dict[str, list[int]] = field(default_factory=dict)

    def current(self, alias: str) -> Version | None:
        """The version an alias points to now."""
        moves = self.history.get(alias)
        return self.versions[moves[-1]] if moves else None


def families(tools: Tools) -> dict[str, Family]:
    """The registry as the ledger tells it."""
    found: dict[str, Family] = {}
    for event in tools.ledger.events():
        if event.kind not in (REGISTERED, ALIASED, RETIRED):
            continue
        family = found.setdefault(event.subject, Family(event.subject))
        number = int(event.facts["number"])
        if event.kind == REGISTERED:
            family.versions[number] = Version(event.subject, number, event.at.isoformat(), event.facts)
        elif event.kind == RETIRED:
            family.retired[number] = str(event.facts["reason"])
        else:
            moves = family.history.setdefault(str(event.facts["alias"]), [])
            if event.facts.get("back"):
                moves.pop()
            else:
                moves.append(number)
    return found


def family(tools: Tools, name: str) -> Family:
    """All versions of a name.

    Raises:
        UserError: `unknown-registered-model`.
    """
    known = families(tools)
    if name not in known:
        names = ", ".join(sorted(known)) or "none yet"
        raise UserError(
            "unknown-registered-model",
            f"The registry has no model {name!r}.",
            f"Registered: {names}. Add one with `eraforge model register`.",
        )
    return known[name]


def version_of(tools: Tools, reference: str) -> Version:
    """The version a reference names: `steady#3`, `steady@champion`, or `steady` for its champion.

    Raises:
        UserError: `unknown-registered-model`, `unknown-version`, `alias-points-nowhere`, `version-retired`.
    """
    name, mark, rest = reference.partition("#") if "#" in reference else reference.partition("@")
    found = family(tools, name)
    if mark == "#":
        if not rest.isdigit() or int(rest) not in found.versions:
            raise UserError(
                "unknown-version",
                f"There is no version {rest!r} of {name!r}.",
                f"Versions: {', '.join(map(str, found.versions))}.",
            )
        chosen = found.versions[int(rest)]
    else:
        alias = rest or ALIASES[0]
        current = found.current(alias)
        if current is None:
            raise UserError(
                "alias-points-nowhere",
                f"{name!r} has no {alias}.",
                f"Name one: `eraforge model promote {name} NUMBER --alias {alias}`.",
            )
        chosen = current
    if chosen.number in found.retired:
        raise UserError(
            "version-retired",
            f"{chosen.label} was retired: {found.retired[chosen.number]}.",
            f"Use another version of {name!r}.",
        )
    return chosen


def register(tools: Tools, name: str, facts: Mapping[str, Any]) -> Version:
    """Add a version; the same fitted model twice is the same version."""
    known = families(tools).get(name, Family(name))
    for earlier in known.versions.values():
        if earlier.facts["fitted"] == facts["fitted"]:
            return earlier
    number = max(known.versions, default=0) + 1
    told = {**facts, "number": number}
    tools.ledger.record(REGISTERED, name, told, tools.clock.now())
    return Version(name, number, tools.clock.now().isoformat(), told)


def point(tools: Tools, version: Version, alias: str, why: Mapping[str, Any]) -> None:
    """Let an alias point to a version."""
    facts = {"alias": alias, "number": version.number, **why}
    tools.ledger.record(ALIASED, version.name, facts, tools.clock.now())


def roll_back(tools: Tools, name: str, alias: str) -> tuple[Version, Version]:
    """Let an alias point where it pointed before; returns the version it left and the one it has now.

    Raises:
        UserError: `nothing-to-roll-back`, `version-retired`.
    """
    found = family(tools, name)
    moves = found.history.get(alias, [])
    if len(moves) < 2:
        raise UserError(
            "nothing-to-roll-back",
            f"The {alias} of {name!r} has never been another version.",
            f"Promote one with `eraforge model promote {name} NUMBER --alias {alias}`.",
        )
    version_of(tools, f"{name}#{moves[-2]}")
    facts = {"alias": alias, "number": moves[-1], "back": True}
    tools.ledger.record(ALIASED, name, facts, tools.clock.now())
    return found.versions[moves[-1]], found.versions[moves[-2]]


def retire(tools: Tools, version: Version, reason: str) -> None:
    """Take a version out of use; it stays in the registry, and its champion has to be another one first.

    Raises:
        UserError: `version-in-use`.
    """
    found = family(tools, version.name)
    used = [alias for alias in found.history if (now := found.current(alias)) and now.number == version.number]
    if used:
        raise UserError(
            "version-in-use",
            f"{version.label} is the {used[0]} of {version.name!r}.",
            f"Promote another version to {used[0]}, or roll back, and retire it then.",
        )
    tools.ledger.record(RETIRED, version.name, {"number": version.number, "reason": reason}, tools.clock.now())
