"""Ranks and bins of one era's values, as the tournaments publish their targets: five bins of 5/20/50/20/5 %."""

from __future__ import annotations

import numpy as np

SHARES = (0.05, 0.25, 0.75, 0.95)
"""Where a bin ends, as a share of the era (of its weight, where rows are weighted)."""
STEPS = np.arange(len(SHARES) + 1) / len(SHARES)


def ranked(values: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """Ranks within (0, 1): the weight below a value plus half the weight at it. Ties keep one common rank.

    With equal weights this is `(average rank - 0.5) / n`, numerai-tools' `tie_kept_rank`.

    Args:
        values: (n,); NaN has no rank and counts for nothing.
        weights: (n,) not negative; None weighs all rows alike.

    Returns:
        (n,), NaN where `values` is.
    """
    result = np.full(len(values), np.nan)
    kept = np.flatnonzero(~np.isnan(values))
    if not len(kept):
        return result
    weight = np.ones(len(kept)) if weights is None else np.asarray(weights, np.float64)[kept]
    order = np.argsort(values[kept], kind="stable")
    ordered = values[kept][order]
    total = np.concatenate([[0.0], np.cumsum(weight[order])])
    first = np.searchsorted(ordered, ordered, side="left")
    after = np.searchsorted(ordered, ordered, side="right")
    result[kept[order]] = (total[first] + total[after]) / (2 * total[-1])
    return result


def binned(values: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """Ranks in five bins 0, .25, .5, .75, 1 with shares 5/20/50/20/5 %; ties share a bin.

    Args:
        values, weights: as of `ranked`.

    Returns:
        (n,), NaN where `values` is.
    """
    rank = ranked(values, weights)
    bins = STEPS[np.searchsorted(SHARES, rank, side="left").clip(max=len(SHARES))]
    return np.where(np.isnan(rank), np.nan, bins)
