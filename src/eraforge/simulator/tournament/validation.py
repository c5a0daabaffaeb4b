"""What the server checks in an uploaded file, with the messages of numerai-tools 0.7.2 (`submissions.py`).

Order: headers, ids, values. Rows whose id is not in the live universe are ignored.
"""

from __future__ import annotations

import io
import json

import numpy as np
import polars as pl

from eraforge.core.errors import Refused
from eraforge.core.words import Arena

CLOSE = 1e-8
DATES = ("friday_date", "date")


def read_submission(data: bytes, filename: str, arena: Arena) -> pl.DataFrame:
    """The uploaded table; the id column as text, other columns as they are.

    Raises:
        Refused: `submission-unreadable` when it is neither CSV nor Parquet.
    """
    try:
        if filename.lower().endswith(".parquet"):
            return _with_index_first(pl.read_parquet(io.BytesIO(data)), data, arena)
        text = dict.fromkeys(arena.accepted_id_columns, pl.String)
        return pl.read_csv(io.BytesIO(data), schema_overrides=text, infer_schema_length=None)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise _refused("submission-unreadable", f"invalid_submission_file: {filename} does not read.") from error


def validate(table: pl.DataFrame, live_ids: np.ndarray, arena: Arena, *, dated: bool = False) -> np.ndarray:
    """Check a submission and align it.

    Args:
        table: the uploaded table.
        live_ids: (n,) ids of the live universe, ascending.
        arena: whose headers and minimum number of rows hold.
        dated: a date column and `data_type` may be there and are left out.

    Returns:
        (n,) predictions in the order of `live_ids`; NaN where a live id is missing (arenas with a minimum only).

    Raises:
        Refused: `submission-rejected`, with the official message.
    """
    table = _undated(table) if dated else table
    id_column, value_name = _headers(table, arena)
    ids = table[id_column]
    if ids.is_null().any():
        raise _rejected(f"invalid_submission_ids: Submission must not contain NaNs in the {id_column} column.")
    ids = ids.cast(pl.String)
    live = pl.DataFrame({"id": ids, "value": _numbers(table[value_name])}).filter(
        pl.col("id").is_in(pl.Series(live_ids.astype(str), dtype=pl.String).implode())
    )
    if live["id"].is_duplicated().any():
        raise _rejected(f"invalid_submission_ids: Duplicates detected in {id_column} for live period.")
    if live.height < (len(live_ids) if arena.minimum_rows is None else arena.minimum_rows):
        raise _rejected(
            "invalid_submission_ids: Not enough stocks submitted. Are you using the latest live ids or live universe?"
        )
    values = live["value"].to_numpy()
    check_values(values)
    aligned = np.full(len(live_ids), np.nan)
    aligned[np.searchsorted(live_ids.astype(str), live["id"].to_numpy().astype(str))] = values
    return aligned


def _undated(table: pl.DataFrame) -> pl.DataFrame:
    date = next((name for name in table.columns if name in DATES), None)
    return table.drop("data_type", *([date] if date else []), strict=False)


def value_column(table: pl.DataFrame, arena: Arena) -> tuple[str, str]:
    """Names of the id column and of the value column, whatever other columns tell about the rows.

    Raises:
        Refused: `submission-rejected`.
    """
    return _headers(_undated(table).drop("era", strict=False), arena)


def _headers(table: pl.DataFrame, arena: Arena) -> tuple[str, str]:
    columns = table.columns
    fits = len(columns) == 2 and columns[0] in arena.accepted_id_columns and columns[1] in arena.accepted_value_columns
    if not fits:
        raise _rejected(
            f"invalid_submission_headers: headers must be one of {list(arena.accepted_id_columns)}"
            f" and one of {list(arena.accepted_value_columns)}"
        )
    return columns[0], columns[1]


def _numbers(values: pl.Series) -> pl.Series:
    if not values.dtype.is_numeric() and values.null_count() < len(values):
        raise _rejected("invalid_submission_values: values must be between 0 and 1 exclusive")
    return values.cast(pl.Float64)


def check_values(values: np.ndarray) -> None:
    """Let pass values as the official validation does.

    Raises:
        Refused: `submission-rejected`.
    """
    if np.isnan(values).any():
        raise _rejected("invalid_submission_values: submission must not contain NaNs")
    low, high = values.min(), values.max()
    above = low >= 0 or abs(low) <= CLOSE
    below = high <= 1 or abs(high - 1) <= CLOSE + 1e-5
    if not (above and below):
        raise _rejected("invalid_submission_values: values must be between 0 and 1 exclusive")
    if values.std(ddof=1) <= CLOSE + 1e-5 * values.std(ddof=1):
        raise _rejected("invalid_submission_values: submission must have non-zero standard deviation")


def _with_index_first(table: pl.DataFrame, data: bytes, arena: Arena) -> pl.DataFrame:
    """pandas writes an index after the columns, and says so in the file's metadata; the server reads it as the id."""
    described = pl.read_parquet_metadata(io.BytesIO(data)).get("pandas")
    index = json.loads(described).get("index_columns", []) if described else []
    named = [name for name in index if isinstance(name, str) and name in arena.accepted_id_columns]
    return table.select(*named, pl.exclude(*named)) if named else table


def _rejected(message: str) -> Refused:
    return _refused("submission-rejected", message)


def _refused(code: str, message: str) -> Refused:
    return Refused(code, message, "Correct the file and upload it again.")
