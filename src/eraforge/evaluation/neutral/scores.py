"""Neutralisation and the scores of neutralised predictions of one era: arrays in, arrays out.

Each equals numerai-tools 0.7.2 to 1e-12, with one difference on purpose: where the neutralisers explain a column
entirely, the reference scores the rounding noise that is left, and these return NaN.
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
    pearson,
    refuse_many_extremes,
    refuse_missing,
)
from eraforge.evaluation.scores import contribution, corr, correlation_of_extremes

NOTHING_LEFT = 1e-10
"""Share of a column's size below which a residual is rounding noise."""
ALIKE = 1e-14
"""Correlations closer than this count as equal, so that the first of two equal features is named."""


def neutralise(columns: np.ndarray, neutralisers: np.ndarray, proportion: float = 1.0) -> np.ndarray:
    """Columns less `proportion` of their least-squares fit on the neutralisers and a constant.

    Source: numerai-tools 0.7.2, `scoring.neutralize` (`lstsq` with rcond 1e-6).

    Args:
        columns: (rows, columns) or (rows,), without NaN.
        neutralisers: (rows, neutralisers), integers or floating point, without NaN.
        proportion: 1 takes the whole fit away, 0 nothing.

    Returns:
        The shape of `columns`; a constant column becomes NaN.

    Raises:
        DataError: `shapes-differ`, `not-numbers`, `missing-values`, `neutralisers-not-finite`.
    """
    matrix, table = as_columns(columns), as_neutralisers(neutralisers, len(as_columns(columns)))
    refuse_missing(matrix, "the columns to neutralise")
    refuse_missing(table, "the neutralisers")
    left = _residuals(table, np.array(matrix, np.float64))
    if proportion != 1.0:
        left = matrix - proportion * (matrix - left)
    if len(matrix) > 1:
        left[:, matrix.min(axis=0) == matrix.max(axis=0)] = np.nan
    return left.reshape(np.shape(columns))


def fnc(
    predictions: np.ndarray,
    features: np.ndarray,
    target: np.ndarray,
    *,
    top_bottom: int | None = None,
    max_filtered: float = MAX_FILTERED,
) -> np.ndarray:
    """FNC: CORR of the gaussianised predictions neutralised to the features, ranked and powered again.

    Source: numerai-tools 0.7.2, `scoring.feature_neutral_corr`.

    Args:
        predictions: (rows, columns) or (rows,), without NaN.
        features: (rows, features), without NaN.
        target: (rows,).
        top_bottom: score only that many of the lowest and of the highest neutralised predictions.
        max_filtered: share of rows whose target may be missing.

    Returns:
        (columns,); NaN where the features explain a column entirely.

    Raises:
        DataError: those of `corr` and `neutralise`; `constant-predictions`.
    """
    columns = as_columns(predictions)
    refuse_missing(columns, "the predictions")
    table = as_neutralisers(features, len(columns))
    refuse_missing(table, "the features")
    left, explained, constant = _neutral_signals(columns, table)
    _refuse_constant(constant)
    scores = corr(left, target, top_bottom=top_bottom, max_filtered=max_filtered)
    return np.where(explained, np.nan, scores)


def neutral_corr(
    predictions: np.ndarray,
    neutralisers: np.ndarray,
    target: np.ndarray,
    *,
    top_bottom: int | None = None,
    max_filtered: float = MAX_FILTERED,
) -> np.ndarray:
    """Neutral CORR: Pearson correlation of the target with the neutralised gaussianised predictions, without a power.

    Source: numerai-tools 0.7.2, `scoring.neutral_correlation`.

    Args:
        predictions: (rows, columns) or (rows,).
        neutralisers: (rows, neutralisers).
        target: (rows,).
        top_bottom: score only that many of the lowest and of the highest neutralised predictions.
        max_filtered: share of rows that may be left out for a NaN.

    Returns:
        (columns,); NaN for a constant target and where the neutralisers explain a column entirely.

    Raises:
        DataError: `shapes-differ`, `not-numbers`, `too-few-overlapping-rows`, `constant-predictions`,
            `neutralisers-not-finite`, `top-bottom-too-large`.
    """
    columns, truth = as_columns(predictions), as_vector(target, len(as_columns(predictions)), "target")
    table, truth = as_neutralisers(neutralisers, len(columns)), centre(truth)
    kept = complete_rows(len(columns), columns, truth, table, max_filtered=max_filtered)
    if kept is not None:
        columns, truth, table = columns[kept], truth[kept], table[kept]
    left, explained, constant = _neutral_signals(columns, table)
    _refuse_constant(constant)
    scores = correlation_of_extremes(left, left, truth, top_bottom) if top_bottom else pearson(left, truth)
    return np.where(explained, np.nan, scores)


def neutral_mmc(
    predictions: np.ndarray,
    meta_model: np.ndarray,
    neutralisers: np.ndarray,
    target: np.ndarray,
    *,
    top_bottom: int | None = None,
    max_filtered: float = MAX_FILTERED,
) -> np.ndarray:
    """Neutral MMC: the contribution of the neutralised predictions to the neutralised meta model.

    Source: numerai-tools 0.7.2, `scoring.neutral_contribution`, which neutralises both.

    Args:
        predictions: (rows, columns) or (rows,).
        meta_model: (rows,).
        neutralisers: (rows, neutralisers).
        target: (rows,).
        top_bottom: score only that many of the lowest and of the highest orthogonal values.
        max_filtered: share of rows that may be left out for a NaN.

    Returns:
        (columns,); 0 for the meta model itself, NaN for a constant column, all NaN for a constant meta model.

    Raises:
        DataError: `shapes-differ`, `not-numbers`, `too-few-overlapping-rows`, `neutralisers-not-finite`,
            `top-bottom-too-large`, `constant-meta-model`.
    """
    columns = as_columns(predictions)
    market, truth = as_vector(meta_model, len(columns), "meta model"), as_vector(target, len(columns), "target")
    table = as_neutralisers(neutralisers, len(columns))
    kept = complete_rows(len(columns), columns, market, truth, table, max_filtered=max_filtered)
    if kept is not None:
        columns, market, truth, table = columns[kept], market[kept], truth[kept], table[kept]
    left, _, constant = _neutral_signals(columns, table, market)
    left[:, constant] = np.nan
    return contribution(left[:, :-1], left[:, -1], truth, top_bottom)


def feature_correlations(predictions: np.ndarray, features: np.ndarray) -> np.ndarray:
    """Feature exposures: Pearson correlation of each feature with each prediction column, as they are.

    Args:
        predictions: (rows, columns) or (rows,), without NaN.
        features: (rows, features), without NaN.

    Returns:
        (features, columns); NaN for a constant feature or column.

    Raises:
        DataError: `shapes-differ`, `not-numbers`, `missing-values`.
    """
    columns = as_columns(predictions)
    table = as_neutralisers(features, len(columns))
    refuse_missing(columns, "the predictions")
    refuse_missing(table, "the features")
    from eraforge.evaluation.kernels.projection import covariances

    varies = columns.min(axis=0) != columns.max(axis=0)
    with np.errstate(invalid="ignore"):
        columns = columns - columns.mean(axis=0)
        products, own = covariances(table, columns)
        squares = np.where(varies, np.einsum("ij,ij->j", columns, columns), 0.0)
        return correlation_of_sums(products, squares, own[:, None])


def max_feature_correlation(
    predictions: np.ndarray, features: np.ndarray, *, top_bottom: int | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """The feature most correlated with each column, either way.

    Source: numerai-tools 0.7.2, `scoring.max_feature_correlation`.

    Args:
        predictions: (rows, columns) or (rows,), without NaN.
        features: (rows, features), without NaN.
        top_bottom: use only the rows of that many of the lowest and of the highest predictions.

    Returns:
        places (columns,) of the features, the first of equals, and absolute correlations (columns,).

    Raises:
        DataError: those of `feature_correlations`; `no-feature-varies` when a column correlates with none,
            `top-bottom-too-large`.
    """
    columns = as_columns(predictions)
    if top_bottom:
        table = np.hstack(
            [_extreme_correlations(columns[:, [at]], features, top_bottom) for at in range(columns.shape[1])]
        )
    else:
        table = feature_correlations(columns, features)
    table = np.abs(table)
    known = ~np.isnan(table)
    if not known.any(axis=0).all():
        raise DataError(
            "no-feature-varies",
            "A prediction column is constant, or every feature is: there is no correlation to take the largest of.",
            "Give predictions and features that vary within the era.",
        )
    largest = np.where(known, table, -1.0).max(axis=0)
    places: np.ndarray = (np.where(known, table, -1.0) >= largest - ALIKE).argmax(axis=0)
    return places, largest


def feature_exposure(predictions: np.ndarray, features: np.ndarray) -> np.ndarray:
    """Feature exposure: root mean square of the correlations with the features that vary, (columns,).

    Source: the definition of the tournament's early example scripts.

    Raises:
        DataError: those of `feature_correlations`.
    """
    table = feature_correlations(predictions, features)
    known = ~np.isnan(table)
    with np.errstate(invalid="ignore"):
        exposure: np.ndarray = np.sqrt((np.where(known, table, 0.0) ** 2).sum(axis=0) / known.sum(axis=0))
    return exposure


def as_neutralisers(values: np.ndarray, rows: int) -> np.ndarray:
    """(rows, neutralisers) of numbers, not copied and not widened.

    Raises:
        DataError: `shapes-differ`, `not-numbers`.
    """
    table = np.asarray(values)
    table = table[:, None] if table.ndim == 1 else table
    if table.ndim != 2 or len(table) != rows:
        raise DataError(
            "shapes-differ",
            f"Neutralisers of shape {table.shape} do not fit {rows} rows of predictions.",
            "Give (rows, neutralisers), in the row order of the predictions.",
        )
    if table.dtype.kind not in "fiub":
        raise DataError("not-numbers", f"The neutralisers are of type {table.dtype}.", "Give numeric arrays.")
    return table.astype(np.float64) if table.dtype == np.float16 else table


def _refuse_constant(constant: np.ndarray) -> None:
    """A constant column has no neutral part: the reference refuses it too."""
    if constant.any():
        raise DataError(
            "constant-predictions",
            "A prediction column is constant, and nothing is left of it once neutralised.",
            "Leave the column out.",
        )


def _neutral_signals(
    columns: np.ndarray, table: np.ndarray, last: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Neutralised gaussianised columns, with `last` as a further one; which are only rounding; which were constant."""
    from eraforge.evaluation.kernels.tables import gauss_table, looked_up

    rows = len(columns)
    signals = looked_up(columns, gauss_table(rows))
    if last is not None:
        signals = np.column_stack([signals, looked_up(last[:, None], gauss_table(rows))])
    left = _residuals(table, signals)
    size, rest = (np.einsum("ij,ij->j", values, values) for values in (signals, left))
    return left, rest <= NOTHING_LEFT**2 * size, (size == 0) & (rows > 1)  # a constant column stands at 0 throughout


def _residuals(table: np.ndarray, columns: np.ndarray) -> np.ndarray:
    from eraforge.evaluation.kernels.projection import residuals

    if not np.isfinite(columns).all():
        raise DataError("values-not-finite", "The columns to neutralise hold infinite values.", "Rank them first.")
    return residuals(table, columns)


def _extreme_correlations(column: np.ndarray, features: np.ndarray, top_bottom: int) -> np.ndarray:
    from eraforge.evaluation.kernels.tables import stable_orders

    refuse_missing(column, "the predictions")
    refuse_many_extremes(top_bottom, len(column))
    order = stable_orders(column)[0]
    rows = np.sort(np.concatenate([order[:top_bottom], order[-top_bottom:]]))
    return feature_correlations(column[rows], as_neutralisers(features, len(column))[rows])
