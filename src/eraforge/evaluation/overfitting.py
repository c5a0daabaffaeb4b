"""How much of the best of many tries is luck: deflated Sharpe ratio and probability of backtest overfitting."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from scipy.special import ndtr, ndtri

from eraforge.core.errors import UserError
from eraforge.core.panel import Sample
from eraforge.evaluation.uncertainty import Overlap, long_run, observations

EULER = 0.5772156649015329


@dataclass(frozen=True, slots=True)
class Deflated:
    """The Sharpe ratio of the best of many tries, against the best that luck alone would show.

    Args:
        sharpe: of the chosen series, per era.
        by_luck: expected largest Sharpe ratio of as many tries without skill.
        probability: that the true Sharpe ratio exceeds `by_luck`.
        tries: how many were made.
        independent: observations the overlapping series is worth.
        sample: where the series comes from.
    """

    sharpe: float
    by_luck: float
    probability: float
    tries: int
    independent: float
    sample: Sample


def luckiest(tries: int, variance: float) -> float:
    """Expected largest Sharpe ratio of `tries` tries without skill whose Sharpe ratios have that variance.

    Bailey and Lopez de Prado 2014, "The Deflated Sharpe Ratio".

    Raises:
        UserError: `tries-too-few` below two.
    """
    if tries < 2:
        raise UserError(
            "tries-too-few", f"{tries} tries leave nothing to deflate.", "Count every try, also failed ones."
        )
    first, second = ndtri(1 - 1 / tries), ndtri(1 - 1 / (tries * math.e))
    return float(math.sqrt(variance) * ((1 - EULER) * first + EULER * second))


def exceeds(sharpe: float, by_luck: float, independent: float, skew: float, kurtosis: float) -> float:
    """Probability that the true Sharpe ratio exceeds `by_luck`, from moments of the series (kurtosis 3 is normal)."""
    spread = 1 - skew * sharpe + (kurtosis - 1) / 4 * sharpe**2
    return float(ndtr((sharpe - by_luck) * math.sqrt(max(independent - 1, 0.0)) / math.sqrt(max(spread, 1e-12))))


def deflated_sharpe(series: np.ndarray, tried: np.ndarray, overlap: Overlap, sample: Sample) -> Deflated:
    """Deflate the Sharpe ratio of the chosen series (n,) by all the Sharpe ratios that were tried (m,).

    Overlapping eras count for less than they are: the number of observations is divided by their long-run variance.

    Raises:
        DataError: `series-too-short`, `series-not-finite`.
        UserError: `tries-too-few`.
    """
    values = observations(series)
    centred = values - values.mean()
    spread = float(centred.std())
    standard = centred / spread if spread > 0 else centred
    sharpe = float(values.mean()) / spread if spread > 0 else 0.0
    independent = values.size / long_run(overlap.correlation(values.size), values.size)
    ratios = np.asarray(tried, dtype=np.float64)
    by_luck = luckiest(ratios.size, float(ratios.var(ddof=1)) if ratios.size > 1 else 0.0)
    skew, kurtosis = float(np.mean(standard**3)), float(np.mean(standard**4))
    chance = exceeds(sharpe, by_luck, independent, skew, kurtosis)
    return Deflated(sharpe, by_luck, chance, ratios.size, independent, sample)


@dataclass(frozen=True, slots=True)
class Overfitting:
    """How often the best of the tries on one half of the eras falls below the middle on the other half.

    Args:
        probability: share of the splits in which it does (probability of backtest overfitting).
        splits: ways of halving the blocks.
        rank: mean relative rank (0 worst, 1 best) of the chosen try on the other half.
        sample: where the series come from.
    """

    probability: float
    splits: int
    rank: float
    sample: Sample


def overfitting(series: np.ndarray, overlap: Overlap, sample: Sample, blocks: int = 12) -> Overfitting:
    """Probability of backtest overfitting by combinatorially symmetric cross-validation, judged by Sharpe ratio.

    Bailey, Borwein, Lopez de Prado and Zhu 2017. The first eras of each block, whose labels reach into the block
    before, are left out, so that no label stands on both sides.

    Args:
        series: one column per try (n, m).
        blocks: even number of consecutive blocks that are halved in every way.

    Raises:
        UserError: `blocks-not-even`, `tries-too-few`, `blocks-too-short` when a block is all overlap.
    """
    values = np.asarray(series, dtype=np.float64)
    if blocks % 2 or not 4 <= blocks <= 16:
        raise UserError("blocks-not-even", f"{blocks} blocks cannot be used.", "Take an even number from 4 to 16.")
    if values.ndim != 2 or values.shape[1] < 2:
        raise UserError("tries-too-few", "At least two tries are needed.", "Give one column per try, failed ones too.")
    parts = [part[overlap.length - 1 :] for part in np.array_split(values, blocks)]
    if min(len(part) for part in parts) < 2:
        raise UserError(
            "blocks-too-short",
            f"{len(values)} eras in {blocks} blocks leave nothing beside the overlap of {overlap.length - 1} eras.",
            "Take fewer blocks or more eras.",
        )
    counts = np.array([len(part) for part in parts], dtype=np.float64)
    sums = np.stack([part.sum(axis=0) for part in parts])
    squares = np.stack([np.square(part).sum(axis=0) for part in parts])
    chosen = np.zeros((math.comb(blocks, blocks // 2), blocks))
    for row, members in enumerate(combinations(range(blocks), blocks // 2)):
        chosen[row, members] = 1.0
    inside, outside = (_sharpes(half, counts, sums, squares) for half in (chosen, 1 - chosen))
    best = inside.argmax(axis=1)
    reached = outside[np.arange(len(best)), best][:, None]
    below = (outside < reached).sum(axis=1) + ((outside == reached).sum(axis=1) - 1) / 2
    rank = (below + 1) / (values.shape[1] + 1)
    return Overfitting(float(np.mean(rank <= 0.5)), len(best), float(rank.mean()), sample)


def _sharpes(chosen: np.ndarray, counts: np.ndarray, sums: np.ndarray, squares: np.ndarray) -> np.ndarray:
    total = (chosen @ counts)[:, None]
    mean = chosen @ sums / total
    spread = np.sqrt(np.maximum(chosen @ squares / total - np.square(mean), 0.0))
    return np.asarray(np.where(spread > 0, mean / np.where(spread > 0, spread, 1.0), 0.0))
