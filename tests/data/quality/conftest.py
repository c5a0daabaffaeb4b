"""Sound prices in which tests plant faults."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import polars as pl
import pytest

from eraforge.core.bars import Bars
from eraforge.data.quality.check import PriceReport, check_prices
from eraforge.data.quality.fault import View
from eraforge.data.quality.presence import usual_calendar

DAY = 86_400
SYMBOLS = tuple(f"S{place:02d}" for place in range(8))
LENGTH = 120


class Market:
    """Eight symbols with 120 daily bars of a random walk; arrays are changed in place, then looked at."""

    def __init__(self, weekdays: bool = False) -> None:
        rng = np.random.default_rng(7)
        close = 100 * np.exp(np.cumsum(rng.normal(0, 0.02, (len(SYMBOLS), LENGTH)), axis=1))
        opened = np.concatenate([close[:, :1], close[:, :-1]], axis=1)
        self.columns = {
            "open": opened,
            "high": np.maximum(opened, close) * 1.01,
            "low": np.minimum(opened, close) * 0.99,
            "close": close,
            "volume": rng.uniform(1e5, 1e6, close.shape),
        }
        days = np.arange("2024-01-01", "2025-01-01", dtype="datetime64[D]")
        self.days = (days[np.is_busday(days)] if weekdays else days)[:LENGTH].astype("datetime64[s]")
        self.told = self.days.astype(np.int64)[None, :].repeat(len(SYMBOLS), axis=0)
        self.more: list[tuple[str, int, float]] = []

    def scale(
        self, symbol: int, when: slice, ratio: float, fields: tuple[str, ...] = ("open", "high", "low", "close")
    ) -> None:
        for name in fields:
            self.columns[name][symbol, when] *= ratio

    def drop(self, symbol: Any, when: Any) -> None:
        for values in self.columns.values():
            values[symbol, when] = np.nan

    def bars(self) -> Bars:
        return Bars(SYMBOLS, self.days + np.timedelta64(DAY - 1), {name: v.copy() for name, v in self.columns.items()})

    def rows(self) -> pl.DataFrame:
        """The same as rows, with the rows told a second time at their end."""
        row, column = np.nonzero(~np.isnan(self.columns["close"]))
        frame = pl.DataFrame(
            {
                "symbol": np.array(SYMBOLS)[row],
                "time": self.days.astype(np.int64)[column],
                "told": self.told[row, column],
                **{name: values[row, column] for name, values in self.columns.items()},
            }
        )
        for symbol, place, ratio in self.more:
            again = frame.filter((pl.col("symbol") == symbol) & (pl.col("time") == self.days.astype(np.int64)[place]))
            frame = pl.concat([frame, again.head(1).with_columns(pl.col("close") * ratio)])
        return frame

    def check(self, *rules: str, against: Mapping[str, Bars] | None = None, **view: Any) -> tuple[Bars, PriceReport]:
        bars = self.bars()
        made = {"calendar": usual_calendar(bars), **view}
        return check_prices("daily", View(bars, self.rows(), DAY, **made), rules, against=against)

    def codes(self, **rest: Any) -> dict[str, tuple[int, int]]:
        """Code -> bars and symbols of every fault."""
        return {one.finding.code: (one.bars, one.symbols) for one in self.check(**rest)[1].faults}


@pytest.fixture
def market() -> Market:
    return Market()


@pytest.fixture
def make_market() -> Callable[..., Market]:
    return Market
