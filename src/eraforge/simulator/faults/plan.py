"""The fault plan: which faults strike when, read from TOML or JSON and written back as plain facts."""

from __future__ import annotations

import dataclasses
import hashlib
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from eraforge.core.errors import UserError
from eraforge.simulator.exchange.calls import Call
from eraforge.simulator.faults.fault import Fault, RoundFault
from eraforge.simulator.faults.requests import REQUESTS
from eraforge.simulator.faults.rounds import ROUNDS
from eraforge.simulator.faults.transmission import TRANSMISSION

FAULTS: dict[str, type[Fault]] = {one.name: one for one in (*REQUESTS, *TRANSMISSION, *ROUNDS)}
SCHEDULE = ("name", "probability", "on", "operations", "after", "until", "rounds")


@dataclass(frozen=True, slots=True)
class Rule:
    """One fault and when it strikes: where all conditions hold, with that probability.

    Args:
        fault: what happens.
        probability: of striking a request (or a round) that meets the conditions.
        on: only these of the matching requests, counted from 1; empty for all.
        operations: only requests whose operation, path or file matches one of these patterns; empty for all.
        after, until: only in this span of virtual time.
        rounds: only these rounds, for faults of a round; empty for all.
    """

    fault: Fault
    probability: float = 1.0
    on: tuple[int, ...] = ()
    operations: tuple[str, ...] = ()
    after: datetime | None = None
    until: datetime | None = None
    rounds: tuple[int, ...] = ()

    def matches(self, call: Call, now: datetime) -> bool:
        """Whether the request meets the conditions, its count and luck aside."""
        return self.in_time(now) and self.fault.meets(call) and self._named(call)

    def in_time(self, now: datetime) -> bool:
        """Whether the virtual moment lies in the rule's span."""
        return (self.after is None or now >= self.after) and (self.until is None or now < self.until)

    def _named(self, call: Call) -> bool:
        names = [name for name in (*call.operations, call.path, call.filename) if name]
        return not self.operations or any(fnmatchcase(name, one) for name in names for one in self.operations)

    def as_dict(self) -> dict[str, Any]:
        """The same rule as plain facts, the form in which it is read."""
        facts: dict[str, Any] = {"name": self.fault.name, "probability": self.probability}
        facts |= {name: list(getattr(self, name)) for name in ("on", "operations", "rounds") if getattr(self, name)}
        moments = {name: getattr(self, name) for name in ("after", "until")}
        facts |= {name: moment.isoformat() for name, moment in moments.items() if moment is not None}
        return facts | {one.name: getattr(self.fault, one.name) for one in dataclasses.fields(self.fault)}


@dataclass(frozen=True, slots=True)
class Plan:
    """The rules in force, in order; a request meets at most one of them.

    Args:
        seed: of every draw.
        rules: the first that strikes wins.
    """

    seed: int
    rules: tuple[Rule, ...] = ()

    def draws(self, place: int, number: int, tournament: int = 0) -> tuple[float, float]:
        """Two numbers in [0, 1): whether the rule at that place strikes request (or round) `number`, and how.

        Args:
            tournament: whose round it is; 0 for a request.
        """
        name = self.rules[place].fault.name
        found = hashlib.sha256(f"{self.seed}/{place}/{name}/{tournament}/{number}".encode()).digest()
        return int.from_bytes(found[:7]) / 2**56, int.from_bytes(found[7:14]) / 2**56

    def as_dict(self) -> dict[str, Any]:
        """The plan as plain facts."""
        return {"seed": self.seed, "fault": [rule.as_dict() for rule in self.rules]}


def read_plan(path: Path, seed: int) -> Plan:
    """The plan of a TOML file: `[[fault]]` tables, and `seed` where it is not the simulator's own.

    Raises:
        UserError: `plan-not-found`, `plan-not-toml`, and those of `plan_of`.
    """
    try:
        facts = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise UserError("plan-not-found", f"There is no fault plan {path}.", "Name a file that exists.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UserError("plan-not-toml", f"{path} is no TOML: {error}.", "Correct the file.") from error
    return plan_of(facts, seed)


def plan_of(facts: Mapping[str, Any], seed: int) -> Plan:
    """The plan that these facts describe.

    Args:
        facts: `fault` (a list of rules) and, perhaps, `seed`.
        seed: of the draws where the facts name none.

    Raises:
        UserError: `unknown-fault`, `unknown-setting`, `setting-not-understood`.
    """
    unknown = sorted(set(facts) - {"seed", "fault"})
    if unknown:
        raise UserError("unknown-setting", f"A fault plan has no {unknown[0]!r}.", "Use seed and [[fault]] tables.")
    rules, own = facts.get("fault", []), facts.get("seed", seed)
    if not isinstance(rules, list) or not isinstance(own, int):
        raise UserError("setting-not-understood", "seed is no number or fault no list.", "See the page on faults.")
    return Plan(own, tuple(rule_of(one) for one in rules))


def rule_of(facts: Mapping[str, Any]) -> Rule:
    """The rule that these facts describe: the schedule, and the settings of the fault of that name.

    Raises:
        UserError: `unknown-fault`, `unknown-setting`, `setting-not-understood`.
    """
    name = facts.get("name") if isinstance(facts, Mapping) else None
    kind = FAULTS.get(name) if isinstance(name, str) else None
    if kind is None:
        raise UserError("unknown-fault", f"There is no fault {name!r}.", f"Use one of: {', '.join(sorted(FAULTS))}.")
    settings = kind.settings()
    schedule = [one for one in SCHEDULE if not issubclass(kind, RoundFault) or one not in ("on", "operations")]
    for one in facts:
        if one not in settings and one not in schedule:
            known = ", ".join([*schedule[1:], *settings])
            raise UserError("unknown-setting", f"The fault {name} has no setting {one!r}.", f"Use one of: {known}.")
    own = {one: _like(name, one, facts[one], default) for one, default in settings.items() if one in facts}
    probability = _like(name, "probability", facts.get("probability", 1.0), 1.0)
    if not 0 <= probability <= 1:
        raise _wrong(name, "probability", probability, "a number from 0 to 1")
    return Rule(
        kind(**own),
        probability,
        _all(name, "on", facts.get("on", ()), int),
        _all(name, "operations", facts.get("operations", ()), str),
        _moment(name, "after", facts.get("after")),
        _moment(name, "until", facts.get("until")),
        _all(name, "rounds", facts.get("rounds", ()), int),
    )


def _like(fault: str | None, setting: str, value: Any, default: Any) -> Any:
    wanted = (int, float) if isinstance(default, float) else type(default)
    if isinstance(value, bool) or not isinstance(value, wanted):
        raise _wrong(fault, setting, value, f"something like {default!r}")
    return type(default)(value)


def _all(fault: str | None, setting: str, value: Any, kind: type) -> tuple[Any, ...]:
    items = value if isinstance(value, Sequence) and not isinstance(value, str) else [value]
    if not all(isinstance(one, kind) and not isinstance(one, bool) for one in items):
        raise _wrong(fault, setting, value, f"a list of {'numbers' if kind is int else 'texts'}")
    return tuple(items)


def _moment(fault: str | None, setting: str, value: Any) -> datetime | None:
    if value is None:
        return None
    try:
        found = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise _wrong(fault, setting, value, "a moment like 2026-09-02T12:00:00Z") from error
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def _wrong(fault: str | None, setting: str, value: Any, wanted: str) -> UserError:
    return UserError("setting-not-understood", f"{setting} of the fault {fault} is {value!r}.", f"Give {wanted}.")
