"""Macro series: one value a moment for the whole market (rates, an index, funding), never read ahead."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from eraforge.core.errors import DataError, UserError
from eraforge.data.sources.columns import TIME, recognise
from eraforge.data.sources.moments import read_moments
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


def read_series(path: Path, column: str, lag_seconds: int, zone: str = "", symbol: str = "") -> Series:
    """Read one column of a table of moments.

    Args:
        column: which values.
        lag_seconds: how long after its time a value is published; a day's figure is known a day later at the earliest,
            so there is no default.
        symbol: of a long table, whose rows to take.

    Raises:
        DataError: `no-time-column`, `series-tells-twice`, and as `read_table`; UserError: `unknown-series-column`.
    """
    frame = read_table(path, path.name)
    found = recognise(frame.columns)
    if TIME not in found:
        raise DataError("no-time-column", f"{path.name} has no column of times.", "Name that column date.")
    if column not in frame.columns:
        raise UserError(
            "unknown-series-column",
            f"{path.name} has no column {column!r}.",
            f"It has {', '.join(frame.columns[:12])}.",
        )
    if symbol and "symbol" in found:
        frame = frame.filter(pl.col(found["symbol"]) == symbol)
    told = read_moments(frame.get_column(found[TIME]), zone, 1, path.name).told
    rows = pl.DataFrame({"time": told, "value": frame.get_column(column).cast(pl.Float64, strict=False)}).drop_nulls()
    rows = rows.unique(maintain_order=True).sort("time")
    twice = rows.height - rows.get_column("time").n_unique()
    if twice:
        raise DataError(
            "series-tells-twice",
            f"{path.name} tells {twice} moments of {column!r} more than once, with different values.",
            "Keep one value a moment; name the symbol if the table holds several.",
        )
    times = (rows.get_column("time").to_numpy() + lag_seconds).astype("datetime64[s]")
    return Series(column, times, rows.get_column("value").to_numpy())
