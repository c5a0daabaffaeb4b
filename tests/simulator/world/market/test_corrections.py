"""Planted corrections: told by the world, seen by the lake, and undone when an earlier state is looked at."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from eraforge.data.lake.lake import Lake
from eraforge.data.sources.reading import read_prices
from eraforge.data.sources.source import Wanted
from eraforge.simulator.world.market.corrections import LONGEST, Correction
from eraforge.simulator.world.market.feed import PriceFiles
from eraforge.simulator.world.market.prices.history import MadeMarket
from eraforge.simulator.world.market.prices.spec import EQUITY_MARKETS, TOKEN_MARKETS
from eraforge.store.objects import Objects

FIRST, DAYS = date(2025, 3, 3), 40
OFTEN = {name: replace(spec["tiny"], rows=40, corrections=80.0) for name, spec in
         (("signals", EQUITY_MARKETS), ("crypto", TOKEN_MARKETS))}  # fmt: skip


def market_days(market: MadeMarket) -> list[date]:
    place = market.place(FIRST)
    return [day.item() for day in market.days[place : place + DAYS]]


def value(lake: Lake, one: Correction, at: datetime | None) -> float:
    bars = lake.bars(at, ("volume",), [one.symbol])
    place = int(np.searchsorted(bars.times.astype("datetime64[D]"), np.datetime64(one.day)))
    return float(bars[one.column][0, place])


@pytest.mark.parametrize("arena", OFTEN)
def test_the_lake_records_each_one_and_rebuilds_what_was_known_before(arena: str, tmp_path: Path) -> None:
    market = MadeMarket(5, OFTEN[arena])
    feed, lake = PriceFiles(arena, market, "made up"), Lake(tmp_path, arena, Objects(tmp_path / "objects"), 86_400)
    days = market_days(market)
    planted = market.corrections(market.place(days[0]), market.place(days[-1]) + 1)
    made = [one for one in planted if one.corrected <= days[-1]]
    assert len(made) >= 4 and {one.column for one in planted} == {"close", "volume"}
    path, pulled = tmp_path / "recent.parquet", {}
    for day in days:
        feed.write(f"prices/{arena}/recent.parquet", day, path)
        learned = datetime.combine(day + timedelta(days=1), time(1), UTC)
        delivery = read_prices(path, path.name, Wanted(arena))
        assert delivery.rows is not None
        pulled[day] = lake.append(delivery.rows, learned).corrected
    for day in days[1:]:
        assert pulled[day] == len({(one.symbol, one.day) for one in made if one.corrected == day})
    assert sum(one.corrections for one in lake.catalogue.segments) == len(made)
    for one in made:
        before = datetime.combine(one.corrected, time(12), UTC)
        assert value(lake, one, before) == one.wrong
        assert value(lake, one, None) == one.right != one.wrong


@pytest.mark.parametrize("arena", OFTEN)
def test_a_wrong_bar_is_a_bar_and_all_others_are_as_they_stay(arena: str, tmp_path: Path) -> None:
    market = MadeMarket(5, OFTEN[arena])
    feed, name = PriceFiles(arena, market, "made up"), f"prices/{arena}/recent.parquet"
    for day in market_days(market)[::4]:
        place = market.place(day)
        feed.write(name, day, tmp_path / "told.parquet")
        told, right = pl.read_parquet(tmp_path / "told.parquet"), pl.concat(market.bars(place - 29, place + 1))
        assert told.filter(pl.col("low") > pl.min_horizontal("open", "close")).is_empty()
        assert told.filter(pl.col("high") < pl.max_horizontal("open", "close")).is_empty()
        factor = told["split_factor"].cast(pl.Float64) * told["dividend_factor"].cast(pl.Float64)
        assert (told["close"].cast(pl.Float64) * factor / told["adjusted_close"] - 1).abs().max() < 1e-12
        apart = told.join(right, on=told.columns, how="anti").select("symbol", "date")
        standing = {
            (one.symbol, one.day) for one in market.corrections(place - LONGEST, place + 1) if one.corrected > day
        }
        assert set(apart.rows()) == standing


def test_by_default_they_are_few_and_each_is_soon_put_right() -> None:
    for spec in (EQUITY_MARKETS["tiny"], TOKEN_MARKETS["tiny"]):
        market = MadeMarket(3, spec)
        found = market.corrections(200, 461)
        assert 2 <= len(found) <= 18 and found == MadeMarket(3, spec).corrections(200, 461)
        assert all(0 < market.place(one.corrected) - market.place(one.day) <= LONGEST for one in found)
        assert all(abs(one.wrong / one.right - 1) < 0.032 for one in found if one.column == "close")
