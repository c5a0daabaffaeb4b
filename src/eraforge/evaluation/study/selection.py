"""Greedy selection of a blend from a pool: members are added on some eras, and the blend is judged on later ones.

Source: Caruana and others, Ensemble Selection from Libraries of Models (2004); here without replacement, so that the
blend is a plain rank average, and with held-out eras, since the selection flatters itself on those it looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from eraforge.core.errors import DataError
from eraforge.core.panel import ERA, Sample
from eraforge.evaluation.comparison import Comparison, compare
from eraforge.evaluation.study.ensembles import LEVEL, blend_scores
from eraforge.evaluation.uncertainty import SHORTEST, Interval, Overlap, mean_interval

INNER = 0.6
OBJECTIVES: Mapping[str, Callable[[np.ndarray], float]] = {
    "corr": lambda scores: float(scores.mean()),
    "sharpe": lambda scores: float(scores.mean() / (scores.std(ddof=1) + 1e-12)),
}


@dataclass(frozen=True, slots=True)
class Selection:
    """A blend that was picked, and how it does where the picking did not look.

    Args:
        picks: names in the order they were added, with the objective on the inner eras after each.
        inner, held_out: the eras of both parts; between them as many are left out as labels overlap.
        outcome: mean CORR of the blend on the held-out eras.
        over_first: the blend less its first member, over_pool: less the average of the whole pool, both held out; None
            where the two are the same.
    """

    picks: tuple[tuple[str, float], ...]
    objective: str
    inner: tuple[str, ...]
    held_out: tuple[str, ...]
    outcome: Interval
    over_first: Comparison | None
    over_pool: Comparison | None

    def as_dict(self) -> dict[str, Any]:
        """JSON-able form; all figures are of the validation sample."""
        found = self.outcome
        return {
            "objective": self.objective,
            "picks": [{"name": name, "value": value} for name, value in self.picks],
            "inner": {"eras": [self.inner[0], self.inner[-1]], "count": len(self.inner)},
            "held_out": {"eras": [self.held_out[0], self.held_out[-1]], "count": len(self.held_out)},
            "outcome": {"mean": found.mean, "low": found.low, "high": found.high, "level": found.level},
            "over_first": None if self.over_first is None else self.over_first.sentence,
            "over_pool": None if self.over_pool is None else self.over_pool.sentence,
            "sample": str(found.sample),
        }


def parts_of(eras: Sequence[str], gap: int) -> tuple[list[str], list[str]]:
    """The inner eras to select on, and after a gap the later ones to judge by.

    Raises:
        DataError: `too-few-eras-to-select` when either part would be shorter than an interval needs.
    """
    cut = round(len(eras) * INNER)
    inner, held_out = list(eras[:cut]), list(eras[cut + gap :])
    if min(len(inner), len(held_out)) < SHORTEST:
        raise DataError(
            "too-few-eras-to-select",
            f"{len(eras)} shared eras leave {len(inner)} to select on and {len(held_out)} to judge by, with {gap} "
            f"between them; each part needs {SHORTEST}.",
            "Evaluate the experiments on more eras.",
        )
    return inner, held_out


def select(ranks: pl.DataFrame, pool: Sequence[str], gap: int, objective: str, overlap: Overlap) -> Selection:
    """Add the experiment that helps the rank average most, as long as one does, on the inner eras.

    Args:
        ranks: `era`, `id`, `truth` and a column of ranks per member of the pool, rows of all of them, in time order.
        pool: names of the columns.
        gap: eras left out between selecting and judging.
        objective: `corr` (mean per era) or `sharpe`.

    Raises:
        DataError: `too-few-eras-to-select`.
    """
    inner, held_out = parts_of(ranks[ERA].unique(maintain_order=True).to_list(), gap)
    near, later = (ranks.filter(pl.col(ERA).is_in(part)) for part in (inner, held_out))
    picks: list[tuple[str, float]] = []
    left = list(pool)
    while left:
        names = [name for name, _ in picks]
        tried = {name: _value(near, [*names, name], objective) for name in left}
        best = max(left, key=lambda name: tried[name])
        if picks and tried[best] <= picks[-1][1]:
            break
        picks.append((best, tried[best]))
        left.remove(best)
    names = [name for name, _ in picks]
    blend = _even(later, names)
    judged = mean_interval(np.array(list(blend.values())), overlap, Sample.VALIDATION, LEVEL)

    def over(others: Sequence[str]) -> Comparison | None:
        if set(others) == set(names):
            return None
        return compare(blend, _even(later, others), overlap, Sample.VALIDATION, level=LEVEL)

    return Selection(tuple(picks), objective, tuple(inner), tuple(held_out), judged, over(names[:1]), over(pool))


def _value(ranks: pl.DataFrame, names: Sequence[str], objective: str) -> float:
    scores = np.array(list(_even(ranks, names).values()))
    return OBJECTIVES[objective](scores) if len(scores) > 1 else -np.inf


def _even(ranks: pl.DataFrame, names: Sequence[str]) -> dict[str, float]:
    eras = ranks[ERA].unique().to_list()
    return blend_scores(ranks, {era: dict.fromkeys(names, 1.0) for era in eras})
