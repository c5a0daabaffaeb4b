"""Universes with entry and exit dates: who belonged at a date, as it was, survivors and the departed alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

from eraforge.core.errors import DataError
from eraforge.data.sources.columns import NAMES, plain
from eraforge.data.sources.reading import read_table

ENTRY = ("entry", "entry_date", "numerai_entry_date", "start", "start_date", "from", "added", "date_added")
EXIT = ("exit", "exit_date", "numerai_exit_date", "end", "end_date", "to", "removed", "date_removed")
DAY = ("date", "day", "friday_date", "as_of")


@dataclass(frozen=True)
class Universe:
    """Who belonged when.

    Args:
        spans: columns `symbol`, `entry`, `exit` (dates; exit null while it lasts), one row a stay, both ends included.
        doubtful: symbols that stand for several companies at once.
    """

    spans: pl.DataFrame
    doubtful: tuple[str, ...] = ()

    def at(self, day: date) -> tuple[str, ...]:
        """Symbols that belonged at that day, ascending: no one who entered later, everyone who had not left yet."""
        inside = (pl.col("entry") <= day) & (pl.col("exit").is_null() | (pl.col("exit") >= day))
        return tuple(self.spans.filter(inside).get_column("symbol").unique().sort().to_list())


def read_universe(path: Path) -> Universe:
    """Read stays (symbol, entry, exit), a table of days and symbols, or a plain list of symbols.

    Raises:
        DataError: `universe-without-symbols`, and as `read_table`.
    """
    frame = read_table(path, path.name)
    named = {plain(column): column for column in frame.columns}
    symbol, entry, leave, day = (first_of(named, known) for known in (NAMES["symbol"], ENTRY, EXIT, DAY))
    if symbol is None:
        raise DataError(
            "universe-without-symbols",
            f"{path.name} has no column of symbols; it has {', '.join(frame.columns[:8])}.",
            "Name that column symbol.",
        )
    symbols = pl.col(symbol).cast(pl.String).str.strip_chars().alias("symbol")
    if entry is not None:
        ends = as_day(leave).alias("exit") if leave else pl.lit(None, dtype=pl.Date).alias("exit")
        spans = frame.select(symbols, as_day(entry).alias("entry"), ends)
    elif day is not None:
        spans = _of_days(frame.select(symbols, as_day(day).alias("day")))
    else:
        always = pl.lit(date(1900, 1, 1)).alias("entry"), pl.lit(None, dtype=pl.Date).alias("exit")
        spans = frame.select(symbols, *always)
    spans = spans.filter(pl.col("symbol").is_not_null(), pl.col("entry").is_not_null()).sort("symbol", "entry")
    return Universe(spans, _doubtful(spans))


def missing_from(universe: Sequence[str], symbols: Sequence[str]) -> tuple[str, ...]:
    """Symbols of a universe that prices do not have."""
    there = set(symbols)
    return tuple(name for name in universe if name not in there)


def first_of(named: dict[str, str], known: Sequence[str]) -> str | None:
    """The file's own name of the first of the known columns that it has."""
    return next((named[name] for name in known if name in named), None)


def as_day(column: str) -> pl.Expr:
    """The column as dates, null where it is none: days with dashes, slashes, dots or as eight digits."""
    text = pl.col(column).cast(pl.String).str.slice(0, 10).str.replace_all("[/.]", "-")
    return pl.coalesce(text.str.to_date("%Y-%m-%d", strict=False), text.str.to_date("%Y%m%d", strict=False))


def _of_days(pairs: pl.DataFrame) -> pl.DataFrame:
    """Stays of symbols listed day by day: a stay ends the day before the first listing without the symbol."""
    days = pairs.get_column("day").drop_nulls().unique().sort()
    order = pl.DataFrame({"day": days, "place": range(len(days))}, schema_overrides={"place": pl.Int64})
    placed = pairs.drop_nulls().unique().join(order, on="day").sort("symbol", "place")
    stay = (pl.col("place").diff().over("symbol").fill_null(1) > 1).cum_sum().over("symbol").alias("stay")
    spans = (
        placed.with_columns(stay)
        .group_by("symbol", "stay")
        .agg(pl.col("day").min().alias("entry"), pl.col("place").max().alias("last"))
    )
    following = order.select((pl.col("place") - 1).alias("last"), (pl.col("day") - pl.duration(days=1)).alias("exit"))
    return spans.join(following, on="last", how="left").select("symbol", "entry", "exit")


def _doubtful(spans: pl.DataFrame) -> tuple[str, ...]:
    """Symbols with two stays that overlap."""
    before = pl.col("exit").fill_null(date(9999, 1, 1)).shift(1).over("symbol")
    overlapping = spans.with_columns((pl.col("entry") <= before).alias("twice")).filter(pl.col("twice"))
    return tuple(overlapping.get_column("symbol").unique().sort().to_list())
