"""A made-up market: equal bars in any order of asking, and bars that make sense."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import polars as pl
import pytest

from eraforge.simulator.world.market.prices.history import MadeMarket
from eraforge.simulator.world.market.prices.process import BLOCK
from eraforge.simulator.world.market.prices.spec import EQUITY_MARKETS, TOKEN_MARKETS, Spec

SPECS = [EQUITY_MARKETS["tiny"], TOKEN_MARKETS["tiny"]]


@pytest.fixture(scope="module", params=SPECS, ids=lambda spec: spec.name.split()[0])
def market(request: pytest.FixtureRequest) -> MadeMarket:
    return MadeMarket(3, request.param)


@pytest.fixture(scope="module")
def feed(market: MadeMarket) -> pl.DataFrame:
    return pl.concat(market.bars(0, 500))


def test_bars_are_the_same_whatever_was_asked_before(market: MadeMarket) -> None:
    other = MadeMarket(3, market.spec)
    whole = other.closes(0, 400)
    pieces = np.concatenate([market.closes(first, first + 80) for first in range(0, 400, 80)], axis=1)
    assert np.array_equal(whole, pieces, equal_nan=True)
    assert np.array_equal(other.moves(100, 200), market.moves(0, 300)[:, 100:200])
    assert not np.array_equal(MadeMarket(4, market.spec).closes(0, 90), whole[:, :90], equal_nan=True)


def test_a_bar_never_changes_as_the_market_goes_on(market: MadeMarket) -> None:
    early = pl.concat(MadeMarket(3, market.spec).bars(0, 150))
    market.closes(0, 700)
    late = pl.concat(market.bars(0, 400)).filter(pl.col("date") <= early["date"].max())
    assert early.equals(late)


def test_bars_make_sense(feed: pl.DataFrame) -> None:
    assert not feed.select("symbol", "date").is_duplicated().any()
    assert feed.filter(pl.col("low") > pl.min_horizontal("open", "close")).is_empty()
    assert feed.filter(pl.col("high") < pl.max_horizontal("open", "close")).is_empty()
    assert (feed["low"] > 0).all() and (feed["volume"] >= 1).all()
    exact = feed["close"].cast(pl.Float64) * feed["split_factor"].cast(pl.Float64)
    exact *= feed["dividend_factor"].cast(pl.Float64)
    assert feed["adjusted_close"].equals(exact, check_names=False)
    assert feed.null_count().sum_horizontal().item() == 0
    assert feed.sort("date", "symbol").equals(feed)


def test_moves_are_log_returns_that_bridge_gaps(market: MadeMarket) -> None:
    closes, moves = market.closes(0, 300), market.moves(0, 300)
    held = np.stack([market.holders(place) for place in range(300)], axis=1)
    for row in range(0, market.spec.rows, 7):
        days = np.flatnonzero(~np.isnan(closes[row]))
        same = held[row, days[1:]] == held[row, days[:-1]]
        expected = np.where(same, np.diff(np.log(closes[row, days])), 0)
        assert moves[row, days[1:]] == pytest.approx(expected, abs=1e-5)
        assert moves[row, np.isnan(closes[row])].tolist() == [0] * int(np.isnan(closes[row]).sum())


def test_names_come_and_go_and_none_is_used_twice(market: MadeMarket) -> None:
    listing = market.listing
    assert len(set(listing.symbol.tolist())) == len(listing.symbol)
    same_row = listing.row[1:] == listing.row[:-1]
    assert (listing.start[1:] - listing.stop[:-1])[same_row].min() >= 100
    first, later = set(market.symbols(10)) - {""}, set(market.symbols(600)) - {""}
    assert first - later and later - first


def test_a_split_moves_the_price_and_not_the_adjusted_close() -> None:
    market = MadeMarket(1, replace(EQUITY_MARKETS["small"], rows=240))
    feed = pl.concat(market.bars(0, 1_400)).sort("symbol", "date")
    steps = feed.with_columns(
        (pl.col("split_factor") / pl.col("split_factor").shift(1).over("symbol")).alias("ratio"),
        (pl.col("dividend_factor") / pl.col("dividend_factor").shift(1).over("symbol")).alias("paid"),
        (pl.col("close") / pl.col("close").shift(1).over("symbol")).alias("raw"),
        (pl.col("adjusted_close") / pl.col("adjusted_close").shift(1).over("symbol")).alias("adjusted"),
    ).filter(pl.col("ratio") != 1)
    assert steps.height >= 2
    moved = steps["raw"] * steps["ratio"] * steps["paid"]
    assert moved.to_numpy() == pytest.approx(steps["adjusted"].to_numpy(), rel=1e-5)
    assert steps["adjusted"].log().abs().max() < 1.5 < steps["ratio"].max()


def test_a_dividend_moves_the_price_and_not_the_adjusted_close() -> None:
    """About three fifths of the names pay four times a year, by which their factor grows by some percent."""
    feed = pl.concat(MadeMarket(1, EQUITY_MARKETS["tiny"]).bars(0, 650)).sort("symbol", "date")
    before = pl.col("dividend_factor").shift(1).over("symbol")
    steps = feed.with_columns(
        (pl.col("dividend_factor") / before).alias("paid"),
        (pl.col("close") / pl.col("close").shift(1).over("symbol")).log().alias("raw"),
        (pl.col("adjusted_close") / pl.col("adjusted_close").shift(1).over("symbol")).log().alias("adjusted"),
        (pl.col("split_factor") == pl.col("split_factor").shift(1).over("symbol")).alias("whole"),
    ).drop_nulls()
    assert (steps["paid"] >= 1).all() and feed.group_by("symbol").first()["dividend_factor"].eq(1).mean() > 0.99
    ex_days = steps.filter(pl.col("paid") > 1, pl.col("whole"))
    assert ex_days["paid"].max() < 1.021 and 1.003 < ex_days["paid"].mean() < 1.009
    drop = ex_days["raw"] + ex_days["paid"].cast(pl.Float64).log() - ex_days["adjusted"]
    assert drop.abs().max() < 1e-5
    payers = ex_days["symbol"].n_unique() / steps.filter(pl.len().over("symbol") > 200)["symbol"].n_unique()
    assert 0.45 < payers < 0.75
    tokens = pl.concat(MadeMarket(1, TOKEN_MARKETS["tiny"]).bars(0, 200))
    assert (tokens["dividend_factor"] == 1).all()


def test_exchanges_close_on_their_own_holidays() -> None:
    market = MadeMarket(3, EQUITY_MARKETS["tiny"])
    closes = market.closes(0, 520)
    christmas = market.place(date(2024, 12, 25))
    assert np.isnan(closes[:, christmas]).all()
    traded = ~np.isnan(closes)
    inside = market.country == "US"
    listed = np.stack([market.holders(place) >= 0 for place in range(520)], axis=1)
    closed = [place for place in range(520) if not traded[inside, place].any()]
    assert 14 <= len(closed) <= 26
    assert traded[listed].mean() > 0.93


def test_tokens_trade_on_sundays_and_equities_do_not() -> None:
    assert {int(day.item().weekday()) for day in MadeMarket(1, SPECS[1]).days[:14]} == set(range(7))
    assert {int(day.item().weekday()) for day in MadeMarket(1, SPECS[0]).days[:14]} == set(range(5))


@pytest.mark.parametrize(
    ("spec", "kurtosis", "clustering", "likeness"),
    [(SPECS[0], (3, 40), 0.08, (0.12, 0.55)), (SPECS[1], (3, 40), 0.06, (0.25, 0.7))],
    ids=["equities", "tokens"],
)
def test_returns_have_the_known_traits(
    spec: Spec, kurtosis: tuple[float, float], clustering: float, likeness: tuple[float, float]
) -> None:
    """Fat tails, quiet and loud times, common moves: within wide bounds for every seed."""
    market = MadeMarket(11, spec)
    last = len(market.days) if len(market.days) < 900 else 850
    whole = market.age(last - 1) >= last - 260
    moves = market.moves(0, last)[whole][:, -800:].astype(float)
    moves = moves[(moves != 0).mean(axis=1) > 0.9]
    centred = moves - moves.mean(axis=1, keepdims=True)
    excess = (centred**4).mean(axis=1) / (centred**2).mean(axis=1) ** 2 - 3
    assert kurtosis[0] < np.median(excess) < kurtosis[1]
    size = np.abs(centred)
    lagged = [np.corrcoef(line[1:], line[:-1])[0, 1] for line in size]
    assert np.median(lagged) > clustering
    table = np.corrcoef(moves[:60])
    assert likeness[0] < table[np.triu_indices(len(table), 1)].mean() < likeness[1]
    assert last > 5 * BLOCK
