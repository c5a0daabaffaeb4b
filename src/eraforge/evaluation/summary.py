"""Scores per era in a few figures, each of which says which sample it comes from."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from eraforge.core.errors import UserError
from eraforge.core.panel import Sample


@dataclass(frozen=True)
class EraScores:
    """One score of one sample, era by era.

    Args:
        name: the score ("CORR", "MMC").
        sample: the sample of these eras.
        values: era to score in time order; None where the era could not be scored (no label yet, constant
            predictions, no meta model).
    """

    name: str
    sample: Sample
    values: Mapping[str, float | None]

    def scored(self) -> np.ndarray:
        """The scores that exist, shape (scored eras,), in time order."""
        return np.array([value for value in self.values.values() if value is not None], dtype=np.float64)

    def as_dict(self) -> dict[str, Any]:
        """JSON-able form."""
        return {"score": self.name, "sample": self.sample.value, "eras": dict(self.values)}


@dataclass(frozen=True, slots=True)
class Figure:
    """One number about a sample.

    Args:
        name: what it measures ("mean", "sharpe").
        score: the score it sums up ("CORR").
        value: the number, or None where the sample is too small for it.
        sample: the sample it comes from; a train figure is never a result.
        eras: how many scored eras it rests on.
    """

    name: str
    score: str
    value: float | None
    sample: Sample
    eras: int

    def as_dict(self) -> dict[str, Any]:
        """JSON-able form."""
        value = self.value
        return {
            "name": self.name,
            "score": self.score,
            "value": value,
            "sample": self.sample.value,
            "eras": self.eras,
        }


def era_scores(name: str, sample: Sample, eras: tuple[str, ...], values: np.ndarray) -> EraScores:
    """Scores of some eras, with NaN read as "could not be scored"."""
    plain = [float(value) if math.isfinite(value) else None for value in values]
    return EraScores(name, sample, dict(zip(eras, plain, strict=True)))


def summarise(scores: EraScores) -> tuple[Figure, ...]:
    """Mean, standard deviation, Sharpe, maximum drawdown and standard error of the mean of the scored eras.

    The standard deviation divides by n (ddof 0) and Sharpe is mean / standard deviation, as in Numerai's diagnostics.
    `standard_error_overlap_ignored` is standard deviation (ddof 1) / sqrt(n): labels of neighbouring eras overlap, so
    the true error is larger.

    Raises:
        UserError: `nothing-scored` when no era has a score.
    """
    values = scores.scored()
    if not len(values):
        raise UserError(
            "nothing-scored",
            f"No era of the {scores.sample.value} sample has a {scores.name}.",
            "Evaluate eras whose target is known, with predictions that vary.",
        )
    mean, spread = float(values.mean()), float(values.std())
    error = float(values.std(ddof=1)) / math.sqrt(len(values)) if len(values) > 1 else None
    named = {
        "mean": mean,
        "standard_deviation": spread,
        "sharpe": mean / spread if spread > 0 else None,
        "maximum_drawdown": maximum_drawdown(values),
        "standard_error_overlap_ignored": error,
    }
    return tuple(Figure(name, scores.name, value, scores.sample, len(values)) for name, value in named.items())


def maximum_drawdown(values: np.ndarray) -> float:
    """The deepest fall of the cumulative sum below its running maximum, at least 0.

    The running maximum starts at the first value, not at zero. Source: Numerai's example notebooks.
    """
    path = np.cumsum(values)
    return float((np.maximum.accumulate(path) - path).max())
