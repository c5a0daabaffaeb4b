"""The steps the scores are made of, and how rows with missing values are left out.

Source of every step: numerai-tools 0.7.2, `scoring`. Columns are (rows, columns) or (rows,) and keep their shape.
"""

from __future__ import annotations

import numpy as np

from eraforge.core.errors import DataError
from eraforge.evaluation.kernels.threads import spread

MAX_FILTERED = 0.2
"""Share of the rows that may be left out for a missing value before a score refuses."""
LEAST_ALIKE = 0.9
"""Correlation with the original below which a power counts as having distorted it."""


def rank_ties_kept(values: np.ndarray) -> np.ndarray:
    """Percentile ranks `(rank - 0.5) / count` with ties at their mean rank; NaN stays NaN and is not counted."""
    from eraforge.evaluation.kernels.tables import looked_up, rank_table

    columns = as_columns(values)
    if not np.isnan(columns).any():
        return looked_up(columns, rank_table(len(columns))).reshape(np.shape(values))
    out = np.full(columns.shape, np.nan)
    for place in range(columns.shape[1]):
        known = ~np.isnan(columns[:, place])
        if known.any():
            out[known, place] = looked_up(columns[known, place, None], rank_table(int(known.sum())))[:, 0]
    return out.reshape(np.shape(values))


def rank_ties_broken(values: np.ndarray) -> np.ndarray:
    """Percentile ranks `(rank - 0.5) / count` with ties in row order (rows sorted by id); NaN stays NaN."""
    from eraforge.evaluation.kernels.tables import stable_orders

    columns = as_columns(values)
    out = np.full(columns.shape, np.nan)
    for place in range(columns.shape[1]):
        rows = np.flatnonzero(~np.isnan(columns[:, place]))
        order = stable_orders(columns[rows, place, None])[0] if len(rows) else rows
        out[rows[order], place] = (np.arange(1, len(rows) + 1) - 0.5) / max(len(rows), 1)
    return out.reshape(np.shape(values))


def clean(values: np.ndarray) -> np.ndarray:
    """A submission as the tournament scores it: tie-kept ranks, 0.5 where there is none.

    Source: numerai-tools 0.7.2, `submissions.clean_submission(rank_and_fill=True)`.
    """
    ranks = rank_ties_kept(values)
    filled: np.ndarray = np.where(np.isnan(ranks), 0.5, ranks)
    return filled


def gaussianise(ranks: np.ndarray) -> np.ndarray:
    """Standard normal quantile of percentile ranks in (0, 1)."""
    from scipy.special import ndtri

    quantiles: np.ndarray = ndtri(np.asarray(ranks, np.float64))
    return quantiles


def power(values: np.ndarray, exponent: float) -> np.ndarray:
    """`sign(x) |x| ** exponent`.

    Raises:
        DataError: `missing-values`; `power-distorts` when a column that varies correlates less than 0.9 with the
            original, and always for a single row.
    """
    columns = as_columns(values)
    refuse_missing(columns, "the values")
    powered = np.sign(columns) * np.abs(columns) ** exponent
    with np.errstate(invalid="ignore", over="ignore"):
        alike = np.array([pearson(powered[:, [place]], columns[:, place])[0] for place in range(columns.shape[1])])
    constant = np.isfinite(powered[0]) & (powered.min(axis=0) == powered.max(axis=0))
    if len(columns) < 2 or not (constant | (alike >= LEAST_ALIKE)).all():
        raise DataError(
            "power-distorts",
            f"The power {exponent} of these {len(columns)} values hardly resembles them (correlation below 0.9).",
            "Look for outliers or infinite values; a score needs at least two rows.",
        )
    shaped: np.ndarray = powered.reshape(np.shape(values))
    return shaped


def centre(values: np.ndarray) -> np.ndarray:
    """Columns shifted to mean 0; NaN is not counted."""
    columns = np.asarray(values, np.float64)
    known = ~np.isnan(columns)
    with np.errstate(invalid="ignore"):
        centred: np.ndarray = columns - np.where(known, columns, 0.0).sum(axis=0) / known.sum(axis=0)
    return centred


def variance_normalise(values: np.ndarray) -> np.ndarray:
    """Columns divided by their standard deviation (ddof 0); NaN for a constant column."""
    return _divide(np.asarray(values, np.float64), np.std(values, axis=0))


def weight_normalise(values: np.ndarray) -> np.ndarray:
    """Columns divided by the sum of their absolute values; NaN for a column of zeros."""
    return _divide(np.asarray(values, np.float64), np.nansum(np.abs(values), axis=0))


def orthogonalise(columns: np.ndarray, vector: np.ndarray) -> np.ndarray:
    """`columns` (rows, columns) less their projection onto `vector` (rows,); NaN for a vector of zeros."""
    columns, vector = as_columns(columns), np.asarray(vector, np.float64)
    onto = np.einsum("ij,i->j", columns, vector)
    share = _divide(onto, np.einsum("i,i->", vector, vector))
    left: np.ndarray = columns - vector[:, None] * share
    return left


def pearson(columns: np.ndarray, vector: np.ndarray) -> np.ndarray:
    """Pearson correlation of each column (rows, columns) with a vector (rows,); NaN where either is constant."""
    columns, vector = np.asarray(columns, np.float64), np.asarray(vector, np.float64)
    varies = (columns.min(axis=0) != columns.max(axis=0)) & (vector.min() != vector.max())
    columns, vector = columns - columns.mean(axis=0), vector - vector.mean()
    return correlation_of_sums(
        np.einsum("ij,i->j", columns, vector),
        np.where(varies, np.einsum("ij,ij->j", columns, columns), 0.0),
        np.einsum("i,i->", vector, vector),
    )


def correlation_of_sums(product: np.ndarray, squares: np.ndarray, other_squares: np.ndarray) -> np.ndarray:
    """`product / sqrt(squares * other_squares)` of centred sums, kept within [-1, 1]; NaN where a square is 0."""
    scale = np.sqrt(squares) * np.sqrt(other_squares)
    clipped: np.ndarray = np.clip(_divide(product, scale), -1.0, 1.0)
    return clipped


def as_columns(values: np.ndarray) -> np.ndarray:
    """(rows,) or (rows, columns) of numbers as (rows, columns), not copied; integers and booleans become float64.

    Raises:
        DataError: `shapes-differ` for other shapes or no row, `not-numbers` for other types.
    """
    array = np.asarray(values)
    if array.dtype.kind not in "fiub":
        raise DataError("not-numbers", f"The values are of type {array.dtype}, not numbers.", "Give numeric arrays.")
    if array.ndim not in (1, 2) or not array.size:
        raise DataError(
            "shapes-differ",
            f"An array of shape {array.shape} cannot be scored.",
            "Give (rows,) or (rows, columns) with the rows of one era.",
        )
    columns = array if array.dtype in (np.float32, np.float64) else array.astype(np.float64)
    return columns[:, None] if columns.ndim == 1 else columns


def as_vector(values: np.ndarray, rows: int, name: str) -> np.ndarray:
    """A vector of `rows` numbers as float64.

    Raises:
        DataError: `shapes-differ`, `not-numbers`.
    """
    vector = np.asarray(values)
    if vector.shape != (rows,):
        raise DataError(
            "shapes-differ",
            f"The {name} has shape {vector.shape} where the predictions have {rows} rows.",
            f"Give the {name} as ({rows},), in the row order of the predictions.",
        )
    return as_columns(vector)[:, 0].astype(np.float64, copy=False)


def complete_rows(rows: int, *inputs: np.ndarray, max_filtered: float = MAX_FILTERED) -> np.ndarray | None:
    """Rows without NaN in any of the inputs, each (rows,) or (rows, columns), as a mask; None when that is all rows.

    Raises:
        DataError: `too-few-overlapping-rows` when more than `max_filtered` of the rows would be left out.
    """
    kept = np.ones(rows, bool)
    for values in inputs:
        if values.dtype.kind != "f":
            continue
        kept[_missing_rows(values)] = False
    left = int(kept.sum())
    if not left / rows >= 1 - max_filtered:
        raise too_few(left, rows)
    return None if left == rows else kept


def too_few(left: int, rows: int) -> DataError:
    """The refusal of a score for want of rows."""
    return DataError(
        "too-few-overlapping-rows",
        f"Only {left} of {rows} rows are complete; four fifths are needed.",
        "Predict every row of the era, and score it against rows whose truth is known.",
    )


def refuse_missing(values: np.ndarray, name: str) -> None:
    """Raise where a score does not allow any NaN.

    Raises:
        DataError: `missing-values`.
    """
    if values.dtype.kind == "f" and len(_missing_rows(values)):
        raise DataError("missing-values", f"There are missing values in {name}.", "Fill or leave out those rows.")


def _missing_rows(values: np.ndarray) -> np.ndarray:
    """Places of the rows of (rows,) or (rows, columns) that hold a NaN. A finite sum of a row clears it at once."""
    if values.ndim == 1:
        return np.flatnonzero(np.isnan(values))
    sums = np.empty(len(values))
    half = -(-len(values) // 2)

    def part(place: int) -> None:
        rows = slice(place * half, (place + 1) * half)
        with np.errstate(invalid="ignore", over="ignore"):
            sums[rows] = np.einsum("ij->i", values[rows])

    spread(part, 2, alone=values.size < 600_000)
    suspects = np.flatnonzero(~np.isfinite(sums))
    missing: np.ndarray = suspects[np.isnan(values[suspects]).any(axis=1)]
    return missing


def refuse_many_extremes(top_bottom: int, rows: int) -> None:
    """Raise when there are not that many lowest and highest rows.

    Raises:
        DataError: `top-bottom-too-large`.
    """
    if top_bottom < 0 or 2 * top_bottom > rows:
        raise DataError(
            "top-bottom-too-large",
            f"An era of {rows} rows has no {top_bottom} lowest and as many highest rows.",
            "Ask for at most half as many rows on each side as the era has.",
        )


def _divide(values: np.ndarray, by: np.ndarray | float) -> np.ndarray:
    with np.errstate(divide="ignore", invalid="ignore"):
        quotient: np.ndarray = np.where(np.asarray(by) == 0, np.nan, np.asarray(values) / by)
    return quotient
