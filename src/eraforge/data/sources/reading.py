"""One file of prices, CSV or parquet, becomes canonical rows; what it cannot tell is said, never guessed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import polars as pl

from eraforge.core.errors import DataError
from eraforge.data.feature_sets import SYNTHETIC
from eraforge.data.sources.columns import GROUPS, PRICES, SYMBOL, TIME, TOLD, VALUES, clock_column, recognise
from eraforge.data.sources.moments import interval_seconds, read_moments
from eraforge.data.sources.source import Delivery, Note, Wanted

PARQUET = b"PAR1"
# `BTCUSDT-1d-2024-01.csv` is a month of BTCUSDT.
PAGE = re.compile(r"[-_](?:\d+(?:m|h|d|w)|daily|hourly)(?:[-_]\d{4}(?:[-_]\d{2}){0,2})?$", re.IGNORECASE)


def read_prices(path: Path, name: str, wanted: Wanted, mark: str = "") -> Delivery:
    """Rows of one file in canonical form, in the file's own order, duplicates and faults included.

    Args:
        name: what messages call the file.

    Raises:
        DataError: `file-empty`, `file-damaged`, `no-time-column`, `no-price-column`, and those of `read_moments`.
    """
    frame = read_table(path, name)
    found = recognise(frame.columns)
    there = f"it has {', '.join(frame.columns[:8])}"
    if TIME not in found:
        raise DataError(
            "no-time-column",
            f"{name} has no column of times; {there}.",
            "Name it date, or leave the file out by files.",
        )
    if "close" not in found:
        raise DataError(
            "no-price-column",
            f"{name} has no closing price; {there}.",
            "Name it close, or leave the file out by files.",
        )
    notes: list[Note] = []
    frame = _of_interval(frame, found, wanted, name, notes)
    moments = read_moments(_times(frame, found[TIME]), wanted.zone, wanted.seconds, name)
    values, lost = _values(frame, found)
    rows = pl.DataFrame([_symbols(frame, found, path), moments.slots, moments.told, *values])
    notes += _missing_columns(found, name)
    if lost:
        notes.append(Note("values-unreadable", f"{name}: {lost} values are no numbers.", "They count as missing."))
    rows = _chosen(_keyed(rows, name, notes), wanted)
    return Delivery(name, rows, mark, _groups(frame, found), tuple(notes), synthetic=_tag(path))


def read_table(path: Path, name: str) -> pl.DataFrame:
    """All columns of a CSV or parquet file, whichever its bytes are.

    Raises:
        DataError: `file-empty`, `file-damaged`, `file-missing`.
    """
    try:
        with path.open("rb") as stream:
            head = stream.read(65_536)
    except OSError as error:
        raise DataError("file-missing", f"{name} cannot be read: {error.strerror}.", "Check the file.") from error
    if not head.strip():
        raise DataError("file-empty", f"{name} is empty.", "Fetch it again, or remove it from the folder.")
    is_parquet = head.startswith(PARQUET) or path.suffix == ".parquet"
    try:
        frame = pl.read_parquet(path) if is_parquet else _read_csv(path, head)
    except pl.exceptions.NoDataError:
        raise DataError("file-empty", f"{name} holds no rows.", "Fetch it again, or remove it.") from None
    except (pl.exceptions.PolarsError, OSError, ValueError) as error:
        kind = "parquet" if is_parquet else "CSV"
        raise DataError(
            "file-damaged",
            f"{name} cannot be read as {kind} ({type(error).__name__}); it may be cut short.",
            "Fetch it again; the files beside it are not touched by this.",
        ) from None
    if not frame.height:
        raise DataError("file-empty", f"{name} holds no rows.", "Fetch it again, or remove it from the folder.")
    return frame


def _read_csv(path: Path, head: bytes) -> pl.DataFrame:
    if path.suffix == ".gz":
        import gzip

        with gzip.open(path) as stream:
            head = stream.read(65_536)
    first = head.split(b"\n", 1)[0].decode("utf-8", errors="replace")
    separator = max(",;\t|", key=first.count)
    return pl.read_csv(
        path,
        separator=separator,
        infer_schema_length=10_000,
        null_values=["", "null", "NULL", "None", "NaN", "nan", "NA", "N/A", "-"],
        schema_overrides={name: pl.String for name in first.split(separator) if name == recognise([name]).get(SYMBOL)},
        truncate_ragged_lines=False,
    )


def _of_interval(
    frame: pl.DataFrame, found: Mapping[str, str], wanted: Wanted, name: str, notes: list[Note]
) -> pl.DataFrame:
    """Only the rows of the wanted interval, where a file tells several."""
    if "interval" not in found or frame.get_column(found["interval"]).dtype != pl.String:
        return frame
    column = found["interval"]
    there = frame.get_column(column).drop_nulls().unique().sort().to_list()
    fitting = [label for label in there if _seconds_or_none(label) == wanted.seconds]
    if not fitting:
        raise DataError(
            "interval-not-there",
            f"{name} holds bars of {', '.join(there)}, not of {wanted.interval}.",
            f'Set interval = "{there[0]}" in the prices table.',
        )
    kept = frame.filter(pl.col(column).is_in(fitting))
    if kept.height < frame.height:
        others = ", ".join(label for label in there if label not in fitting)
        notes.append(
            Note(
                "other-intervals", f"{name}: {frame.height - kept.height} bars of {others} were left.", "Nothing to do."
            )
        )
    return kept


def _seconds_or_none(label: str) -> int | None:
    return interval_seconds(label) if re.fullmatch(r"[1-9]\d*(?:s|m|min|h|H|d|D|w|W)", label.strip()) else None


def _times(frame: pl.DataFrame, column: str) -> pl.Series:
    beside = clock_column(frame.columns, column)
    if beside is None:
        return frame.get_column(column)
    both = pl.concat_str([pl.col(column).cast(pl.String), pl.col(beside).cast(pl.String)], separator=" ")
    return frame.select(both.alias(column)).to_series()


def _symbols(frame: pl.DataFrame, found: Mapping[str, str], path: Path) -> pl.Series:
    if SYMBOL in found:
        return frame.get_column(found[SYMBOL]).cast(pl.String).str.strip_chars().alias(SYMBOL)
    stem = path.name.removesuffix(".gz").rsplit(".", 1)[0]
    return pl.Series(SYMBOL, [PAGE.sub("", stem)] * frame.height, dtype=pl.String)


def _values(frame: pl.DataFrame, found: Mapping[str, str]) -> tuple[list[pl.Series], int]:
    """Every known value as float64, and how many texts are no numbers."""
    values, lost = [], 0
    for name in (name for name in VALUES if name in found):
        column = frame.get_column(found[name])
        if column.dtype == pl.String:
            column = column.str.strip_chars().str.replace_all(",", "", literal=True)
        made = column.cast(pl.Float64, strict=False)
        lost += made.null_count() - column.null_count()
        values.append(made.alias(name))
    return values, lost


def _missing_columns(found: Mapping[str, str], name: str) -> list[Note]:
    missing = [column for column in (*PRICES, "volume") if column not in found]
    if not missing:
        return []
    sentence = f"{name} has no {', '.join(missing)}; {'they are' if len(missing) > 1 else 'it is'} missing in its bars."
    return [Note("columns-differ", sentence, "Name the columns open, high, low, close, volume if they are there.")]


def _keyed(rows: pl.DataFrame, name: str, notes: list[Note]) -> pl.DataFrame:
    """Without rows that have no symbol, no time or no price, each kind counted."""
    lost = rows.select(
        nameless=(pl.col(SYMBOL).is_null() | (pl.col(SYMBOL) == "")).sum(),
        timeless=(pl.col(TIME).is_null() | pl.col(TOLD).is_null()).sum(),
        priceless=(pl.col("close").is_null() | pl.col("close").is_nan()).sum(),
    ).row(0, named=True)
    kept = rows.filter(
        pl.col(SYMBOL).is_not_null() & (pl.col(SYMBOL) != "") & pl.col(TIME).is_not_null() & pl.col(TOLD).is_not_null(),
        pl.col("close").is_not_nan(),
    )
    why = {"nameless": "without a symbol", "timeless": "whose time is not understood", "priceless": "without a price"}
    told = [f"{count} {why[kind]}" for kind, count in lost.items() if count]
    if told:
        notes.append(Note("rows-left-out", f"{name}: rows left out: {', '.join(told)}.", "Look at them in the file."))
    return kept


def _chosen(rows: pl.DataFrame, wanted: Wanted) -> pl.DataFrame:
    if wanted.symbols:
        rows = rows.filter(pl.col(SYMBOL).is_in(list(wanted.symbols)))
    if wanted.start:
        first = pl.Series([wanted.start]).str.to_datetime("%Y-%m-%d", time_unit="us").dt.epoch("s")[0]
        rows = rows.filter(pl.col(TIME) >= first)
    return rows


def _groups(frame: pl.DataFrame, found: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """The newest label of each symbol, of every kind of group the file carries."""
    if SYMBOL not in found:
        return {}
    made: dict[str, dict[str, str]] = {}
    for name in (name for name in GROUPS if name in found):
        pairs = frame.select(pl.col(found[SYMBOL]).cast(pl.String), pl.col(found[name]).cast(pl.String).alias(name))
        last = pairs.drop_nulls().group_by(found[SYMBOL]).agg(pl.col(name).last())
        made[name] = dict(sorted(zip(last.get_column(found[SYMBOL]), last.get_column(name), strict=True)))
    return made


def _tag(path: Path) -> str | None:
    if path.suffix != ".parquet":
        return None
    return pl.read_parquet_metadata(path).get(SYNTHETIC) or None
