"""The part of a column that is linear in some features, era by era."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase

import numpy as np
import polars as pl

from eraforge.core.errors import UserError
from eraforge.core.panel import frame_matrix
from eraforge.models.linear import one_thread

LEAST = 1e-9
"""Penalty, as a share of the mean variance, that keeps repeated features solvable."""


def chosen(features: Sequence[str], patterns: Sequence[str]) -> tuple[str, ...]:
    """The features that match at least one pattern (`*`, `?`), in their order; all of them where there is no pattern.

    Raises:
        UserError: `no-such-features` when a pattern matches none.
    """
    for pattern in patterns:
        if not any(fnmatchcase(name, pattern) for name in features):
            raise UserError(
                "no-such-features",
                f"No feature of this panel matches {pattern!r}.",
                "Check the names of the features, or the pattern.",
            )
    if not patterns:
        return tuple(features)
    return tuple(name for name in features if any(fnmatchcase(name, pattern) for pattern in patterns))


def linear_part(rows: pl.DataFrame, features: Sequence[str], values: np.ndarray, penalty: float = LEAST) -> np.ndarray:
    """Fitted values of the least squares of `values` on the features of one era and a constant, without the constant.

    Args:
        rows: one era.
        features: what to be linear in; a missing value counts as the feature's mean.
        values: (rows,).
        penalty: L2 penalty as a share of the mean variance of the features.

    Returns:
        (rows,) with mean 0.
    """
    from scipy.linalg import solve

    matrix = frame_matrix(rows, features, np.float64)
    with np.errstate(invalid="ignore"):
        missing = np.isnan(matrix)
    if missing.any():
        matrix[missing] = np.nan
        means = np.nan_to_num(np.nanmean(matrix, axis=0, where=~missing.all(axis=0)))
        matrix = np.where(missing, means, matrix)
    matrix -= matrix.mean(axis=0)
    with one_thread():
        gram = matrix.T @ matrix
        size = float(np.trace(gram)) / len(gram)
        if size == 0.0:
            return np.zeros(len(values))
        gram[np.diag_indices(len(gram))] += penalty * size
        weights = solve(gram, matrix.T @ (values - values.mean()), assume_a="pos")
        fitted: np.ndarray = matrix @ weights
    return fitted
