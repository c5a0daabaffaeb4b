"""Dataset files: published names and columns, nothing of the future, and what an entrant can compute again."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest

from eraforge.arenas.crypto import CRYPTO
from eraforge.arenas.signals import SIGNALS
from eraforge.core.bars import Bars
from eraforge.core.calendar import label_known_on
from eraforge.core.panel import Sample
from eraforge.core.plugins import find
from eraforge.data.checks import check_panel
from eraforge.data.panels import read_live, read_panel
from eraforge.features.labels import binned
from eraforge.simulator.world.market import MarketWorld
from eraforge.simulator.world.market.crypto import FEATURES as TOKEN_FEATURES
from eraforge.simulator.world.market.signals import FEATURES
from eraforge.simulator.world.parquet import SYNTHETIC_KEY

ROUND_DAY, MARKET_DAY = date(2026, 9, 1), date(2026, 8, 31)
STEPS = [0.0, 0.25, 0.5, 0.75, 1.0]


def signals_file(folder: Path, name: str) -> Path:
    return folder / f"signals+v2.1+{name}"


def crypto_file(folder: Path, name: str) -> Path:
    return folder / f"crypto+v2.0+{name}"


def test_signals_files_have_the_published_names(signals: MarketWorld) -> None:
    names = {
        *("train.parquet", "validation.parquet", "live.parquet"),
        *(f"{span}_example_preds.{kind}" for span in ("live", "validation") for kind in ("csv", "parquet")),
        *(f"{span}_{kind}.parquet" for span in ("train", "validation") for kind in ("neutralizer", "sample_weights")),
    }
    assert set(signals.filenames()) == {f"signals/v2.1/{name}" for name in names} | {"signals/v1.0/live.parquet"}
    arena = {name.format(version="v2.1") for name in (*SIGNALS.files.neutralizers, *SIGNALS.files.weights)}
    assert arena < set(signals.filenames())


def test_signals_rows_have_the_published_columns(signals_files: Path) -> None:
    train = pl.read_parquet(signals_file(signals_files, "train.parquet"))
    assert train.columns[:4] == ["numerai_ticker", "composite_figi", "date", "feature_country"]
    assert [name for name in train.columns if name.startswith("feature_")][1:] == list(FEATURES)
    assert len(FEATURES) == 22
    assert train.columns[-8:] == [
        *("target", "target_raw_return_20", "target_raw_return_60", "target_factor_neutral_20"),
        *("target_factor_neutral_60", "target_factor_feat_neutral_20", "target_factor_feat_neutral_60"),
        "target_chili_60",
    ]
    assert train["target"].equals(train["target_factor_feat_neutral_20"])
    assert train.null_count().sum_horizontal().item() == 0
    assert set(train["feature_country"]) >= {"US", "JP", "GB"}
    assert all(
        ticker.split()[-1] == country for ticker, country in train.select("numerai_ticker", "feature_country").rows()
    )
    assert train.select(pl.col(FEATURES).is_in(STEPS).all()).row(0) == (True,) * 22


def test_bins_of_a_target_have_the_published_shares(signals_files: Path) -> None:
    train = pl.read_parquet(signals_file(signals_files, "train.parquet"))
    shares = train["target_factor_neutral_60"].value_counts(normalize=True).sort("target_factor_neutral_60")
    assert shares["proportion"].to_list() == pytest.approx([0.05, 0.2, 0.5, 0.2, 0.05], abs=0.01)


def test_panels_of_both_arenas_pass_the_checks(signals_files: Path, crypto_files: Path) -> None:
    for arena, path, features, target in (
        (SIGNALS, signals_file(signals_files, "validation.parquet"), FEATURES, "target_chili_60"),
        (CRYPTO, crypto_file(crypto_files, "train.parquet"), TOKEN_FEATURES, "target_binned_return_20"),
    ):
        panel = read_panel([path], arena, features, [target], Sample.VALIDATION)
        check_panel(panel, ids_persist=True, today=ROUND_DAY).refuse()
        assert panel.synthetic is not None and arena.name in panel.synthetic
        live = read_live(
            path.with_name(path.name.replace("validation", "live").replace("train", "live")),
            arena,
            features,
            MARKET_DAY,
        )
        check_panel(live, ids_persist=True).refuse()


@pytest.mark.parametrize("name", ["signals", "crypto"])
def test_every_file_carries_the_tag(name: str, request: pytest.FixtureRequest) -> None:
    world: MarketWorld = request.getfixturevalue(name)
    folder: Path = request.getfixturevalue(f"{name}_files")
    for file in folder.glob("*.parquet"):
        assert pl.read_parquet_metadata(file)[SYNTHETIC_KEY] == world.synthetic


def test_labels_stand_in_a_file_only_once_they_are_published(signals_files: Path, crypto_files: Path) -> None:
    validation = pl.read_parquet(signals_file(signals_files, "validation.parquet"))
    for column, horizon in (("target_raw_return_20", 20), ("target_chili_60", 60)):
        by_day = validation.group_by("date").agg(pl.col(column).is_null().mean().alias("missing"))
        for day, missing in by_day.rows():
            known = label_known_on(SIGNALS.calendar, date.fromisoformat(day), horizon) < ROUND_DAY
            assert missing == (0 if known else 1)
    assert max(validation["date"]) < MARKET_DAY.isoformat()
    assert {date.fromisoformat(day).weekday() for day in validation["date"].unique()} == {4}
    train = pl.read_parquet(crypto_file(crypto_files, "train.parquet"))
    last = date.fromisoformat(train["date"].max())  # type: ignore[arg-type]
    assert label_known_on(CRYPTO.calendar, last, 20) < ROUND_DAY
    assert label_known_on(CRYPTO.calendar, last + timedelta(days=1), 20) >= ROUND_DAY
    assert {date.fromisoformat(day).weekday() for day in train["date"].unique()} == {0, 1, 2, 3, 4}


@pytest.mark.parametrize("name", ["signals", "crypto"])
def test_an_edition_is_its_bytes_whatever_later_days_brought(
    name: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """The world has been asked for far later days; the files of an early day are those of a world that was not."""
    world: MarketWorld = request.getfixturevalue(name)
    from eraforge.simulator.world import market

    early, late = date(2026, 6, 2), date(2027, 3, 2)
    fresh = getattr(market, f"{name}_world")(7, "tiny")
    world.live_ids(late)
    world.truth(late, world.targets[-1], 60)
    for file in ("live.parquet", "train.parquet"):
        full = next(one for one in world.filenames() if one.endswith((f"v2.0/{file}", f"v2.1/{file}")))
        paths = tmp_path / "known", tmp_path / "fresh"
        world.write(full, early, paths[0])
        fresh.write(full, early, paths[1])
        assert paths[0].read_bytes() == paths[1].read_bytes()
        assert world.edition(full, early) == fresh.edition(full, early)
    assert world.edition(full, early) == world.edition(full, early)


def test_prices_that_come_later_change_no_feature_and_no_universe(signals: MarketWorld) -> None:
    """Scramble every price after a day: that day's cross-section stays as it is."""
    from eraforge.simulator.world.market import signals_world

    world = signals_world(7, "tiny")
    place = world.prices.place(MARKET_DAY)
    before = world._sections.at(place)
    scrambled, source = signals_world(7, "tiny"), np.random.default_rng(0)
    scrambled.prices.closes(0, place + 200)
    for number, block in enumerate(scrambled.prices._blocks):  # type: ignore[attr-defined]
        cut = max(0, place + 1 - number * 64)
        for part in (block.close, block.volume, block.moves, block.factor):
            part[:, cut:] *= source.uniform(0.2, 5, part[:, cut:].shape)
    after = scrambled._sections.at(place)
    assert np.array_equal(before.ids, after.ids) and np.array_equal(before.bins, after.bins)
    assert np.array_equal(before.weights, after.weights) and np.array_equal(before.signals, after.signals)
    target = world.truth(ROUND_DAY, "target_chili_60", 60)
    assert not np.array_equal(target, scrambled.truth(ROUND_DAY, "target_chili_60", 60))


def bars_of(feed: pl.DataFrame) -> Bars:
    wide = {
        name: feed.pivot(on="date", index="symbol", values=name).sort("symbol")
        for name in ("open", "high", "low", "adjusted_close", "volume")
    }
    days = sorted(wide["open"].columns[1:])
    columns = {name: table.select(days).to_numpy().astype(np.float64).copy() for name, table in wide.items()}
    columns["close"] = columns.pop("adjusted_close")
    times = np.array(days, dtype="datetime64[s]")
    return Bars(tuple(wide["open"]["symbol"]), times, columns)


@pytest.mark.parametrize(
    ("name", "data", "column", "label"),
    [
        ("signals", "signals+v2.1+validation.parquet", "target_raw_return_20", "raw_return_20"),
        ("signals", "signals+v2.1+validation.parquet", "target_raw_return_60", "raw_return_60"),
        ("crypto", "crypto+v2.0+train.parquet", "target_binned_return_20", "raw_return_20"),
    ],
)
def test_an_entrant_finds_the_published_target_in_the_price_feed(
    name: str, data: str, column: str, label: str, request: pytest.FixtureRequest
) -> None:
    folder: Path = request.getfixturevalue(f"{name}_files")
    bars = bars_of(pl.read_parquet(folder / f"prices+{name}+daily.parquet"))
    published = pl.read_parquet(folder / data).drop_nulls(column)
    days = bars.times.astype("datetime64[D]").astype(str).tolist()
    place = {symbol: row for row, symbol in enumerate(bars.symbols)}
    key = "numerai_ticker" if "numerai_ticker" in published.columns else "symbol"
    eras = published["date"].unique().sort().to_list()[-60::6]
    for era in eras:
        rows = published.filter(pl.col("date") == era)
        returns = find("label", label).compute(bars, [days.index(era)])[:, 0]
        own = np.nan_to_num(returns[[place[symbol] for symbol in rows[key]]])
        assert np.array_equal(binned(own), rows[column].to_numpy())


def test_neutralizers_and_weights_fit_the_rows(signals_files: Path) -> None:
    train = pl.read_parquet(signals_file(signals_files, "train.parquet"))
    keys = ["numerai_ticker", "date"]
    matrix = pl.read_parquet(signals_file(signals_files, "train_neutralizer.parquet"))
    weights = pl.read_parquet(signals_file(signals_files, "train_sample_weights.parquet"))
    assert matrix.select(keys).equals(train.select(keys)) and weights.select(keys).equals(train.select(keys))
    era = train["date"][0]
    table = matrix.filter(pl.col("date") == era).drop(keys).to_numpy().astype(float)
    volume = weights.filter(pl.col("date") == era)["sample_weights"].to_numpy().astype(float)
    product = table.T @ (volume[:, None] * table)
    used = np.diagonal(product) > 0.5
    assert product[used][:, used] == pytest.approx(np.eye(int(used.sum())), abs=1e-4)
    assert (table[:, ~used] == 0).all()


def test_pandas_finds_columns_and_indices_where_the_official_files_have_them(
    signals_files: Path, crypto_files: Path
) -> None:
    universe = pd.read_parquet(signals_files / "signals+v1.0+live.parquet").numerai_ticker.tolist()
    live = pd.read_parquet(signals_file(signals_files, "live.parquet"))
    assert universe == live["numerai_ticker"].tolist()
    assert pd.read_parquet(signals_file(signals_files, "train_neutralizer.parquet")).index.name == "numerai_ticker"
    tokens = pd.read_parquet(crypto_file(crypto_files, "live.parquet"))
    assert tokens.index.names == ["symbol", "date", "ucid"]
    assert tokens.filter(like="feature_").shape[1] == 22
    assert {"BTC", "ETH", "NMR"} <= set(tokens.index.get_level_values("symbol"))
    example = pd.read_parquet(crypto_file(crypto_files, "live_example_preds.parquet"))
    assert example.columns.tolist() == ["symbol", "signal"] and example["signal"].between(0, 1).all()


def test_editions_change_when_contents_do(signals: MarketWorld, crypto: MarketWorld) -> None:
    days = [date(2026, 9, 1), date(2026, 9, 2), date(2026, 9, 9)]
    train, validation, live = (f"signals/v2.1/{name}.parquet" for name in ("train", "validation", "live"))
    assert len({signals.edition(train, day) for day in days}) == 1
    assert len({signals.edition(live, day) for day in days}) == 3
    assert len({signals.edition(validation, day) for day in days}) >= 2
    assert len({crypto.edition("crypto/v2.0/train.parquet", day) for day in days}) == 3
    assert signals.price_edition("prices/signals/daily.parquet", days[0]) == "day-20260901"
