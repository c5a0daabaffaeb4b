"""Prices replayed from a folder of real daily bars."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl

from eraforge.core.digest import digest_value
from eraforge.core.errors import DataError
from eraforge.simulator.world.market.corrections import Correction
from eraforge.simulator.world.market.prices.feed_rows import SCHEMA, long_rows
from eraforge.simulator.world.market.prices.gaps import bridged_moves

NAMES = {
    "symbol": ("symbol", "ticker", "numerai_ticker", "bloomberg_ticker"),
    "date": ("date", "day", "timestamp", "time"),
}
NEEDED = ("symbol", "date", "open", "high", "low", "close", "volume")


class ReplayedMarket:
    """Bars of a folder on their own grid of days, one row per symbol.

    Args:
        frame: checked rows, sorted by symbol and date, one per pair.
        every_day: whether days are calendar days; else weekdays, and bars of other days are left out.
    """

    def __init__(self, frame: pl.DataFrame, every_day: bool) -> None:
        first, last = frame["date"].min(), frame["date"].max()
        assert isinstance(first, date) and isinstance(last, date)  # noqa: S101
        self.days = np.arange(np.datetime64(first), np.datetime64(last) + 1)
        if not every_day:
            self.days = self.days[np.is_busday(self.days)]
            frame = frame.filter(pl.col("date").dt.weekday() <= 5)
        names = frame["symbol"].unique().sort()
        self._symbols = names.to_numpy().astype(np.str_)
        rows = np.searchsorted(self._symbols, frame["symbol"].to_numpy().astype(np.str_))
        places = np.searchsorted(self.days, frame["date"].to_numpy())
        self._columns = {name: self._wide(frame, name, rows, places) for name in NEEDED[2:]}
        factor = self._wide(frame, "split_factor", rows, places)
        paid = self._wide(frame, "dividend_factor", rows, places)
        self._factor, self._paid = (np.where(np.isnan(one), 1.0, one) for one in (factor, paid))
        groups = frame.group_by("symbol", maintain_order=True).agg(pl.col("country", "sector").last()).sort("symbol")
        self.country, self.sector = (groups[name].to_numpy().astype(np.str_) for name in ("country", "sector"))
        known = ~np.isnan(self._columns["close"])
        self._start = known.argmax(axis=1)
        self._moves = bridged_moves(
            self._columns["close"] * self._factor * self._paid, np.full(len(self._symbols), np.nan)
        )[0]
        self._moves = self._moves.astype(np.float32)
        self.digest = digest_value(len(rows), first.isoformat(), last.isoformat(), float(frame["close"].sum()))

    def _wide(self, frame: pl.DataFrame, name: str, rows: np.ndarray, places: np.ndarray) -> np.ndarray:
        table = np.full((len(self._symbols), len(self.days)), np.nan)
        table[rows, places] = frame[name].cast(pl.Float64).to_numpy()
        return table

    def place(self, day: date) -> int:
        """The place of the last day at or before `day`.

        Raises:
            DataError: `day-beyond-prices` outside the days of the folder.
        """
        found = int(np.searchsorted(self.days, np.datetime64(day), side="right")) - 1
        if found < 0 or np.datetime64(day) > self.days[-1] + 3:
            raise DataError(
                "day-beyond-prices",
                f"The replayed prices go from {self.days[0]} to {self.days[-1]}; {day} lies outside.",
                "Start the clock within them, and stop a target's horizon before they end.",
            )
        return found

    def age(self, place: int) -> np.ndarray:
        """(rows,) days since a symbol's first bar, -1 before it. When one ends is not known before it has ended."""
        return np.where(self._start <= place, place - self._start, -1)

    def symbols(self, place: int) -> np.ndarray:
        """(rows,) symbols that have had a bar by then, "" for others."""
        return np.where(self._start <= place, self._symbols, "")

    def closes(self, first: int, stop: int) -> np.ndarray:
        """(rows, stop - first) adjusted closes, NaN where there is no bar."""
        cut = slice(first, stop)
        return np.asarray(self._columns["close"][:, cut] * self._factor[:, cut] * self._paid[:, cut])

    def moves(self, first: int, stop: int) -> np.ndarray:
        """(rows, stop - first) log returns."""
        return self._moves[:, first:stop].copy()

    def dollars(self, first: int, stop: int) -> np.ndarray:
        """(rows, stop - first) money traded."""
        return np.asarray(self._columns["close"][:, first:stop] * self._columns["volume"][:, first:stop])

    def capital(self, place: int) -> np.ndarray:
        """(rows,) NaN: bars tell no market value."""
        return np.full(len(self._symbols), np.nan)

    def fundamentals(self, place: int) -> np.ndarray:
        """(rows, 4) zeros: bars tell no fundamentals."""
        return np.zeros((len(self._symbols), 4))

    def bars(self, first: int, stop: int) -> list[pl.DataFrame]:
        """Rows of the price feed for these days."""
        columns = {name: values[:, first:stop] for name, values in self._columns.items()}
        columns["split_factor"], columns["dividend_factor"] = (
            factor[:, first:stop] for factor in (self._factor, self._paid)
        )
        columns["adjusted_close"] = self.closes(first, stop)
        columns["symbol"] = np.repeat(self._symbols[:, None], stop - first, axis=1)
        return [long_rows(self.days[first:stop], columns, {"country": self.country, "sector": self.sector})]

    def corrections(self, first: int, stop: int) -> list[Correction]:
        """None: replayed bars stand as they are in the folder."""
        return []


def replayed(folder: Path, every_day: bool) -> ReplayedMarket:
    """The bars of every parquet and CSV file of a folder.

    Columns: symbol (or ticker), date, open, high, low, close, volume; country, sector, split_factor and
    dividend_factor where there are.
    Bars without a positive close are left out; of several bars of one symbol and day the first stands.

    Raises:
        DataError: `no-price-files`, `price-column-missing`, `no-usable-bars`.
    """
    files = sorted([*folder.glob("*.parquet"), *folder.glob("*.csv")])
    if not files:
        raise DataError("no-price-files", f"{folder} holds no parquet or CSV file.", "Name a folder of daily bars.")
    frames = [_read(file) for file in files]
    frame = pl.concat(frames).filter(pl.col("close").is_finite() & (pl.col("close") > 0))
    frame = frame.unique(["symbol", "date"], keep="first", maintain_order=True).sort("symbol", "date")
    if frame.is_empty():
        raise DataError("no-usable-bars", f"No bar in {folder} has a positive close.", "Check the files.")
    return ReplayedMarket(frame, every_day)


def _read(file: Path) -> pl.DataFrame:
    table = pl.read_parquet(file) if file.suffix == ".parquet" else pl.read_csv(file, try_parse_dates=True)
    by_lower = {name.lower(): name for name in table.columns}
    chosen = {}
    for name in SCHEMA:
        found = [by_lower[other] for other in NAMES.get(name, (name,)) if other in by_lower]
        if found:
            chosen[name] = pl.col(found[0])
        elif name in NEEDED:
            raise DataError(
                "price-column-missing", f"{file.name} has no column {name!r}.", f"Daily bars have {', '.join(NEEDED)}."
            )
    chosen.setdefault("country", pl.lit(""))
    chosen.setdefault("sector", pl.lit(""))
    chosen.setdefault("split_factor", pl.lit(1.0))
    chosen.setdefault("dividend_factor", pl.lit(1.0))
    chosen.pop("adjusted_close", None)
    return table.select([_typed(column, name).alias(name) for name, column in chosen.items()]).select(
        *NEEDED, "country", "sector", "split_factor", "dividend_factor"
    )


def _typed(column: pl.Expr, name: str) -> pl.Expr:
    kinds: Sequence[str] = ("symbol", "country", "sector")
    return column.cast(pl.String).fill_null("") if name in kinds else column.cast(SCHEMA[name])
