"""Two reports side by side: the paired difference on what both scored, with its interval, in words and figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from eraforge.core.errors import DataError
from eraforge.core.panel import Sample
from eraforge.core.words import Arena

if TYPE_CHECKING:
    from eraforge.evaluation.uncertainty import Overlap

WEEKDAYS, WEEK = 5, 7
Facts = dict[str, Any]


def era_overlap(arena: Arena, target: str, reports: Sequence[Mapping[str, Any]]) -> Overlap:
    """The target's horizon, and the weekdays between neighbouring eras as the folds date them."""
    from eraforge.data.panels import target_of
    from eraforge.evaluation.uncertainty import Overlap

    steps = []
    for fold in (fold for report in reports for fold in report["folds"]):
        begin, end = (date.fromisoformat(day) for day in fold["predict"]["dates"])
        if fold["predict"]["count"] > 1:
            steps.append((end - begin).days / (fold["predict"]["count"] - 1))
    spacing = round(min(steps, default=float(WEEK)) * WEEKDAYS / WEEK, 6)
    return Overlap(target_of(arena, target).horizon, spacing)


def compare_reports(arena: Arena, target: str, reports: Sequence[Mapping[str, Any]]) -> list[Facts]:
    """The paired difference of two evaluation reports, first less second, for every score both have."""
    overlap = era_overlap(arena, target, reports)
    scored = [{row["score"]: known(row["eras"]) for row in report["scores"]} for report in reports]
    shared = [name for name in scored[0] if name in scored[1]]
    return [judge(scored[0][name], scored[1][name], name, Sample.VALIDATION, "eras", overlap) for name in shared]


def judge(
    first: Mapping[str, float], second: Mapping[str, float], score: str, sample: Sample, unit: str, overlap: Overlap
) -> Facts:
    """The mean difference of two series of scores with its interval and sentence, or why there is none."""
    from eraforge.evaluation import comparison

    shared = sorted(set(first) & set(second))
    try:
        found = comparison.compare(first, second, overlap, sample, score=score, unit=unit)
    except DataError as error:
        if error.code not in ("eras-not-shared", "series-too-short"):
            raise
        return cannot(score, sample, unit, _too_few(len(shared), unit), len(shared))
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


def cannot(score: str, sample: Sample, unit: str, why: str, count: int = 0) -> Facts:
    """A comparison that cannot be made, and why."""
    row: Facts = {"score": score, "sample": str(sample), "unit": unit, "count": count, "difference": None}
    return {**row, "sentence": f"no comparison on the {sample} sample: {why}", "differences": {}}


def _too_few(count: int, unit: str) -> str:
    from eraforge.evaluation.uncertainty import SHORTEST

    return f"{count} {unit} are scored for both, and it takes {SHORTEST} to say how sure a difference is"


def known(eras: Mapping[str, float | None]) -> dict[str, float]:
    """The eras that have a score."""
    return {era: value for era, value in eras.items() if value is not None}
