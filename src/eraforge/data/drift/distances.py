"""How far two samples of a column lie apart: the population stability index and the Kolmogorov-Smirnov statistic.

Binned columns (int8 features) are counted, never sorted: one pass over each matrix gives every column's histogram, and
both figures follow from it.
"""

from __future__ import annotations

import numba as nb
import numpy as np
from numba import njit

LEAST_SHARE = 1e-4
"""A bin that one side lacks counts as this share, so that the index stays finite."""
BINS = 10


@njit(cache=True, parallel=True)  # type: ignore[untyped-decorator]
def count_columns(matrix: np.ndarray, low: int, kinds: int) -> np.ndarray:
    """How often each value stands in each column.

    Args:
        matrix: (columns, rows) int8, each column contiguous.
        low: lowest value counted; `kinds` values from there. Others are not counted.

    Returns:
        (columns, kinds) int64.
    """
    counts = np.zeros((matrix.shape[0], kinds), np.int64)
    for column in nb.prange(matrix.shape[0]):
        values = matrix[column]
        # A pass for each value compares many cells at once; one pass that looks counters up waits for each cell.
        for kind in range(kinds):
            wanted = np.int8(low + kind)
            found = np.int32(0)
            for row in range(values.shape[0]):
                found += np.int32(values[row] == wanted)
            counts[column, kind] = found
    return counts


def stability_index(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """PSI per column of two histograms: sum over bins of (q - p) ln(q / p), shares below 0.0001 raised to it.

    Args:
        before, after: (columns, bins) counts.

    Returns:
        (columns,) float64; NaN where one side is empty. Below 0.1 is steady, above 0.25 another population.

    Source: N. Siddiqi, Credit Risk Scorecards (2006), chapter 12.
    """
    p, q = _shares(before), _shares(after)
    p, q = np.maximum(p, LEAST_SHARE), np.maximum(q, LEAST_SHARE)
    return np.asarray(((q - p) * np.log(q / p)).sum(axis=1))


def largest_gap(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Two-sample Kolmogorov-Smirnov statistic per column of two histograms over the same ordered values.

    Exact when every bin is one value, as with binned features; (columns,) float64 in 0..1.

    Source: N. Smirnov, Table for estimating the goodness of fit of empirical distributions (1948).
    """
    return np.asarray(np.abs(np.cumsum(_shares(before), axis=1) - np.cumsum(_shares(after), axis=1)).max(axis=1))


def largest_gap_of_values(before: np.ndarray, after: np.ndarray) -> float:
    """The same statistic of two samples of continuous values; missing ones are left out. NaN where one is empty."""
    one, other = np.sort(before[~np.isnan(before)]), np.sort(after[~np.isnan(after)])
    if not one.size or not other.size:
        return float("nan")
    both = np.concatenate([one, other])
    below = np.searchsorted(one, both, side="right") / one.size
    under = np.searchsorted(other, both, side="right") / other.size
    return float(np.abs(below - under).max())


def histograms(before: np.ndarray, after: np.ndarray, bins: int = BINS) -> tuple[np.ndarray, np.ndarray]:
    """Counts of two samples in the deciles of the first, for the stability index. Each (1, bins) int64."""
    known, fresh = before[~np.isnan(before)], after[~np.isnan(after)]
    if not known.size:
        return np.zeros((1, bins), np.int64), np.zeros((1, bins), np.int64)
    edges = np.unique(np.quantile(known, np.arange(1, bins) / bins))
    places = len(edges) + 1
    first = np.bincount(np.searchsorted(edges, known, side="left"), minlength=places)
    second = np.bincount(np.searchsorted(edges, fresh, side="left"), minlength=places)
    return first[None, :], second[None, :]


def critical_gap(before: int, after: int, level: float) -> float:
    """The KS statistic that samples of one population exceed with probability `level`, for large samples.

    Source: Smirnov's limit, sqrt(-ln(level / 2) / 2) * sqrt((n + m) / (n m)).
    """
    return float(np.sqrt(-np.log(level / 2) / 2) * np.sqrt((before + after) / (before * after)))


def _shares(counts: np.ndarray) -> np.ndarray:
    total = counts.sum(axis=1, keepdims=True).astype(np.float64)
    total[total == 0] = np.nan
    return np.asarray(counts / total)
