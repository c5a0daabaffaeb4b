"""Regimes of eras, and a score in each of them: a model that earns in one kind of time only is told apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from eraforge.core.errors import DataError
from eraforge.core.panel import Sample
from eraforge.evaluation.uncertainty import SHORTEST, Overlap, mean_interval

TERCILES = ("hard for others", "middling for others", "easy for others")
LEVEL = 0.9


@dataclass(frozen=True, slots=True)
class RegimeScore:
    """A score over the eras of one regime.

    Args:
        kind: how eras were told apart ("year", "difficulty"); `regime` is the name of this group.
        mean, low, high: mean with its interval; low and high are None where too few eras are scored.
        positive: share of the eras above zero.
    """

    kind: str
    regime: str
    eras: int
    mean: float
    low: float | None
    high: float | None
    positive: float
    sample: Sample

    def as_dict(self) -> dict[str, Any]:
        """JSON-able form."""
        return {
            "kind": self.kind,
            "regime": self.regime,
            "eras": self.eras,
            "mean": self.mean,
            "low": self.low,
            "high": self.high,
            "positive": self.positive,
            "sample": str(self.sample),
        }


def by_year(dates: Mapping[str, date]) -> dict[str, str]:
    """Era to the year it lies in."""
    return {era: str(day.year) for era, day in dates.items()}


def by_difficulty(others: Mapping[str, float]) -> dict[str, str]:
    """Era to a tercile of what somebody else (the meta model, a benchmark) scored in it.

    Raises:
        DataError: `too-few-eras-for-regimes` below three eras.
    """
    if len(others) < len(TERCILES):
        raise DataError(
            "too-few-eras-for-regimes", f"{len(others)} eras cannot be parted in three.", "Evaluate more eras."
        )
    eras = list(others)
    order = np.argsort([others[era] for era in eras], kind="stable")
    place = np.empty(len(eras), dtype=int)
    place[order] = np.arange(len(eras)) * len(TERCILES) // len(eras)
    return {era: TERCILES[tercile] for era, tercile in zip(eras, place.tolist(), strict=True)}


def regime_scores(
    kind: str, scores: Mapping[str, float], regime_of: Mapping[str, str], overlap: Overlap, sample: Sample
) -> list[RegimeScore]:
    """The score in each regime, in order of the regimes' names; eras of no regime are left out.

    Eras of a difficulty regime are not neighbours; their interval takes them for independent where they are far apart,
    which `overlap` then understates nothing of: it is that of neighbours.
    """
    groups: dict[str, list[float]] = {}
    for era in sorted(scores):
        if era in regime_of:
            groups.setdefault(regime_of[era], []).append(scores[era])
    order = {name: place for place, name in enumerate(TERCILES)}
    rows = []
    for name in sorted(groups, key=lambda one: (order.get(one, 0), one)):
        values = np.array(groups[name])
        found = mean_interval(values, overlap, sample, LEVEL) if len(values) >= SHORTEST else None
        rows.append(
            RegimeScore(
                kind,
                name,
                len(values),
                float(values.mean()),
                None if found is None else found.low,
                None if found is None else found.high,
                float((values > 0).mean()),
                sample,
            )
        )
    return rows
