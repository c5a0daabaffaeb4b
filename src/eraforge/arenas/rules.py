"""The server's rules for a submission, applied before anything leaves this machine.

Source: the order and the tolerances of the tournament's published validation (headers, then ids, then values).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from eraforge.core.errors import DataError
from eraforge.core.panel import ID
from eraforge.core.words import PREDICTION, Arena, Predictions

CLOSE_TO_ZERO = 1e-8
CLOSE_TO_ONE = 1e-8 + 1e-5


@dataclass(frozen=True, slots=True)
class Coverage:
    """What a valid submission covers.

    Args:
        rows: rows of the live universe it predicts.
        universe: size of the live universe.
        unknown: ids it names that are not live; the server ignores them.
    """

    rows: int
    universe: int
    unknown: tuple[str, ...]


def check_predictions(predictions: Predictions, arena: Arena, live_ids: Sequence[str] | pl.Series) -> Coverage:
    """Check predictions against the arena's rules, as the file that would be sent.

    Raises:
        DataError: as `check_submission`.
    """
    frame = predictions.frame.rename({ID: arena.id_column, PREDICTION: arena.prediction_column})
    return check_submission(frame, arena, live_ids)


def check_submission(frame: pl.DataFrame, arena: Arena, live_ids: Sequence[str] | pl.Series) -> Coverage:
    """Check the rows of a submission file.

    Args:
        frame: the file, with its own column names.
        arena: its accepted headers and minimum of rows.
        live_ids: ids of the round's live universe.

    Raises:
        DataError: `invalid-submission-headers`; `invalid-submission-ids-missing`, `-duplicate`, `-too-few`;
            `invalid-submission-values-missing`, `-range`, `-constant`, `-no-numbers`.
    """
    id_column, value_column = _headers(frame, arena)
    live = pl.Series(ID, live_ids, dtype=pl.String).unique()
    rows, unknown = _live_rows(frame, id_column, live, arena)
    _values(rows.get_column(value_column))
    return Coverage(rows.height, live.len(), unknown)


def _headers(frame: pl.DataFrame, arena: Arena) -> tuple[str, str]:
    columns = frame.columns
    pairs = [[name, value] for name in arena.accepted_id_columns for value in arena.accepted_value_columns]
    if columns not in pairs:
        names, values = " or ".join(arena.accepted_id_columns), " or ".join(arena.accepted_value_columns)
        raise DataError(
            "invalid-submission-headers",
            f"The submission has columns {columns[:6]}, not exactly two: {names}, then {values}.",
            f"Write the columns {arena.id_column},{arena.prediction_column} in this order.",
        )
    return columns[0], columns[1]


def _live_rows(
    frame: pl.DataFrame, id_column: str, live: pl.Series, arena: Arena
) -> tuple[pl.DataFrame, tuple[str, ...]]:
    ids = frame.get_column(id_column)
    missing = ids.null_count() + (int(ids.is_nan().sum()) if ids.dtype.is_float() else 0)
    if missing:
        raise DataError(
            "invalid-submission-ids-missing",
            f"{missing} rows of the submission have no {id_column}.",
            "Give every row its id.",
        )
    named = frame.with_columns(ids.cast(pl.String))
    inside = pl.col(id_column).is_in(live.implode())
    rows = named.filter(inside)
    twice = rows.height - rows.get_column(id_column).n_unique()
    if twice:
        example = rows.filter(pl.col(id_column).is_duplicated()).get_column(id_column)[0]
        raise DataError(
            "invalid-submission-ids-duplicate",
            f"{twice} live ids stand more than once in the submission, {example!r} among them.",
            "Keep one prediction per id.",
        )
    needed = live.len() if arena.minimum_rows is None else arena.minimum_rows
    if rows.height < needed:
        raise DataError(
            "invalid-submission-ids-too-few",
            f"The submission covers {rows.height} live ids where {needed} are needed.",
            "Predict the latest live universe; an older round's file has other ids.",
        )
    unknown = named.filter(~inside).get_column(id_column).unique().sort().to_list()
    return rows, tuple(unknown)


def _values(values: pl.Series) -> None:
    if not values.dtype.is_numeric():
        raise DataError(
            "invalid-submission-values-no-numbers",
            f"The predictions are of type {values.dtype}, not numbers.",
            "Return floating-point predictions.",
        )
    array = values.cast(pl.Float64).to_numpy()
    missing = int(np.isnan(array).sum())
    if missing:
        raise DataError(
            "invalid-submission-values-missing", f"{missing} live predictions are missing.", "Fill or predict them."
        )
    if array.size and not _within_bounds(float(array.min()), float(array.max())):
        raise DataError(
            "invalid-submission-values-range",
            f"Predictions reach from {array.min():g} to {array.max():g}, outside 0 to 1.",
            "Rank the predictions into (0, 1).",
        )
    if array.size > 1 and _is_close_to_zero(float(array.std(ddof=1))):
        raise DataError(
            "invalid-submission-values-constant",
            "All predictions are equal; their standard deviation is zero.",
            "Check the model: it has learnt nothing from these features.",
        )


def _is_close_to_zero(deviation: float) -> bool:
    return deviation <= CLOSE_TO_ZERO + 1e-5 * deviation


def _within_bounds(low: float, high: float) -> bool:
    """The server's tolerance: an end that is only numerically beyond 0 or 1 passes."""
    return low >= -CLOSE_TO_ZERO and high <= 1 + CLOSE_TO_ONE
