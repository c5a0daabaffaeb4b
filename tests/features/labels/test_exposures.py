"""Exposures look back only, and measure what they say."""

from __future__ import annotations

import numpy as np
import pytest

from eraforge.core.bars import Bars
from eraforge.features.labels.exposures import FACTORS, factor_exposures, log_returns, market_beta, market_returns


def made(seed: int = 0, symbols: int = 40, days: int = 320) -> Bars:
    source = np.random.default_rng(seed)
    slopes = np.linspace(0.2, 2.0, symbols)
    moves = slopes[:, None] * source.normal(0, 0.01, days) + source.normal(0, 0.004, (symbols, days))
    close = 50 * np.exp(moves.cumsum(axis=1))
    close[source.random(close.shape) < 0.03] = np.nan
    volume = np.where(np.isnan(close), np.nan, 1e6)
    times = np.busday_offset(np.datetime64("2024-01-01"), np.arange(days)).astype("datetime64[s]")
    columns = {**dict.fromkeys(("open", "high", "low"), close), "close": close, "volume": volume}
    return Bars(tuple(f"S{place:03d}" for place in range(symbols)), times, columns)


def test_log_returns_bridge_gaps() -> None:
    moves = log_returns(np.array([[1.0, np.nan, np.e, np.e**3]]))
    assert moves[0, [0, 2, 3]] == pytest.approx([0, 1, 2])
    assert np.isnan(moves[0, 1])


def test_beta_is_the_slope_on_the_market() -> None:
    source = np.random.default_rng(1)
    market = source.normal(0, 0.01, 250)
    assert market_beta(np.array([1.5 * market, -0.5 * market]), market) == pytest.approx([1.4, -0.2])
    assert market_beta(np.full((1, 250), np.nan), market).tolist() == [1.0]


def test_a_day_without_returns_has_a_market_of_zero() -> None:
    assert market_returns(np.array([[np.nan, 0.1], [np.nan, 0.3]])) == pytest.approx([0.0, 0.2])


def test_exposures_follow_what_they_are_named_after() -> None:
    bars = made()
    table = factor_exposures(bars, 300)
    assert table.shape == (40, len(FACTORS))
    assert np.corrcoef(table[:, FACTORS.index("beta")], np.arange(40))[0, 1] > 0.97
    assert np.corrcoef(table[:, FACTORS.index("volatility")], np.arange(40))[0, 1] > 0.9
    assert np.abs(table).max() < 1


def test_exposures_do_not_look_ahead() -> None:
    bars = made()
    later = {name: values.copy() for name, values in bars.columns.items()}
    for values in later.values():
        values[:, 201:] *= np.random.default_rng(5).uniform(0.1, 9, values[:, 201:].shape)
    changed = Bars(bars.symbols, bars.times, later)
    assert np.array_equal(factor_exposures(bars, 200), factor_exposures(changed, 200))
