"""`compare`: is one entry better than another, out of fold and live, and how many more rounds would tell?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from eraforge.core.errors import DataError, UserError
from eraforge.core.panel import Sample
from eraforge.core.words import Entry
from eraforge.pipeline.steps import live_history, stages
from eraforge.pipeline.tools import Tools
from eraforge.pipeline.turn import follow
from eraforge.pipeline.verb import Facts, Visit
from eraforge.pipeline.workspace import open_workspace

if TYPE_CHECKING:
    from eraforge.evaluation.uncertainty import Overlap

WEEKDAYS, WEEK = 5, 7


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
        return [_cannot("CORR", Sample.VALIDATION, unit, why)]
    reports = [_report(tools, entry) for entry in (one, other)]
    if not all(reports):
        return [_cannot("CORR", Sample.VALIDATION, unit, "an entry with folds = 0 is not evaluated out of fold")]
    overlap = _era_overlap(tools, one, reports)
    scored = [{row["score"]: _known(row["eras"]) for row in report["scores"]} for report in reports]
    shared = [name for name in scored[0] if name in scored[1]]
    return [_judge(scored[0][name], scored[1][name], name, Sample.VALIDATION, unit, overlap) for name in shared]


def _report(tools: Tools, entry: Entry) -> Any:
    number = tools.reader(entry).current_round(tools.arena(entry)).number
    files = stages.fetch(tools, entry, number)
    columns = stages.feature(tools, entry, files, stages.check(tools, entry, number, files))
    digest = stages.evaluate(tools, entry, files, columns)
    return tools.cache.read_json(digest) if digest else None


def _era_overlap(tools: Tools, entry: Entry, reports: list[Any]) -> Overlap:
    """The target's horizon, and the weekdays between neighbouring eras as the folds date them."""
    from datetime import date

    from eraforge.data.panels import target_of
    from eraforge.evaluation.uncertainty import Overlap

    steps = []
    for fold in (fold for report in reports for fold in report["folds"]):
        begin, end = (date.fromisoformat(day) for day in fold["predict"]["dates"])
        if fold["predict"]["count"] > 1:
            steps.append((end - begin).days / (fold["predict"]["count"] - 1))
    spacing = round(min(steps, default=float(WEEK)) * WEEKDAYS / WEEK, 6)
    return Overlap(target_of(tools.arena(entry), tools.target(entry)).horizon, spacing)


def _live(tools: Tools, one: Entry, other: Entry) -> list[Facts]:
    """Final scores of the rounds that both played, for each score that pays."""
    unit = "rounds"
    if one.arena != other.arena:
        return [_cannot("score", Sample.LIVE, unit, f"{one.name} and {other.name} play in different arenas")]
    ids = [tools.model_id(entry) for entry in (one, other)]
    if ids[0] == ids[1]:
        return [_cannot("score", Sample.LIVE, unit, f"both play for the model {one.model}")]
    for entry in (one, other):
        follow(entry, lambda work, *given: work(tools, *given))
    finals = [live_history.final_scores(tools, model_id) for model_id in ids]
    shared = sorted(set(finals[0]) & set(finals[1]))
    if not shared:
        return [_cannot("score", Sample.LIVE, unit, "no round that both played has resolved")]
    arena = tools.arena(one)
    policy = live_history.policy_of(arena, tools.round(one, _newest(tools, ids)))
    overlap = live_history.round_overlap(arena, policy.score_days)
    rows = []
    for name in live_history.paying(policy):
        series = [{f"{number:06d}": each[number][name] for number in shared if name in each[number]} for each in finals]
        rows.append(_judge(series[0], series[1], name, Sample.LIVE, unit, overlap))
    return rows


def _newest(tools: Tools, ids: list[str]) -> int:
    """The last round in which either model has any score: its rules say what pays now."""
    return max(row.round for model_id in ids for row in tools.ledger.scores(model_id))


def _judge(
    first: Mapping[str, float], second: Mapping[str, float], score: str, sample: Sample, unit: str, overlap: Overlap
) -> Facts:
    from eraforge.evaluation import comparison

    shared = sorted(set(first) & set(second))
    try:
        found = comparison.compare(first, second, overlap, sample, score=score, unit=unit)
    except DataError as error:
        if error.code not in ("eras-not-shared", "series-too-short"):
            raise
        return _cannot(score, sample, unit, _too_few(len(shared), unit), len(shared))
    interval = found.difference
    return {
        "score": score,
        "sample": str(sample),
        "unit": unit,
        "count": interval.count,
        "sentence": found.sentence,
        "difference": {
            "mean": interval.mean,
            "low": interval.low,
            "high": interval.high,
            "level": interval.level,
            "error": interval.error,
        },
        "distinguishable": found.distinguishable,
        "more": found.more,
        "overlap": {"horizon": overlap.horizon, "spacing": overlap.spacing},
        "differences": {era.lstrip("0") if unit == "rounds" else era: first[era] - second[era] for era in shared},
    }


def _cannot(score: str, sample: Sample, unit: str, why: str, count: int = 0) -> Facts:
    row: Facts = {"score": score, "sample": str(sample), "unit": unit, "count": count, "difference": None}
    return {**row, "sentence": f"no comparison on the {sample} sample: {why}", "differences": {}}


def _too_few(count: int, unit: str) -> str:
    from eraforge.evaluation.uncertainty import SHORTEST

    return f"{count} {unit} are scored for both, and it takes {SHORTEST} to say how sure a difference is"


def _known(eras: Mapping[str, float | None]) -> dict[str, float]:
    return {era: value for era, value in eras.items() if value is not None}
