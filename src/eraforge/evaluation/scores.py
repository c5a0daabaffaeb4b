"""The official scores of one era that need no neutralisers: arrays in, arrays out.

Every score takes the rows of one era in one order and equals numerai-tools 0.7.2 to 1e-12. Rows with a missing value
are left out; a score refuses when that is more than `max_filtered` of them. The scores with neutralisers are in
the folder `evaluation.neutral`; `evaluation.eras` scores many eras at once.
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
    correlation_of_sums,
    orthogonalise,
    pearson,
    power,
    refuse_many_extremes,
)


def corr(
    predictions: np.ndarray,
    target: np.ndarray,
    *,
    top_bottom: int | None = None,
    target_power: bool = True,
    max_filtered: float = MAX_FILTERED,
) -> np.ndarray:
    """CORR: the score of 20 and 60 day targets and of crypto (CORR20, CORR60).

    Pearson correlation of the gaussianised tie-kept ranks with the centred target, both to the power 1.5.
    Source: numerai-tools 0.7.2, `scoring.numerai_corr`.

    Args:
        predictions: (rows, columns) or (rows,).
        target: (rows,). It is centred before rows are left out.
        top_bottom: score only that many of the lowest and as many of the highest predictions.
        target_power: False for a target of plain returns.
        max_filtered: share of rows that may be left out.

    Returns:
        (columns,) correlations; NaN for a constant column or target.

    Raises:
        DataError: `shapes-differ`, `not-numbers`, `too-few-overlapping-rows`, `power-distorts` (also for a single
            row), `top-bottom-too-large`.
    """
    from eraforge.evaluation.kernels.tables import looked_up, looked_up_sums, power_table

    columns = as_columns(predictions)
    truth = centre(as_vector(target, len(columns), "target"))
    kept = complete_rows(len(columns), columns, truth, max_filtered=max_filtered)
    if kept is not None:
        columns, truth = columns[kept], truth[kept]
    rows = len(truth)
    truth = power(truth, 1.5) if target_power and rows > 1 else truth
    if rows < 2:
        power(columns[:, 0], 1.5)
    if top_bottom:
        return correlation_of_extremes(columns, looked_up(columns, power_table(rows)), truth, top_bottom)
    if truth.min() == truth.max():
        return np.full(columns.shape[1], np.nan)
    truth = truth - truth.mean()
    sums = looked_up_sums(columns, power_table(rows), truth[:, None])
    squares = sums[:, 1] - sums[:, 0] ** 2 / rows
    return correlation_of_sums(sums[:, 2], squares, np.einsum("i,i->", truth, truth))


def mmc(
    predictions: np.ndarray,
    meta_model: np.ndarray,
    target: np.ndarray,
    *,
    top_bottom: int | None = None,
    max_filtered: float = MAX_FILTERED,
) -> np.ndarray:
    """MMC: how much each column adds to the meta model.

    Covariance of the centred target with the part of the gaussianised predictions orthogonal to the gaussianised
    meta model. A target within [0, 1] is multiplied by 4. Source: numerai-tools 0.7.2,
    `scoring.correlation_contribution`.

    Args:
        predictions: (rows, columns) or (rows,).
        meta_model: (rows,), the stake-weighted meta model.
        target: (rows,).
        top_bottom: score only that many of the lowest and of the highest orthogonal values of each column.
        max_filtered: share of rows that may be left out.

    Returns:
        (columns,) contributions; 0 for a constant column, NaN throughout for a constant meta model.

    Raises:
        DataError: `shapes-differ`, `not-numbers`, `too-few-overlapping-rows`, `top-bottom-too-large`.
    """
    from eraforge.evaluation.kernels.tables import gauss_table, looked_up, looked_up_sums

    columns = as_columns(predictions)
    market, truth = as_vector(meta_model, len(columns), "meta model"), as_vector(target, len(columns), "target")
    kept = complete_rows(len(columns), columns, market, truth, max_filtered=max_filtered)
    if kept is not None:
        columns, market, truth = columns[kept], market[kept], truth[kept]
    table = gauss_table(len(truth))
    market = looked_up(market[:, None], table)[:, 0]
    if top_bottom:
        return contribution(looked_up(columns, table), market, truth, top_bottom)
    truth = contribution_target(truth)
    ours = looked_up_sums(market[:, None], table, np.column_stack([truth, market]))[0]
    sums = looked_up_sums(columns, table, np.column_stack([truth, market]))
    with np.errstate(invalid="ignore", divide="ignore"):
        result: np.ndarray = (sums[:, 2] - ours[2] * (sums[:, 3] / ours[3])) / len(truth)
    return result


def bmc(
    predictions: np.ndarray, benchmark: np.ndarray, target: np.ndarray, *, max_filtered: float = MAX_FILTERED
) -> np.ndarray:
    """BMC: `mmc` with the stake-weighted benchmark models (or one benchmark) in the place of the meta model."""
    return mmc(predictions, benchmark, target, max_filtered=max_filtered)


def meta_model_correlation(
    predictions: np.ndarray, meta_model: np.ndarray, *, max_filtered: float = MAX_FILTERED
) -> np.ndarray:
    """CWMM: Pearson correlation of the ranked, gaussianised and powered predictions with the meta model as it is.

    Source: the tournament's definition of `corr_w_meta_model`, of numerai-tools 0.7.2's own steps.

    Args:
        predictions: (rows, columns) or (rows,).
        meta_model: (rows,).

    Returns:
        (columns,) correlations; NaN for a constant column or meta model.

    Raises:
        DataError: `shapes-differ`, `not-numbers`, `too-few-overlapping-rows`, `power-distorts` for a single row.
    """
    market = as_vector(meta_model, len(as_columns(predictions)), "meta model")
    return corr(predictions, market, target_power=False, max_filtered=max_filtered)


def pairwise_correlation(predictions: np.ndarray, others: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """MCWNM and APCWNM: the largest and the mean Pearson correlation with the other submissions of the round.

    Values are taken as given: give cleaned submissions (`kernels.primitives.clean`).
    Source: the tournament's definition.

    Args:
        predictions: (rows, columns) or (rows,), without NaN.
        others: (rows, others) without the model itself, without NaN; constant columns do not count.

    Returns:
        largest (columns,) and mean (columns,); NaN for a constant column.

    Raises:
        DataError: `shapes-differ`, `not-numbers`, `too-few-overlapping-rows` with a NaN anywhere.
    """
    columns, rest = as_columns(predictions), as_columns(others)
    if len(columns) != len(rest):
        raise DataError(
            "shapes-differ",
            f"There are {len(columns)} rows of predictions and {len(rest)} of other submissions.",
            "Give both in the row order of one round.",
        )
    complete_rows(len(columns), columns, rest, max_filtered=0.0)
    table = np.stack([pearson(rest, columns[:, place]) for place in range(columns.shape[1])])
    known = ~np.isnan(table)
    counted = known.sum(axis=1)
    largest = np.where(known, table, -np.inf).max(axis=1)
    mean = np.where(known, table, 0.0).sum(axis=1) / np.maximum(counted, 1)
    return np.where(counted > 0, largest, np.nan), np.where(counted > 0, mean, np.nan)


def stake_weighted_meta_model(predictions: np.ndarray, stakes: np.ndarray) -> np.ndarray:
    """SWMM: mean of the submissions weighted by their stakes; a missing value counts as 0, as in the reference.

    Source: numerai-tools 0.7.2, `scoring.stake_weight`.

    Args:
        predictions: (rows, models), tie-kept ranks (`kernels.primitives.clean`).
        stakes: (models,) in NMR.

    Returns:
        (rows,); NaN when no stake is left.
    """
    columns = as_columns(predictions)
    weights = np.nan_to_num(as_vector(stakes, columns.shape[1], "vector of stakes"), posinf=np.inf, neginf=-np.inf)
    with np.errstate(invalid="ignore", divide="ignore"):
        result: np.ndarray = np.nansum(columns * weights, axis=1) / weights.sum()
    return result


def season_score(scores: np.ndarray, multipliers: np.ndarray) -> np.ndarray:
    """Season score of each round: paying scores times their default multipliers, a missing one counting 0.

    Source: the tournament's definition of `season_score`.

    Args:
        scores: (rounds, scores) or (scores,), in the order of `multipliers`.
        multipliers: (scores,).

    Returns:
        (rounds,).
    """
    table = np.atleast_2d(np.asarray(scores, np.float64))
    weights = as_vector(multipliers, table.shape[1], "vector of multipliers")
    result: np.ndarray = (np.nan_to_num(table) * weights).sum(axis=1)
    return result


def contribution(signals: np.ndarray, market: np.ndarray, truth: np.ndarray, top_bottom: int | None) -> np.ndarray:
    """Covariance of the target with the part of `signals` (rows, columns) orthogonal to `market` (rows,): (columns,).

    Source: numerai-tools 0.7.2, `scoring.contribution_scores`.

    Raises:
        DataError: `top-bottom-too-large`; `constant-meta-model` when extremes of undefined values are asked for.
    """
    from eraforge.evaluation.kernels.tables import stable_orders

    orthogonal = orthogonalise(signals, market)
    truth = contribution_target(truth)
    if not top_bottom:
        whole: np.ndarray = np.einsum("ij,i->j", orthogonal, truth) / len(truth)
        return whole
    refuse_many_extremes(top_bottom, len(truth))
    if np.isnan(orthogonal).any():
        raise DataError(
            "constant-meta-model",
            "A constant column or meta model has no orthogonal part whose extremes could be scored.",
            "Leave it out, or score all rows.",
        )
    order = stable_orders(orthogonal)
    rows = np.concatenate([order[:, :top_bottom], order[:, -top_bottom:]], axis=1)
    picked = np.take_along_axis(orthogonal.T, rows, axis=1)
    extremes: np.ndarray = np.einsum("ij,ij->i", picked, truth[rows]) / (2 * top_bottom)
    return extremes


def contribution_target(truth: np.ndarray) -> np.ndarray:
    """The target as contributions use it: times 4 when it lies within [0, 1], then centred."""
    with np.errstate(invalid="ignore"):
        return centre(truth * 4 if truth.min() >= 0 and truth.max() <= 1 else truth)


def correlation_of_extremes(
    predictions: np.ndarray, signals: np.ndarray, truth: np.ndarray, top_bottom: int
) -> np.ndarray:
    """Pearson correlation of `signals` and `truth` over the rows of the lowest and highest `predictions`: (columns,).

    Raises:
        DataError: `top-bottom-too-large`.
    """
    from eraforge.evaluation.kernels.tables import stable_orders

    refuse_many_extremes(top_bottom, len(truth))
    order = stable_orders(predictions)
    rows = np.concatenate([order[:, :top_bottom], order[:, -top_bottom:]], axis=1)
    return np.array([pearson(signals[chosen, [place]][:, None], truth[chosen])[0] for place, chosen in enumerate(rows)])
