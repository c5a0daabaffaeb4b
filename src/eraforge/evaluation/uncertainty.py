"""How sure a mean of overlapping scores is.

Scores of rounds that open days apart share most of their return days: with a horizon of h weekdays and rounds every
s weekdays, neighbours correlate by 1 - s/h. A naive standard error takes them for independent and is far too small.

The standard error here is a long-run variance from the lowest frequencies of the series (cosine weights: Lazarus,
Lewis, Stock and Watson 2018, "HAR inference"), with two refinements for short series: each frequency is divided by the
share that the known overlap leaves in it, and the critical value is Student's t with the effective number of
frequencies. The classical Bartlett estimator (Newey and West 1987) with fixed-b critical values (Kiefer and Vogelsang
2005) is kept beside it for comparison; on strongly overlapping series it does not hold its level.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.special import stdtrit

from eraforge.core.errors import DataError, UserError
from eraforge.core.panel import Sample

SHORTEST = 8
LEAST_SHARE = 0.3
FEWEST, MOST = 3, 200


@dataclass(frozen=True, slots=True)
class Overlap:
    """How much of their label neighbouring observations share.

    Args:
        horizon: weekdays of returns in one label (20 or 60).
        spacing: weekdays between two observations: 5 for weekly eras, 1 for daily rounds.

    Raises:
        UserError: `overlap-not-positive`.
    """

    horizon: float
    spacing: float

    def __post_init__(self) -> None:
        if self.horizon <= 0 or self.spacing <= 0:
            raise UserError(
                "overlap-not-positive",
                f"A horizon of {self.horizon} weekdays every {self.spacing} weekdays makes no sense.",
                "Give both as positive numbers of weekdays.",
            )

    @property
    def length(self) -> int:
        """Observations that one label touches, itself included; 1 means no overlap."""
        return max(1, math.ceil(self.horizon / self.spacing))

    def correlation(self, count: int) -> np.ndarray:
        """Autocorrelation at lags 0..count-1 of sums of independent days over the horizon: (count,)."""
        return np.asarray(np.maximum(0.0, 1.0 - np.arange(count) * self.spacing / self.horizon))


WEEKLY_20, WEEKLY_60 = Overlap(20, 5), Overlap(60, 5)
DAILY_20, DAILY_60 = Overlap(20, 1), Overlap(60, 1)


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean with its interval.

    Args:
        mean, low, high: in units of the score.
        level: the stated share of such intervals that hold the truth.
        error: standard error of the mean.
        freedom: degrees of freedom of the t value used.
        count: observations.
        sample: which sample they come from.
    """

    mean: float
    low: float
    high: float
    level: float
    error: float
    freedom: float
    count: int
    sample: Sample

    @property
    def excludes_zero(self) -> bool:
        """Whether the sign of the mean is certain at this level."""
        return self.low > 0 or self.high < 0


def observations(series: np.ndarray) -> np.ndarray:
    """The series as float64 (n,), refused unless it is finite and long enough to say anything.

    Raises:
        DataError: `series-too-short`, `series-not-finite`.
    """
    values = np.asarray(series, dtype=np.float64)
    if values.ndim != 1 or values.size < SHORTEST:
        raise DataError(
            "series-too-short",
            f"A series of shape {values.shape} is too short to say how sure its mean is.",
            f"Give one score per era, {SHORTEST} eras at least.",
        )
    if not np.isfinite(values).all():
        raise DataError(
            "series-not-finite",
            "The series holds missing or infinite scores.",
            "Leave out eras that could not be scored, and say so.",
        )
    return values


@lru_cache(maxsize=64)
def _frequencies(count: int, overlap: Overlap) -> tuple[np.ndarray, np.ndarray, float]:
    """Cosine weights (b, count), the share of the long-run variance the overlap leaves in each (b,), and freedom."""
    reach = min(MOST, count // 2, max(FEWEST, round(0.41 * count ** (2 / 3))))
    steps = np.arange(1, reach + 1)[:, None]
    weights = math.sqrt(2 / count) * np.cos(np.pi * steps * (np.arange(count) + 0.5) / count)
    rho = overlap.correlation(count)
    near = rho[: overlap.length]
    if 2 * near.size <= count:
        spread = np.stack([np.convolve(row, np.concatenate([near[:0:-1], near]), "same") for row in weights])
    else:
        spread = weights @ rho[np.abs(np.subtract.outer(np.arange(count), np.arange(count)))]
    shared = spread @ weights.T
    whole = long_run(rho, count)
    share = np.diag(shared) / whole
    kept = int(np.argmax(share < LEAST_SHARE)) if (share < LEAST_SHARE).any() else share.size
    kept = min(share.size, max(FEWEST, kept))
    share = share[:kept]
    cross = shared[:kept, :kept] / whole / np.sqrt(np.outer(share, share))
    return weights[:kept], share, float(kept**2 / np.square(cross).sum())


def long_run(rho: np.ndarray, count: int) -> float:
    """`count` times the variance of the mean of unit-variance observations with autocorrelation `rho` from lag 0."""
    lags = np.arange(1, min(rho.size, count))
    return float(rho[0] + 2 * np.sum((1 - lags / count) * rho[lags]))


def standard_error(series: np.ndarray, overlap: Overlap) -> tuple[float, float]:
    """Standard error of the mean of a series (n,), and the degrees of freedom of its t value.

    Raises:
        DataError: as `observations`.
    """
    values = observations(series)
    weights, share, freedom = _frequencies(values.size, overlap)
    power = np.square(weights @ (values - values.mean())) / share
    return float(np.sqrt(power.mean() / values.size)), freedom


def mean_interval(series: np.ndarray, overlap: Overlap, sample: Sample, level: float = 0.95) -> Interval:
    """The mean of a series of overlapping scores (n,) and the interval that holds its truth with the stated share.

    Raises:
        DataError: as `observations`.
        UserError: `level-out-of-range`.
    """
    values = observations(series)
    error, freedom = standard_error(values, overlap)
    reach = critical(level, freedom) * error
    mean = float(values.mean())
    return Interval(mean, mean - reach, mean + reach, level, error, freedom, values.size, sample)


def sharpe_interval(series: np.ndarray, overlap: Overlap, sample: Sample, level: float = 0.95) -> Interval:
    """The Sharpe ratio (mean over standard deviation, ddof 0, per era) of a series (n,), with its interval.

    The error is that of the ratio's influence series, d - S / 2 * (d^2 - 1) with d = (x - mean) / deviation.

    Raises:
        DataError: as `observations`; `series-constant`.
        UserError: `level-out-of-range`.
    """
    values = observations(series)
    spread = float(values.std())
    if spread == 0:
        raise DataError(
            "series-constant", "Every era has the same score, so there is no Sharpe ratio.", "Check the scores."
        )
    ratio, standard = float(values.mean()) / spread, (values - values.mean()) / spread
    error, freedom = standard_error(standard - ratio / 2 * (np.square(standard) - 1), overlap)
    reach = critical(level, freedom) * error
    return Interval(ratio, ratio - reach, ratio + reach, level, error, freedom, values.size, sample)


def critical(level: float, freedom: float) -> float:
    """Two-sided critical value of Student's t.

    Raises:
        UserError: `level-out-of-range`.
    """
    if not 0 < level < 1:
        raise UserError("level-out-of-range", f"A level of {level} is no share.", "Give 0.9 or 0.95.")
    return float(stdtrit(freedom, 0.5 + level / 2))


def naive_interval(series: np.ndarray, sample: Sample, level: float = 0.95) -> Interval:
    """The interval that takes overlapping scores for independent. It is wrong; it is here to show how wrong."""
    values = observations(series)
    error = float(values.std(ddof=1) / math.sqrt(values.size))
    reach, mean = critical(level, values.size - 1) * error, float(values.mean())
    return Interval(mean, mean - reach, mean + reach, level, error, values.size - 1.0, values.size, sample)


def newey_west_interval(series: np.ndarray, overlap: Overlap, sample: Sample) -> Interval:
    """The 95 % interval from Bartlett weights, the overlap's lag and fixed-b critical values, for comparison.

    Critical value: 1.96 + 2.9694 b + 0.4160 b^2 - 0.5324 b^3 with b = bandwidth / n (Kiefer and Vogelsang 2005).
    """
    values = observations(series)
    count = values.size
    width = min(count, max(overlap.length, int(1.3 * math.sqrt(count))))
    centred = values - values.mean()
    total = float(np.mean(np.square(centred)))
    for lag in range(1, width):
        total += 2 * (1 - lag / width) * float(np.dot(centred[lag:], centred[:-lag])) / count
    error, share = math.sqrt(max(total, 0.0) / count), width / count
    reach = (1.96 + 2.9694 * share + 0.4160 * share**2 - 0.5324 * share**3) * error
    mean = float(values.mean())
    return Interval(mean, mean - reach, mean + reach, 0.95, error, math.inf, count, sample)
