"""Macro series: one value a moment for the whole market (rates, an index, funding), never read ahead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from eraforge.core.bars import SERIES, Bars
from eraforge.core.digest import digest_value
from eraforge.core.errors import DataError, UserError
from eraforge.data.sources.columns import TIME, recognise
from eraforge.data.sources.moments import DAY, read_moments
from eraforge.data.sources.reading import read_table


@dataclass(frozen=True)
class Series:
    """A named series.

    Args:
        times: (t,) datetime64[s], rising: the moment from which each value was known.
        values: (t,) float64.
    """

    name: str
    times: np.ndarray
    values: np.ndarray

    def facts(self) -> dict[str, Any]:
        """Seconds since 1970 and values, as JSON holds them."""
        return {"times": self.times.astype(np.int64).tolist(), "values": self.values.tolist()}

    def at(self, moments: np.ndarray, oldest: np.timedelta64 | None = None) -> np.ndarray:
        """(m,) the newest value known at each moment, NaN before the first.

        Args:
            oldest: age beyond which a value is not carried any further.
        """
        place = np.searchsorted(self.times, moments, side="right") - 1
        inside = place >= 0
        if oldest is not None:
            inside &= moments - self.times[np.maximum(place, 0)] <= oldest
        return (
            np.where(inside, self.values[np.maximum(place, 0)], np.nan)
            if self.values.size
            else np.full(moments.size, np.nan)
        )


def series_of(name: str, facts: Mapping[str, Any]) -> Series:
    """The series whose `facts` these are."""
    times = np.array(facts["times"], np.int64).astype("datetime64[s]")
    return Series(name, times, np.array(facts["values"], np.float64))


def with_series(bars: Bars, series: Sequence[Series], oldest: Mapping[str, int]) -> Bars:
    """The bars with a column `series_NAME` for each: at every moment what had been published by then, for all symbols.

    Args:
        oldest: name -> seconds after its publication at which a value is not used any more.
    """
    if not series:
        return bars
    columns = dict(bars.columns)
    for one in series:
        age = np.timedelta64(oldest[one.name], "s") if one.name in oldest else None
        columns[SERIES + one.name] = np.tile(one.at(bars.times, age), (len(bars.symbols), 1))
    told = [[one.name, one.facts(), oldest.get(one.name)] for one in series]
    return replace(bars, columns=columns, digest=digest_value("series", bars.digest, told) if bars.digest else None)


def read_series(
    path: Path, column: str, lag_seconds: int | None, zone: str = "", symbol: str = "", published: str = ""
) -> Series:
    """Read one column of a table of moments.

    Args:
        column: which values.
        lag_seconds: how long after its time a value is published; a day's figure is known a day later at the earliest,
            so there is no default. None where `published` tells it.
        symbol: of a long table, whose rows to take.
        published: column with the moment at which each value was published; a day without a time means its end. A
            period may be told again later: a revision counts from its own publication on, and never again once a
            later period is known.

    Raises:
        DataError: `no-time-column`, `series-tells-twice`, `series-without-values`, and as `read_table`; UserError:
            `unknown-series-column`, `series-without-lag`.
    """
    if (lag_seconds is None) == (not published):
        raise UserError(
            "series-without-lag",
            f"Nothing tells when the values of {path.name} were published, or two settings do.",
            'Set lag = "1d" (how long after its time a value is known), or published = the column that tells it.',
        )
    frame = read_table(path, path.name)
    found = recognise([name for name in frame.columns if name not in (column, published)])
    if TIME not in found:
        raise DataError("no-time-column", f"{path.name} has no column of times.", "Name that column date.")
    for wanted in (column, published):
        if wanted and wanted not in frame.columns:
            raise UserError(
                "unknown-series-column",
                f"{path.name} has no column {wanted!r}.",
                f"It has {', '.join(frame.columns[:12])}.",
            )
    if symbol and "symbol" in found:
        frame = frame.filter(pl.col(found["symbol"]) == symbol)
    told = read_moments(frame.get_column(found[TIME]), zone, 1, path.name).told
    known = told + lag_seconds if lag_seconds is not None else _released(frame.get_column(published), zone, path.name)
    value = frame.get_column(column).cast(pl.Float64, strict=False)
    rows = pl.DataFrame({"time": told, "known": known, "value": value}).drop_nulls().drop_nans()
    rows = rows.unique(maintain_order=True).sort("known", "time")
    twice = rows.height - rows.select("known", "time").n_unique()
    if twice:
        raise DataError(
            "series-tells-twice",
            f"{path.name} tells {twice} moments of {column!r} more than once, with different values.",
            "Keep one value a moment; name the symbol if the table holds several.",
        )
    if not rows.height:
        raise DataError(
            "series-without-values",
            f"{path.name} tells no value of {column!r}" + (f" for {symbol!r}." if symbol else "."),
            "Check column, symbol and published of the series.",
        )
    rows = rows.filter(pl.col("time") >= pl.col("time").cum_max()).unique("known", keep="last", maintain_order=True)
    return Series(
        column, rows.get_column("known").to_numpy().astype("datetime64[s]"), rows.get_column("value").to_numpy()
    )


def _released(column: pl.Series, zone: str, name: str) -> pl.Series:
    """Seconds since 1970 of each publication; where only days are told, the end of the day."""
    told = read_moments(column, zone, 1, name)
    return told.told + (DAY - 1 if (told.slots % DAY == 0).all() else 0)
