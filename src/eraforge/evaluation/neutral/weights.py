"""Portfolio weights neutral to risk factors, and the scores made of them: alpha, MPC, turnover.

Arrays of one era in, arrays out. Source of every formula: numerai-tools 0.7.2, `scoring` and `signals`.
"""

from __future__ import annotations

import numpy as np

from eraforge.core.errors import DataError
from eraforge.evaluation.kernels.primitives import (
    MAX_FILTERED,
    as_columns,
    as_vector,
    centre,
    complete_rows,
    orthogonalise,
    power,
    refuse_missing,
    weight_normalise,
)
from eraforge.evaluation.kernels.threads import one_algebra_thread
from eraforge.evaluation.neutral.scores import as_neutralisers

MPC_SCALE = 50
"""The constant the reference divides MPC by since 2026."""


def neutral_weights(
    predictions: np.ndarray, neutralisers: np.ndarray, sample_weights: np.ndarray, *, centred: bool = False
) -> np.ndarray:
    """`(s - N (N.T (v s))) v` for the ranked, gaussianised and powered predictions s.

    Source: numerai-tools 0.7.2, `scoring.generate_neutralized_weights`.

    Args:
        predictions: (rows, columns) or (rows,), without NaN.
        neutralisers: N (rows, neutralisers), orthonormal under the weights (`N.T V N = I`), without NaN.
        sample_weights: v (rows,), without NaN.
        centred: centre each column and scale it to absolute sum 1, as turnover needs it.

    Returns:
        (rows, columns); zeros for a constant column (NaN when `centred`).

    Raises:
        DataError: `shapes-differ`, `not-numbers`, `missing-values`, `power-distorts` for a single row.
    """
    from eraforge.evaluation.kernels.tables import looked_up, power_table

    columns = as_columns(predictions)
    table, volume = _factors(neutralisers, sample_weights, len(columns))
    refuse_missing(columns, "the predictions")
    if len(columns) < 2:
        power(columns[:, 0], 1.5)
    weights = looked_up(columns, power_table(len(columns)))
    with one_algebra_thread():
        factors = table.astype(np.float64, copy=False)
        weights -= factors @ (factors.T @ (weights * volume[:, None]))
    weights *= volume[:, None]
    return weight_normalise(centre(weights)) if centred else weights


def alpha(
    predictions: np.ndarray,
    neutralisers: np.ndarray,
    sample_weights: np.ndarray,
    target: np.ndarray,
    *,
    max_filtered: float = MAX_FILTERED,
) -> np.ndarray:
    """Alpha: what the neutral weights earn on the centred target, per row.

    Source: numerai-tools 0.7.2, `scoring.alpha`.

    Args:
        predictions: (rows, columns) or (rows,).
        neutralisers: (rows, neutralisers), orthonormal under the weights, without NaN.
        sample_weights: (rows,), without NaN.
        target: (rows,). It is centred before rows are left out.
        max_filtered: share of rows that may lack predictions or target.

    Returns:
        (columns,).

    Raises:
        DataError: `too-few-overlapping-rows` and those of `neutral_weights`.
    """
    columns = as_columns(predictions)
    truth = centre(as_vector(target, len(columns), "target"))
    table, volume = _factors(neutralisers, sample_weights, len(columns))
    kept = complete_rows(len(columns), columns, truth, max_filtered=max_filtered)
    if kept is not None:
        columns, truth, table, volume = columns[kept], truth[kept], table[kept], volume[kept]
    weights = neutral_weights(columns, table, volume)
    earned: np.ndarray = np.einsum("ij,i->j", weights, truth) / len(truth)
    return earned


def mpc(
    predictions: np.ndarray,
    stakes: np.ndarray,
    neutralisers: np.ndarray,
    sample_weights: np.ndarray,
    target: np.ndarray,
    *,
    max_filtered: float = MAX_FILTERED,
) -> np.ndarray:
    """MPC: gradient of the stake-weighted portfolio's alpha with respect to each stake, divided by 50.

    Source: numerai-tools 0.7.2, `scoring.meta_portfolio_contribution`.

    Args:
        predictions: (rows, models).
        stakes: (models,), NaN counting 0; none negative, their sum positive.
        neutralisers: (rows, neutralisers), orthonormal under the weights, without NaN.
        sample_weights: (rows,), without NaN.
        target: (rows,).
        max_filtered: share of rows that may lack predictions or target.

    Returns:
        (models,); NaN throughout when the portfolio is empty.

    Raises:
        DataError: `stakes-do-not-add-up`, `too-few-overlapping-rows` and those of `neutral_weights`.
    """
    columns = as_columns(predictions)
    truth = as_vector(target, len(columns), "target")
    table, volume = _factors(neutralisers, sample_weights, len(columns))
    kept = complete_rows(len(columns), columns, truth, max_filtered=max_filtered)
    if kept is not None:
        columns, truth, table, volume = columns[kept], truth[kept], table[kept], volume[kept]
    shares = weight_normalise(np.nan_to_num(as_vector(stakes, columns.shape[1], "vector of stakes")))
    if not np.isclose(shares.sum(), 1):
        raise DataError(
            "stakes-do-not-add-up", "The stakes have no positive sum to weigh by.", "Give stakes of zero or more NMR."
        )
    weights = centre(neutral_weights(columns, table, volume))
    portfolio = centre(np.einsum("ij,j->i", weights, shares))
    size = np.sqrt(np.einsum("i,i->", portfolio, portfolio))
    slope = np.einsum("ij,i->j", orthogonalise(weights, portfolio), centre(truth))
    with np.errstate(invalid="ignore", divide="ignore"):
        gradient: np.ndarray = slope / size / MPC_SCALE
    return gradient


def _factors(neutralisers: np.ndarray, sample_weights: np.ndarray, rows: int) -> tuple[np.ndarray, np.ndarray]:
    table, volume = as_neutralisers(neutralisers, rows), as_vector(sample_weights, rows, "vector of sample weights")
    refuse_missing(table, "the neutralisers")
    refuse_missing(volume, "the sample weights")
    return table, volume
