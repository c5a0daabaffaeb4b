"""Real bars in place of made-up ones: a world that plays on a folder of prices."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from eraforge.core.errors import DataError
from eraforge.simulator.world.market import crypto_world, signals_world
from eraforge.simulator.world.market.prices.replay import replayed

ROUND_DAY = date(2026, 5, 5)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Bars as a stranger keeps them: two files, other names of columns, no groups."""
    source = np.random.default_rng(2)
    days = pl.date_range(date(2025, 1, 1), date(2026, 8, 31), eager=True)
    folder = tmp_path_factory.mktemp("bars")
    for part, names in enumerate((range(70), range(70, 130))):
        frames = []
        for number in names:
            close = 20 * np.exp(source.normal(0, 0.04, len(days)).cumsum())
            bars = {"Date": days, "open": close, "high": close * 1.01, "low": close * 0.99, "close": close}
            frame = pl.DataFrame({"Ticker": [f"C{number:03d}"] * len(days), **bars, "volume": np.full(len(days), 1e6)})
            frames.append(frame.head(300) if number == 5 else frame)
        table = pl.concat(frames)
        if part:
            table.write_csv(folder / "later.csv")
        else:
            table.write_parquet(folder / "earlier.parquet")
    return folder


def test_a_world_is_played_on_a_folder_of_bars(folder: Path, tmp_path: Path) -> None:
    world = crypto_world(3, "tiny", folder)
    ids = world.live_ids(ROUND_DAY)
    assert len(ids) == 120 and "C005" not in ids  # it has no price any more
    assert np.isin(world.truth(ROUND_DAY, "target_binned_return_20", 20), [0, 0.25, 0.5, 0.75, 1]).all()
    world.write("crypto/v2.0/live.parquet", ROUND_DAY, tmp_path / "live.parquet")
    live = pl.read_parquet(tmp_path / "live.parquet")
    assert (
        live["symbol"].to_list() == ids.tolist()
        and live.drop("target_binned_return_20", "target_binned_return_60").null_count().sum_horizontal().item() == 0
    )
    assert "prices=" in world.synthetic
    world.write_prices("prices/crypto/recent.parquet", ROUND_DAY, tmp_path / "recent.parquet")
    recent = pl.read_parquet(tmp_path / "recent.parquet")
    assert recent["date"].max() == ROUND_DAY and recent["close"].is_between(0.01, 1e5).all()


def test_equities_leave_weekends_out(folder: Path) -> None:
    world = signals_world(3, "tiny", folder)
    assert len(world.live_ids(ROUND_DAY)) > 100
    matrix, weights = world.neutralizers(ROUND_DAY), world.weights(ROUND_DAY)
    assert matrix is not None and weights is not None
    assert matrix.T @ (weights[:, None] * matrix) == pytest.approx(np.eye(matrix.shape[1]), abs=1e-9)
    assert all(day.item().weekday() < 5 for day in world.prices.days)


def test_days_beyond_the_folder_are_refused(folder: Path) -> None:
    world = crypto_world(3, "tiny", folder)
    with pytest.raises(DataError, match="lies outside") as refusal:
        world.truth(date(2026, 8, 25), "target_binned_return_20", 20)
    assert refusal.value.code == "day-beyond-prices"


def test_folders_that_hold_no_bars_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no parquet or CSV"):
        replayed(tmp_path, every_day=True)
    pl.DataFrame({"symbol": ["A"], "date": ["2026-01-01"]}).write_csv(tmp_path / "a.csv")
    with pytest.raises(DataError, match="no column 'open'"):
        replayed(tmp_path, every_day=True)
    bars = {key: [0.0] for key in ("open", "high", "low", "close")}
    pl.DataFrame({"symbol": ["A"], "date": ["2026-01-01"], **bars, "volume": [1.0]}).write_csv(tmp_path / "a.csv")
    with pytest.raises(DataError, match="positive close"):
        replayed(tmp_path, every_day=True)
