"""Made-up bars for the tests of features: ragged, with gaps, outliers, constants and rows of few bars."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest

from eraforge.core.bars import Bars

DAY = np.timedelta64(86_400, "s")


@dataclass(frozen=True)
class Maker:
    """Makes bars, and changes them."""

    def __call__(
        self, symbols: int = 6, days: int = 400, seed: int = 0, *, whole: bool = False, step: np.timedelta64 = DAY
    ) -> Bars:
        """Random walks; unless `whole`, with late listings, delistings, gaps, outliers and one constant symbol."""
        rng = np.random.default_rng(seed)
        shape = (symbols, days)
        close = 50.0 * np.exp(np.cumsum(rng.normal(0, 0.03, shape), axis=1))
        opening = close * np.exp(rng.normal(0, 0.01, shape))
        high = np.maximum(opening, close) * np.exp(np.abs(rng.normal(0, 0.01, shape)))
        low = np.minimum(opening, close) * np.exp(-np.abs(rng.normal(0, 0.01, shape)))
        volume = np.exp(rng.normal(10, 1, shape))
        columns = {"open": opening, "high": high, "low": low, "close": close, "volume": volume}
        if not whole:
            _spoil(columns, rng)
        times = np.datetime64("2019-01-01", "s") + np.arange(days) * step
        groups = {
            "sector": tuple(("energy", "health", "")[number % 3] for number in range(symbols)),
            "country": tuple(("US", "JP")[number % 2] for number in range(symbols)),
        }
        names = tuple(f"S{number:03d}" for number in range(symbols))
        return Bars(names, times, columns, groups, synthetic=f"made-bars-{seed}")

    def changed_from(self, bars: Bars, place: int, seed: int = 1) -> Bars:
        """The same bars before moment `place`, and others from it on."""
        other = self(len(bars.symbols), len(bars.times), seed + 1000)
        columns = {name: values.copy() for name, values in bars.columns.items()}
        for name, values in columns.items():
            values[:, place:] = other[name][:, place:] * 3.0
        return replace(bars, columns=columns)

    def tail(self, bars: Bars, row: int, place: int, count: int) -> Bars:
        """One symbol's last `count` own bars up to moment `place`, as bars without gaps."""
        whole = np.all([np.isfinite(values[row, : place + 1]) for values in bars.columns.values()], axis=0)
        kept = np.flatnonzero(whole)[-count:]
        columns = {name: np.ascontiguousarray(values[row : row + 1, kept]) for name, values in bars.columns.items()}
        return Bars((bars.symbols[row],), bars.times[kept], columns)


def _spoil(columns: dict[str, np.ndarray], rng: np.random.Generator) -> None:
    symbols, days = columns["close"].shape
    for name in ("open", "high", "low", "close"):
        columns[name][-1] = 7.0  # a constant symbol
    missing = rng.random((symbols, days)) < 0.03
    for row in range(0, symbols, 3):
        missing[row, : rng.integers(0, max(1, days // 2))] = True
    for row in range(1, symbols, 4):
        missing[row, days - rng.integers(1, max(2, days // 4)) :] = True
    spikes = rng.random((symbols, days)) < 0.004
    spikes[-1] = False
    for values in columns.values():
        values[spikes] *= 1e6
        values[missing] = np.nan


@pytest.fixture(scope="session")
def made() -> Maker:
    """The maker of bars."""
    return Maker()
