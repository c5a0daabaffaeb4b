"""Stationary block bootstrap of overlapping scores, corrected for what short series do to it.

Blocks of geometric length keep neighbouring rounds together (Politis and Romano 1994). On a few hundred overlapping
rounds the bootstrap variance of a mean is too small and rests on few blocks. Both can be reckoned exactly from the
known overlap: the variance is a quadratic form of the series, so its expectation and its degrees of freedom follow
from the correlation matrix. The draws are stretched by the first and read with Student's t by the second.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
from scipy.special import ndtri

from eraforge.core.errors import UserError
from eraforge.core.panel import Sample
from eraforge.evaluation.uncertainty import Interval, Overlap, critical, long_run, observations

DENSEST = 400


def stationary_indices(
    count: int, block: float, draws: int, generator: np.random.Generator, length: int | None = None
) -> np.ndarray:
    """Row numbers of `draws` resampled series: (draws, length), each a chain of blocks of mean length `block`.

    A block runs on circularly past the last observation. Apply the same rows to every model to keep their correlation.

    Raises:
        UserError: `block-too-short` for blocks below one observation.
    """
    if block < 1 or count < 1:
        raise UserError(
            "block-too-short", f"Blocks of {block} of {count} rounds cannot be drawn.", "Give at least one round."
        )
    size = count if length is None else length
    fresh = generator.random((draws, size)) < 1 / block
    fresh[:, 0] = True
    starts = generator.integers(0, count, (draws, size))
    places = np.arange(size)
    opened = np.maximum.accumulate(np.where(fresh, places, 0), axis=1)
    return np.asarray((np.take_along_axis(starts, opened, axis=1) + places - opened) % count)


def block_length(count: int, overlap: Overlap) -> float:
    """Mean block length: twice the overlap, n^(1/3) at least, a fifth of the series at most."""
    return float(max(1.0, min(max(2.0 * (overlap.length - 1), count ** (1 / 3)), count / 5)))


@lru_cache(maxsize=64)
def correction(count: int, block: float, overlap: Overlap) -> tuple[float, float]:
    """What bootstrap deviations of a mean are multiplied by, and the degrees of freedom of their variance.

    Long series are thinned to a proportional problem of at most 400 observations.
    """
    thin = max(1, -(-count // DENSEST))
    size, mean_block = count // thin, max(1.0, block / thin)
    rho = Overlap(overlap.horizon / thin, overlap.spacing).correlation(size)
    lags = np.arange(size)
    stay = 1 - 1 / mean_block
    weight = (1 - lags / size) * stay**lags + lags / size * stay ** (size - lags)
    weight[0] = 1.0
    apart = np.abs(np.subtract.outer(lags, lags))
    form = weight[apart]
    form = form - form.mean(axis=0) - form.mean(axis=1)[:, None] + form.mean()
    product = form @ rho[apart] / size
    expected = float(np.trace(product))
    return float(np.sqrt(long_run(rho, size) / expected)), expected**2 / float(np.sum(product * product.T))


def bootstrap_interval(
    series: np.ndarray,
    statistic: Callable[[np.ndarray], np.ndarray],
    overlap: Overlap,
    sample: Sample,
    *,
    level: float = 0.95,
    draws: int = 1000,
    seed: int = 0,
) -> Interval:
    """The interval of any statistic of a series of overlapping scores (n,), such as its Sharpe ratio.

    Args:
        statistic: resampled series (draws, n) -> (draws,).

    Raises:
        DataError: as `observations`.
        UserError: `level-out-of-range`.
    """
    values = observations(series)
    block = block_length(values.size, overlap)
    generator = np.random.default_rng(seed)
    drawn = statistic(values[stationary_indices(values.size, block, draws, generator)])
    here = float(statistic(values[None, :])[0])
    stretch, freedom = correction(values.size, block, overlap)
    stretch *= critical(level, freedom) / float(ndtri(0.5 + level / 2))
    low, high = np.quantile(drawn - here, [0.5 - level / 2, 0.5 + level / 2]) * stretch
    error = float(np.std(drawn) * stretch)
    return Interval(here, here - float(high), here - float(low), level, error, freedom, values.size, sample)


def means(drawn: np.ndarray) -> np.ndarray:
    """Mean of each row: (draws, n) -> (draws,)."""
    return np.asarray(drawn.mean(axis=-1))


def sharpes(drawn: np.ndarray) -> np.ndarray:
    """Mean over standard deviation (ddof 0) of each row: (draws, n) -> (draws,). A constant row gives 0."""
    spread = drawn.std(axis=-1)
    return np.asarray(np.where(spread > 0, drawn.mean(axis=-1) / np.where(spread > 0, spread, 1.0), 0.0))
