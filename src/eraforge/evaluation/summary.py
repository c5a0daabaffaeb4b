"""Scores per era in a few figures, each of which says which sample it comes from."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from eraforge.core.errors import UserError
from eraforge.core.panel import Sample

SMALLEST_SPREAD = 1e-12
"""Standard deviation of scores below which they count as not varying."""


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
    """Mean, standard deviation, Sharpe, drawdown, autocorrelation, consistency, tail and error of the scored eras.

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
        "sharpe": sharpe(values),
        "smart_sharpe": smart_sharpe(values),
        "autocorrelation": autocorrelation(values),
        "maximum_drawdown": maximum_drawdown(values),
        "consistency": consistency(values),
        "worst_era": float(values.min()),
        "lower_quantile_5": lower_quantile(values),
        "mean_of_worst_5": mean_of_worst(values),
        "standard_error_overlap_ignored": error,
    }
    return tuple(Figure(name, scores.name, value, scores.sample, len(values)) for name, value in named.items())


def maximum_drawdown(values: np.ndarray) -> float:
    """The deepest fall of the cumulative sum below its running maximum, at least 0.

    The running maximum starts at the first value, not at zero. Source: Numerai's example notebooks.
    """
    path = np.cumsum(values)
    return float((np.maximum.accumulate(path) - path).max())


def sharpe(values: np.ndarray) -> float | None:
    """Mean / standard deviation (ddof 0) of scores per era, not annualised; None where they do not vary.

    Source: numerai-tools 0.7.2, `scoring.sharpe_ratio`.
    """
    spread = float(values.std())
    return float(values.mean()) / spread if spread > 0 else None


def autocorrelation(values: np.ndarray) -> float | None:
    """Pearson correlation of each era's score with the next one's; None with fewer than three eras or no variation."""
    earlier, later = values[:-1], values[1:]
    if len(values) < 3 or min(earlier.std(), later.std()) < SMALLEST_SPREAD:
        return None
    return float(np.corrcoef(earlier, later)[0, 1])


def smart_sharpe(values: np.ndarray) -> float | None:
    """Sharpe divided by `sqrt(1 + 2 sum over k of (1 - k/n) rho**k)`, rho the autocorrelation.

    Scores that run in streaks are worth less than their Sharpe says. Source: the tournament's community formula
    (there with ddof 1; here ddof 0 as in Sharpe). None where the Sharpe or the autocorrelation is, or where the sum
    under the root is not positive.
    """
    ratio, rho = sharpe(values), autocorrelation(values)
    if ratio is None or rho is None:
        return None
    lags = np.arange(1, len(values))
    penalty = 1 + 2 * float(((1 - lags / len(values)) * rho**lags).sum())
    return ratio / math.sqrt(penalty) if penalty > 0 else None


def consistency(values: np.ndarray) -> float:
    """Share of the eras whose score is above zero."""
    return float((values > 0).mean())


def lower_quantile(values: np.ndarray, share: float = 0.05) -> float:
    """The score that `share` of the eras fall below (linear between neighbours): the value at risk, with its sign."""
    return float(np.quantile(values, share))


def mean_of_worst(values: np.ndarray, share: float = 0.05) -> float:
    """Mean score of the worst `share` of the eras, at least one: the expected shortfall, with its sign."""
    worst = max(1, math.floor(share * len(values)))
    return float(np.sort(values)[:worst].mean())
