"""Predictions per era as ranks: to the unit interval for a submission, to a normal distribution for an average, and
their CORR, by which a model that is still learning judges itself."""

from __future__ import annotations

import numpy as np
import polars as pl

from eraforge.core.errors import DataError
from eraforge.core.panel import ERA, ID
from eraforge.core.words import PREDICTION


def predictions_frame(keys: pl.DataFrame, values: np.ndarray) -> pl.DataFrame:
    """Columns `era`, `id`, `prediction` (float64) from the keys of some rows and one value per row.

    Raises:
        DataError: `prediction-not-finite`, `prediction-count`.
    """
    if values.shape != (keys.height,):
        raise DataError(
            "prediction-count",
            f"The model gave values of shape {values.shape} for {keys.height} rows.",
            "Return one value per row of the panel.",
        )
    return require_finite(keys.select(ERA, ID).with_columns(pl.Series(PREDICTION, values, dtype=pl.Float64)))


def require_finite(predictions: pl.DataFrame) -> pl.DataFrame:
    """The frame itself.

    Raises:
        DataError: `prediction-not-finite`, naming the first row that is missing, NaN or infinite.
    """
    bad = predictions.filter(~pl.col(PREDICTION).is_finite().fill_null(False))
    if bad.height:
        raise DataError(
            "prediction-not-finite",
            f"{bad.height} of {predictions.height} predictions are not numbers; the first is id {bad[ID][0]!r} "
            f"of era {bad[ERA][0]!r}.",
            "Check the features of these rows and the model's settings.",
        )
    return predictions


def rank_to_unit(predictions: pl.DataFrame) -> pl.DataFrame:
    """Each prediction as its rank within its era, strictly inside (0, 1): `(average rank - 0.5) / rows`.

    Ties keep one common rank, so the result does not depend on the order of the rows.
    Source: numerai-tools 0.7.2, `tie_kept_rank`.

    Raises:
        DataError: `prediction-not-finite`.
    """
    rank = pl.col(PREDICTION).rank("average")
    return require_finite(predictions).with_columns(((rank - 0.5) / pl.len()).over(ERA).alias(PREDICTION))


def rank_to_normal(predictions: pl.DataFrame) -> pl.DataFrame:
    """Each prediction as the normal quantile of its tie-kept rank within its era.

    Source: numerai-tools 0.7.2, `tie_kept_rank__gaussianize`.

    Raises:
        DataError: `prediction-not-finite`.
    """
    from scipy.special import ndtri

    ranked = rank_to_unit(predictions)
    return ranked.with_columns(pl.Series(PREDICTION, ndtri(ranked[PREDICTION].to_numpy()), dtype=pl.Float64))


def era_corr(predictions: pl.DataFrame, truth: np.ndarray) -> np.ndarray:
    """CORR of each era, in order of first appearance; an era of one prediction or one label scores 0.

    Ranks are tie-kept, made normal and raised to the power 1.5 with their sign, as is the label around its mean; then
    Pearson's correlation.

    Args:
        predictions: `era`, `id`, `prediction`.
        truth: labels of the same rows, shape (rows,).

    Source: numerai-tools 0.7.2, `numerai_corr`.
    """
    normal = rank_to_normal(predictions)
    rows = normal.select(ERA, predicted=_power(pl.col(PREDICTION)), label=pl.Series(truth, dtype=pl.Float64))
    rows = rows.with_columns(label=_power(pl.col("label") - pl.col("label").mean().over(ERA)))
    score = pl.corr("predicted", "label").fill_nan(0.0).fill_null(0.0)
    return rows.group_by(ERA, maintain_order=True).agg(score.alias("score"))["score"].to_numpy()


def _power(column: pl.Expr) -> pl.Expr:
    return column.sign() * column.abs() ** 1.5
