"""`compare`: is one entry better than another, out of fold and live, and how many more rounds would tell?"""

from __future__ import annotations

from typing import Any

from eraforge.core.errors import DataError, UserError
from eraforge.core.panel import Sample
from eraforge.core.words import Entry
from eraforge.pipeline.steps import live_history, stages
from eraforge.pipeline.steps.evaluating.judging import cannot, compare_reports, judge
from eraforge.pipeline.tools import Tools
from eraforge.pipeline.turn import follow
from eraforge.pipeline.verb import Facts, Visit
from eraforge.pipeline.workspace import open_workspace


def compare(visit: Visit, first: str, second: str) -> Facts:
    """Compare two entries on the eras and on the rounds they share.

    Raises:
        UserError: `compare-needs-two`, `unknown-entry`.
        DataError: `nothing-to-compare` when neither sample allows a comparison; and whatever evaluation refuses.
    """
    with open_workspace(visit) as tools:
        one, other = _two(tools, first, second)
        found = [*_out_of_fold(tools, one, other), *_live(tools, one, other)]
        if not any(row["difference"] for row in found):
            raise DataError(
                "nothing-to-compare",
                f"{first} and {second} cannot be compared yet: " + "; ".join(row["sentence"] for row in found) + ".",
                "Evaluate both on the same eras, or play more rounds with both.",
            )
        return {"first": one.name, "second": other.name, "comparisons": found}


def _two(tools: Tools, first: str, second: str) -> tuple[Entry, Entry]:
    if not first or not second or first == second:
        known = ", ".join(tools.configuration.entries) or "none"
        raise UserError("compare-needs-two", "Name two different entries to compare.", f"Configured entries: {known}.")
    return tools.configuration.entry(first), tools.configuration.entry(second)


def _out_of_fold(tools: Tools, one: Entry, other: Entry) -> list[Facts]:
    """Both evaluated as `evaluate` does, from the store where that is done; era by era on what both predicted."""
    unit = "eras"
    targets = tools.target(one), tools.target(other)
    if (one.arena, targets[0]) != (other.arena, targets[1]):
        why = f"{one.name} learns {one.arena}'s {targets[0]}, {other.name} {other.arena}'s {targets[1]}"
        return [cannot("CORR", Sample.VALIDATION, unit, why)]
    reports = [_report(tools, entry) for entry in (one, other)]
    if not all(reports):
        return [cannot("CORR", Sample.VALIDATION, unit, "an entry with folds = 0 is not evaluated out of fold")]
    return compare_reports(tools.arena(one), targets[0], reports)


def _report(tools: Tools, entry: Entry) -> Any:
    number = tools.reader(entry).current_round(tools.arena(entry)).number
    files = stages.fetch(tools, entry, number)
    columns = stages.feature(tools, entry, files, stages.check(tools, entry, number, files))
    digest = stages.evaluate(tools, entry, files, columns)
    return tools.cache.read_json(digest) if digest else None


def _live(tools: Tools, one: Entry, other: Entry) -> list[Facts]:
    """Final scores of the rounds that both played, for each score that pays."""
    unit = "rounds"
    if one.arena != other.arena:
        return [cannot("score", Sample.LIVE, unit, f"{one.name} and {other.name} play in different arenas")]
    ids = [tools.model_id(entry) for entry in (one, other)]
    if ids[0] == ids[1]:
        return [cannot("score", Sample.LIVE, unit, f"both play for the model {one.model}")]
    for entry in (one, other):
        follow(entry, lambda work, *given: work(tools, *given))
    finals = [live_history.final_scores(tools, model_id) for model_id in ids]
    shared = sorted(set(finals[0]) & set(finals[1]))
    if not shared:
        return [cannot("score", Sample.LIVE, unit, "no round that both played has resolved")]
    arena = tools.arena(one)
    policy = live_history.policy_of(arena, tools.round(one, _newest(tools, ids)))
    overlap = live_history.round_overlap(arena, policy.score_days)
    rows = []
    for name in live_history.paying(policy):
        series = [{f"{number:06d}": each[number][name] for number in shared if name in each[number]} for each in finals]
        rows.append(judge(series[0], series[1], name, Sample.LIVE, unit, overlap))
    return rows


def _newest(tools: Tools, ids: list[str]) -> int:
    """The last round in which either model has any score: its rules say what pays now."""
    return max(row.round for model_id in ids for row in tools.ledger.scores(model_id))
