"""Features in bins, against pandas' ranks."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from eraforge.simulator.world.market import MarketWorld
from eraforge.simulator.world.market.lookback import YEAR, Lookback, exponential, summed, triple_exponential
from eraforge.simulator.world.market.sections import in_bins


def by_pandas(line: np.ndarray, groups: np.ndarray) -> np.ndarray:
    ranked = pd.Series(line).groupby(groups).rank("average")
    size = pd.Series(line).groupby(groups).transform("size")
    return np.minimum(5 * (ranked - 0.5) / size, 4).astype(int).to_numpy()


def test_bins_are_fifths_of_the_ranks_with_ties_together() -> None:
    source = np.random.default_rng(0)
    values = np.stack([source.normal(size=403), source.integers(0, 9, 403).astype(float), np.zeros(403)])
    groups = source.integers(0, 4, 403)
    for line, alone, within in zip(values, in_bins(values), in_bins(values, groups), strict=True):
        assert np.array_equal(alone, by_pandas(line, np.zeros(403)))
        assert np.array_equal(within, by_pandas(line, groups))
    assert (in_bins(values)[2] == 2).all()


def test_missing_values_get_the_middle() -> None:
    values = np.array([[1.0, np.nan, 2.0, 3.0, -np.inf, 4.0], [np.nan] * 6])
    bins = in_bins(values)
    assert bins[0, 1] == 2 and bins[0, 4] == 0 and (bins[1] == 2).all()


def test_filters_are_the_indicators_they_stand_for(signals: MarketWorld) -> None:
    back = Lookback(signals.prices, signals.prices.place(np.datetime64("2026-08-31").item()))
    row = int(np.flatnonzero(back.age > YEAR + 50)[0])
    path = pd.Series(np.concatenate([[0.0], back.returns[row].astype(float).cumsum()]))
    half_year, month, average, triple = back.filtered(
        [summed(130), summed(260, 20), exponential(60) - exponential(20), triple_exponential(60)]
    )[:, row]
    assert half_year == pytest.approx(path.iloc[-1] - path.iloc[-131], abs=1e-5)
    assert month == pytest.approx(path.iloc[-21] - path.iloc[0], abs=1e-5)
    means = {days: path.ewm(span=days, adjust=False).mean().iloc[-1] for days in (20, 60)}
    assert average == pytest.approx(means[20] - means[60], abs=1e-5)
    smooth = path.diff().fillna(0)
    for _ in range(3):
        smooth = smooth.ewm(span=60, adjust=False).mean()
    assert triple == pytest.approx(smooth.iloc[-1], abs=1e-5)
    assert back.volatility(60)[row] == pytest.approx(back.returns[row, -60:].std(), rel=1e-3)
    recent = back.returns[row, -60:]
    assert back.strength(60)[row] == pytest.approx(recent[recent > 0].sum() / np.abs(recent).sum(), rel=1e-4)
