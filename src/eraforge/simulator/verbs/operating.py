"""`eraforge simulator advance|faults`: verbs that ask a simulator that runs."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from eraforge.core.errors import UserError
from eraforge.simulator.faults.plan import plan_of, read_plan
from eraforge.simulator.verbs.asking import ask
from eraforge.simulator.verbs.serving import Visitor


def advance(visit: Visitor, server: str, to: str, seconds: float, speed: float) -> dict[str, Any]:
    """Move the clock of a running simulator, to the next event unless told how far, or let it run.

    Args:
        to: a moment; seconds: how far; speed: virtual seconds a real second from then on, 0 to stand still, below 0
            to leave it as it is.

    Raises:
        UserError: `advance-not-understood`, `clock-goes-back`. Transient: `simulator-does-not-answer`.
    """
    facts: dict[str, Any] = {"events": []}
    if to or seconds:
        facts = ask(server, "advance", {"to": to} if to else {"seconds": seconds})
    elif speed < 0:
        facts = ask(server, "advance", {"event": "next"})
    if speed >= 0:
        facts |= ask(server, "clock", {"speed": speed})
    return {"server": server, **ask(server, "clock"), "events": facts["events"]}


def faults(
    visit: Visitor,
    name: str,
    server: str,
    plan: str,
    probability: float,
    on: str,
    operations: str,
    rounds: str,
    settings: str,
    clear: bool,
) -> dict[str, Any]:
    """Show the faults in force, and every fault there is; set a plan, add one fault, or end them all.

    Args:
        name: of a fault to add, and with it `probability`, `on` (numbers of matching requests), `operations`
            (patterns), `rounds` (numbers, for a fault of rounds) and `settings` (`seconds=3, pieces=10`).
        plan: a TOML file to put in the place of the faults in force.
        clear: end all faults first.

    Raises:
        UserError: what is wrong with the fault or the plan. Transient: `simulator-does-not-answer`.
    """
    if clear or plan:
        facts = read_plan(Path(plan), 0).as_dict() if plan else {"fault": []}
        ask(server, "faults", {"fault": facts["fault"]})
    if name:
        rule = {"name": name, "probability": probability, **_settings(settings)}
        rule |= {"on": [_number(one) for one in _listed(on)]} if on else {}
        rule |= {"operations": _listed(operations)} if operations else {}
        rule |= {"rounds": [_number(one) for one in _listed(rounds)]} if rounds else {}
        plan_of({"fault": [rule]}, 0)
        ask(server, "faults", {"add": rule})
    return {"server": server, **ask(server, "faults")}


def _settings(text: str) -> dict[str, Any]:
    if not text:
        return {}
    found = dict(one.partition("=")[::2] for one in _listed(text))
    try:
        return {name.strip(): tomllib.loads(f"value = {value.strip()}")["value"] for name, value in found.items()}
    except tomllib.TOMLDecodeError as error:
        raise UserError(
            "settings-not-understood", f"{text!r} does not read as settings.", 'Write them as "seconds=3, pieces=10".'
        ) from error


def _listed(text: str) -> list[str]:
    return [one.strip() for one in text.split(",") if one.strip()]


def _number(text: str) -> int:
    if not text.isdigit():
        raise UserError(
            "settings-not-understood", f"{text!r} is no number.", "Give numbers: --on 1,3 or --rounds 1347."
        )
    return int(text)
