"""Features of real prices with all their faults: zero prices, jumps, flat bars, missing days, delistings."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from eraforge.core.bars import FIELDS, Bars
from eraforge.features.catalogue import default
from eraforge.features.engine import compute

ROOT = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("ERAFORGE_SHARED", ROOT.parent / "shared"))
FOLDER = SHARED / "data" / "crypto_daily"
FILES = (pytest.param("yahoo_377_2014_2022", marks=pytest.mark.slow), "thin_market_505_2023_2025")
NEWEST = 600


def bars_of(name: str) -> Bars:
    path = FOLDER / f"{name}.parquet"
    if not path.exists():
        pytest.skip("the real prices are not on this machine")
    rows = pl.read_parquet(path).unique(["symbol", "date"], keep="first").sort("symbol", "date")
    rows = rows.filter(pl.col("date").is_in(rows["date"].unique().sort()[-NEWEST:].to_list()))
    symbols, days = rows["symbol"].unique().sort(), rows["date"].unique().sort()
    row = rows["symbol"].replace_strict(symbols, np.arange(len(symbols))).to_numpy()
    day = rows["date"].replace_strict(days, np.arange(len(days))).to_numpy()
    columns = {field: np.full((len(symbols), len(days)), np.nan) for field in FIELDS}
    for field, values in columns.items():
        values[row, day] = rows[field].to_numpy()
    return Bars(tuple(symbols), days.to_numpy().astype("datetime64[s]"), columns)


@pytest.mark.parametrize("name", FILES)
def test_real_prices_give_finite_values_or_none_and_no_look_ahead(name: str) -> None:
    bars = bars_of(name)
    features = default(bars)
    whole = compute(features, bars, dtype=np.float64).values
    assert not np.isinf(whole).any()
    assert np.isnan(whole[:, np.isnan(bars["close"])]).all()
    known = np.isfinite(bars["close"])
    silent = [
        feature.name for feature, values in zip(features, whole, strict=True) if np.isnan(values[known]).mean() > 0.9
    ]
    assert silent == []
    place = bars.times[500]
    cut = compute(features, bars.until(place), since=bars.times[490], dtype=np.float64).values
    assert np.array_equal(cut, whole[:, :, 490:501], equal_nan=True)
