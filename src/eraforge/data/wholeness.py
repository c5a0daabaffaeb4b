"""Proof that a file is whole: its exact size, and the structure its ending promises."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl

from eraforge.core.errors import DataError

MAGIC = b"PAR1"
SMALLEST_PARQUET = 12


def require_whole(path: Path, name: str, size: int | None) -> None:
    """Check that the file at `path`, known as `name`, is whole.

    Args:
        size: bytes it must have, or None where nobody told; then only a format with an end of its own passes.

    Raises:
        DataError: `file-damaged`, `file-size-unknown`.
    """
    found = path.stat().st_size if path.exists() else 0
    if size is not None and found != size:
        raise _damaged(name, f"it has {found} bytes instead of {size}")
    if name.endswith(".parquet"):
        _require_parquet(path, name, found)
    elif name.endswith(".json"):
        _require_json(path, name)
    elif size is None:
        raise DataError(
            "file-size-unknown",
            f"{name}: the server told no size, and this format has no end of its own.",
            "Fetch it again; if it stays so, use the parquet file of the same content.",
        )
    elif not found:
        raise _damaged(name, "it is empty")


def require_readable(path: Path, name: str) -> None:
    """Check that a parquet file can be read to its end, a column at a time; another file counts as readable.

    Raises:
        DataError: `file-damaged`.
    """
    with path.open("rb") as file:
        if file.read(len(MAGIC)) != MAGIC:
            return
    try:
        for column in pl.read_parquet_schema(path):
            pl.read_parquet(path, columns=[column])
    except (pl.exceptions.PolarsError, OSError) as error:
        raise _damaged(name, f"its rows cannot be read ({type(error).__name__})") from None


def _require_parquet(path: Path, name: str, size: int) -> None:
    if size < SMALLEST_PARQUET:
        raise _damaged(name, "it is too short for a parquet file")
    with path.open("rb") as file:
        first = file.read(len(MAGIC))
        file.seek(-len(MAGIC), 2)
        last = file.read(len(MAGIC))
    if first != MAGIC or last != MAGIC:
        raise _damaged(name, "it does not begin and end as a parquet file does")
    try:
        columns = pl.read_parquet_schema(path)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise _damaged(name, f"its footer cannot be read ({type(error).__name__})") from None
    if not columns:
        raise _damaged(name, "it has no columns")


def _require_json(path: Path, name: str) -> None:
    try:
        json.loads(path.read_bytes())
    except ValueError:
        raise _damaged(name, "it is no valid JSON") from None


def _damaged(name: str, reason: str) -> DataError:
    return DataError("file-damaged", f"{name} is damaged: {reason}.", "Fetch it again; it was not believed.")
