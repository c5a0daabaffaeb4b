"""`eraforge simulator log|judge|seed`: verbs about what a simulator did, or would give."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from eraforge.simulator.judge.checks import judge as judge_lines
from eraforge.simulator.judge.reading import read_log
from eraforge.simulator.verbs.serving import Visitor

WRONG = 1
Line = Mapping[str, Any]


def log(
    visit: Visitor, log: str, last: int, operation: str, model: str, fault: str, outcome: str, changes: bool
) -> dict[str, Any]:
    """The requests of a history and, if wanted, the changes they made, as far as they pass the filters.

    Args:
        log: a state folder or its journal.
        last: how many rows at most, the latest.
        operation: pattern of the operation or the change; model: identifier; fault: pattern of the fault's name;
            outcome: of the request.
        changes: show state changes too, each after the request that made it.

    Raises:
        UserError: `no-log-there`. DataError: `log-damaged`.
    """
    rows = [row for row in merged(*read_log(Path(log))) if changes or row["kind"] != "change"]
    wanted = {"operation": operation, "model": model, "fault": fault, "outcome": outcome}
    asked = {name: pattern for name, pattern in wanted.items() if pattern}
    kept = [row for row in rows if all(fnmatchcase(row[name] or "", pattern) for name, pattern in asked.items())]
    return {"log": log, "rows": kept[-last:], "matching": len(kept), "total": len(rows)}


def merged(lines: Sequence[Line], requests: Sequence[Line]) -> Iterator[dict[str, Any]]:
    """Requests and state changes of a history in the order in which they happened."""
    place = 0
    for request in requests:
        for line in lines[place : request["after"]]:
            yield _change(line)
        place = max(place, request["after"])
        yield _request(request)
    for line in lines[place:]:
        yield _change(line)


def judge(visit: Visitor, log: str, replacements: bool) -> dict[str, Any]:
    """Judge a history; the exit code tells whether anything is wrong.

    Args:
        log: a state folder or its journal.
        replacements: take another answer for a slot for one that a person asked for.

    Raises:
        UserError: `no-log-there`. DataError: `log-damaged`.
    """
    found = judge_lines(*read_log(Path(log)), replacements=replacements)
    findings = [one.as_dict() for one in found.findings]
    return {"log": log, "findings": findings, "figures": found.figures, "exit_code": 0 if found.clean else WRONG}


def seed(visit: Visitor, seed: int, scale: str) -> dict[str, Any]:
    """What a seed gives before anything happens: the world, the ready account with its keys and models, the field."""
    from eraforge.simulator.tournament.records import READY_ACCOUNT, READY_BALANCE, Records
    from eraforge.simulator.world import build_worlds

    worlds = build_worlds(seed, scale)
    records = Records(seed, {number: world.competitors for number, world in worlds.items()})
    virtual = datetime(2026, 1, 1, tzinfo=UTC).isoformat()
    records.apply({"virtual": virtual, "change": "started", "facts": {}})
    for number in sorted(worlds.keys() - records.opened):
        facts = {"tournament": number, "name": worlds[number].arena.name}
        records.apply({"virtual": virtual, "change": "tournament-opened", "facts": facts})
    account = records.accounts[READY_ACCOUNT]
    models = [records.models[one] for one in account.models]
    return {
        "seed": seed,
        "synthetic": [world.synthetic for world in worlds.values()],
        "username": account.username,
        "public_id": account.tokens[0].public,
        "secret_key": account.tokens[0].secret.reveal(),
        "scopes": list(account.tokens[0].scopes),
        "balance": f"{READY_BALANCE:f}",
        "models": {one.name: one.id for one in models},
        "stakes": {one.name: f"{one.stake:f}" for one in models},
        "arenas": {one.name: worlds[one.tournament].arena.name for one in models},
        "competitors": sum(one.competitor for one in records.accounts.values()),
        "files": [name for world in worlds.values() for name in world.filenames()],
    }


def _request(line: Line) -> dict[str, Any]:
    return {
        "kind": line["kind"],
        "number": line["request"],
        "virtual": line["virtual"],
        "real": line["real"],
        "operation": line["operation"],
        "model": line["model"],
        "about": line["file"] or line["model"],
        "status": line["status"],
        "outcome": line["outcome"],
        "messages": line["messages"],
        "fault": line["fault"],
    }


def _change(line: Line) -> dict[str, Any]:
    facts = line["facts"]
    return {
        "kind": "change",
        "number": line["sequence"],
        "virtual": line["virtual"],
        "real": line["real"],
        "operation": line["change"],
        "model": facts.get("model_id") or facts.get("model"),
        "about": facts.get("filename") or facts.get("to") or facts.get("round") or facts.get("model"),
        "status": None,
        "outcome": "changed",
        "messages": [facts["error"]] if facts.get("error") else [],
        "fault": facts.get("fault") if isinstance(facts.get("fault"), str) else None,
        "facts": dict(facts),
    }
