"""Verbs `model register|list|promote|rollback|retire`."""

from __future__ import annotations

from typing import Any

from eraforge.core.errors import Held, UserError
from eraforge.core.words import Entry
from eraforge.pipeline.steps import registry, stages
from eraforge.pipeline.steps.evaluating.judging import compare_reports
from eraforge.pipeline.steps.registry import Version
from eraforge.pipeline.tools import Tools
from eraforge.pipeline.verb import Facts, Visit
from eraforge.pipeline.workspace import open_workspace


def model_register(visit: Visit, entry: str, name: str) -> Facts:
    """Train and evaluate an entry as it is configured, and keep the model as a version of `name`.

    Raises:
        UserError: `unknown-entry`; EraforgeError: whatever data, training and evaluation refuse.
    """
    with open_workspace(visit) as tools:
        one = tools.configuration.entry(entry)
        number = tools.reader(one).current_round(tools.arena(one)).number
        files = stages.fetch(tools, one, number)
        columns = stages.feature(tools, one, files, stages.check(tools, one, number, files))
        facts = {
            "entry": tools.configuration.entries[entry].model_dump(),
            "fitted": stages.train(tools, one, files, columns),
            "columns": columns,
            "target": tools.target(one),
            "files": {role: digest for role, digest in files.items() if role != "live"},
            "report": stages.evaluate(tools, one, files, columns),
            "round": number,
        }
        return _row(tools, registry.register(tools, name or entry, facts))


def model_list(visit: Visit) -> Facts:
    """Every registered version, its aliases, and its figures."""
    with open_workspace(visit) as tools:
        rows = [_row(tools, version) for family in registry.families(tools).values() for version in _all(family)]
        return {"versions": rows}


def model_promote(visit: Visit, name: str, number: int, alias: str, because: str) -> Facts:
    """Let an alias point to a version: when it beats the present one, or for a reason that is written down.

    Raises:
        UserError: `unknown-registered-model`, `unknown-version`, `version-retired`.
        Held: `not-yet-better` when the difference cannot be told from chance and no reason was given.
    """
    with open_workspace(visit) as tools:
        chosen = registry.version_of(tools, f"{name}#{number}")
        present = registry.family(tools, name).current(alias)
        compared = _compared(tools, chosen, present) if present and present.number != number else []
        first = next((row for row in compared if row["difference"]), None)
        better = present is None or (first is not None and first["distinguishable"] and first["difference"]["mean"] > 0)
        if present is not None and present.number == number:
            return {"version": _row(tools, chosen), "alias": alias, "comparisons": [], "changed": False}
        if alias == registry.ALIASES[0] and not better and not because:
            sentence = first["sentence"] if first else "the two have no scored era in common"
            raise Held(
                "not-yet-better",
                f"{chosen.label} against the {alias} {present.label if present else ''}: {sentence}.",
                'Keep it as challenger, or promote it with a reason: --because "…".',
            )
        why = {"because": because, "sentence": first["sentence"] if first else "", "instead_of": _number(present)}
        registry.point(tools, chosen, alias, why)
        return {"version": _row(tools, chosen), "alias": alias, "comparisons": compared, "changed": True}


def model_rollback(visit: Visit, name: str, alias: str) -> Facts:
    """Let an alias point where it pointed before.

    Raises:
        UserError: `unknown-registered-model`, `nothing-to-roll-back`.
    """
    with open_workspace(visit) as tools:
        left, now = registry.roll_back(tools, name, alias)
        return {"left": _row(tools, left), "version": _row(tools, now), "alias": alias}


def model_retire(visit: Visit, name: str, number: int, because: str) -> Facts:
    """Take a version out of use.

    Raises:
        UserError: `unknown-registered-model`, `unknown-version`, `version-in-use`, `say-why`.
    """
    if not because:
        raise UserError("say-why", "A version is retired for a reason.", 'Give it: --because "…".')
    with open_workspace(visit) as tools:
        version = registry.version_of(tools, f"{name}#{number}")
        registry.retire(tools, version, because)
        return {"version": _row(tools, version)}


def _compared(tools: Tools, chosen: Version, present: Version) -> list[Facts]:
    if not (chosen.facts["report"] and present.facts["report"]) or chosen.facts["target"] != present.facts["target"]:
        return []
    entry = Entry(name=chosen.name, **chosen.facts["entry"])
    reports = [tools.cache.read_json(version.facts["report"]) for version in (chosen, present)]
    return compare_reports(tools.arena(entry), chosen.facts["target"], reports)


def _row(tools: Tools, version: Version) -> Facts:
    family = registry.family(tools, version.name)
    report: dict[str, Any] = tools.cache.read_json(version.facts["report"]) if version.facts["report"] else {}
    figures = {f"{row['score']} {row['name']}": row["value"] for row in report.get("figures", [])}
    aliases = [alias for alias in family.history if _number(family.current(alias)) == version.number]
    return {
        "name": version.name,
        "number": version.number,
        "at": version.at,
        "learner": version.facts["entry"]["learner"],
        "fitted": version.facts["fitted"],
        "aliases": aliases,
        "retired": family.retired.get(version.number),
        "sample": "validation",
        "corr": figures.get("CORR mean"),
        "sharpe": figures.get("CORR sharpe"),
        "mmc": figures.get("MMC mean"),
    }


def _all(family: registry.Family) -> list[Version]:
    return [family.versions[number] for number in sorted(family.versions)]


def _number(version: Version | None) -> int | None:
    return None if version is None else version.number
