"""Convex losses of linear scores, minimised over rows that are kept as small numbers and widened a block at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from eraforge.core.errors import DataError
from eraforge.core.panel import Panel
from eraforge.models.eras import row_weights
from eraforge.models.linear import one_thread
from eraforge.models.progress import report
from eraforge.models.rows import are_bytes, labels

ROWS_AT_ONCE = 16384

Loss = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]
"""Scores and labels (rows,) -> loss and its derivative by the score, each (rows,)."""
Map = Callable[[np.ndarray], np.ndarray]
"""A block of features (rows, features) float64 -> what the linear scores are made of (rows, width) float64."""


@dataclass(frozen=True)
class Rows:
    """Training rows in memory: one byte per value where the features are bytes, four otherwise.

    Args:
        matrix: features, (rows, features).
        truth: labels, (rows,).
        weights: weight of each row with mean 1, (rows,).
        mean, scale: of each feature, (features,); scores are made of standardised features.
    """

    matrix: np.ndarray
    truth: np.ndarray
    weights: np.ndarray
    mean: np.ndarray
    scale: np.ndarray

    def block(self, start: int) -> np.ndarray:
        """Standardised features of the rows from `start` on, float64."""
        return standardised(self.matrix[start : start + ROWS_AT_ONCE], self.mean, self.scale)


def standardised(matrix: np.ndarray, mean: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """`(matrix - mean) / scale` as float64."""
    out = matrix.astype(np.float64)
    out -= mean
    out /= scale
    return out


def read_rows(panel: Panel, half_life: float, even: bool) -> Rows:
    """The labelled rows of a panel, with the mean and deviation of each feature.

    Raises:
        DataError: `nothing-to-learn-from`, `missing-feature-values`, `features-all-constant`.
    """
    truth = labels(panel)
    matrix = panel.matrix(np.int8 if are_bytes(panel) else np.float32)
    weights = row_weights(panel, half_life, even)
    total = np.zeros(matrix.shape[1])
    squares = np.zeros(matrix.shape[1])
    for start in range(0, len(matrix), ROWS_AT_ONCE):
        block = matrix[start : start + ROWS_AT_ONCE].astype(np.float64)
        total += block.sum(axis=0)
        squares += (block**2).sum(axis=0)
    mean = total / len(matrix)
    variance = squares / len(matrix) - mean**2
    if not np.isfinite(variance).all():
        raise DataError(
            "missing-feature-values",
            "A feature holds missing values, which a linear model cannot use.",
            "Fill them when the panel is checked.",
        )
    scale = np.sqrt(np.where(variance > 1e-12 * np.maximum(mean**2, 1.0), variance, np.inf))
    if not np.isfinite(scale).any():
        raise DataError("features-all-constant", "No feature has two values.", "Select features that vary.")
    return Rows(matrix, truth, np.ones(len(truth)) if weights is None else weights, mean, scale)


def minimise(rows: Rows, loss: Loss, penalty: float, mapped: Map | None, rounds: int) -> np.ndarray:
    """Weights and, last, the intercept that minimise the mean weighted loss plus `penalty * |w|^2 / 2`, by L-BFGS.

    Args:
        penalty: L2 penalty; the intercept is free of it.
        mapped: what scores are linear in, where not the standardised features themselves.
        rounds: iterations at most.
    """
    from scipy.optimize import minimize

    width = (rows.block(0)[:1] if mapped is None else mapped(rows.block(0)[:1])).shape[1]
    total = float(rows.weights.sum())

    def objective(solution: np.ndarray) -> tuple[float, np.ndarray]:
        value, slope = 0.0, np.zeros(width + 1)
        for start in range(0, len(rows.truth), ROWS_AT_ONCE):
            here = slice(start, start + ROWS_AT_ONCE)
            block = rows.block(start) if mapped is None else mapped(rows.block(start))
            losses, slopes = loss(block @ solution[:-1] + solution[-1], rows.truth[here])
            slopes = slopes * rows.weights[here]
            value += float(losses @ rows.weights[here])
            slope[:-1] += slopes @ block
            slope[-1] += slopes.sum()
        slope /= total
        slope[:-1] += penalty * solution[:-1]
        return value / total + penalty * float(solution[:-1] @ solution[:-1]) / 2, slope

    done = 0

    def tell(_: np.ndarray) -> None:
        nonlocal done
        done += 1
        report("rounds", done, rounds)

    with one_thread():
        found = minimize(
            objective, np.zeros(width + 1), jac=True, method="L-BFGS-B", callback=tell,
            options={"maxiter": rounds, "ftol": 1e-10, "gtol": 1e-8},
        )  # fmt: skip
    solution: np.ndarray = found.x
    return solution
