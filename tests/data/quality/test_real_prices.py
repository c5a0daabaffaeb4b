"""The report on real prices holds the faults that are known of them."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from eraforge.core.clock import StandingClock
from eraforge.data.lake import update
from eraforge.data.lake.lake import Lake
from eraforge.data.quality.check import PriceReport, check_prices
from eraforge.data.quality.fault import View
from eraforge.data.quality.presence import usual_calendar
from eraforge.data.reference.groups import read_map
from eraforge.data.reference.universe import read_universe
from eraforge.data.sources.folder import Folder
from eraforge.data.sources.moments import interval_seconds
from eraforge.data.sources.source import Wanted
from eraforge.store.objects import Objects

ROOT = Path(__file__).resolve().parents[3]
REAL = Path(os.environ.get("ERAFORGE_SHARED", ROOT.parent / "shared")) / "data"
pytestmark = pytest.mark.skipif(not REAL.is_dir(), reason="the real prices are not beside this repository")


def report(root: Path, folder: str, files: str, *rules: str, interval: str = "1d", zone: str = "") -> PriceReport:
    seconds = interval_seconds(interval)
    lake = Lake(root / "prices", "real", Objects(root / "objects"), seconds)
    wanted = Wanted("real", REAL / folder, files=files, seconds=seconds, interval=interval, zone=zone)
    clock = StandingClock(datetime(2026, 11, 1, tzinfo=UTC))
    done = update.pull(Folder(wanted), lake, clock, root / "scratch", lambda *_: None)
    assert not done.errors and not done.open_bars
    bars = lake.bars()
    view = View(bars, lake.rows(), seconds, zone, usual_calendar(bars))
    return check_prices("real", view, rules)[1]


def counts(found: PriceReport) -> dict[str, tuple[int, int]]:
    return {one.finding.code: (one.bars, one.symbols) for one in found.faults}


def test_perpetuals_repeat_page_borders_and_only_survivors_are_there(tmp_path: Path) -> None:
    found = counts(report(tmp_path, "crypto_daily", "bybit*"))
    assert found == {"bars-twice": (152, 152), "range-not-positive": (1, 1), "survivors-only": (0, 329)}


def test_yahoos_coins(tmp_path: Path) -> None:
    made = report(tmp_path, "crypto_daily", "yahoo*")
    found = counts(made)
    assert not made.trustworthy and made.figures["bars"] == 454_649 and made.figures["symbols"] == 377
    assert found["price-not-positive"] == (1_110, 8)
    assert found["volume-zero"][0] == 10_134
    assert found["symbols-end-early"] == (19, 19)
    assert made.figures["symbols that jump, zeros counted as prices"] == 36
    assert found["gaps"] == (67, 36) and found["spikes"][0] > 20


def test_yahoos_coins_after_repairs(tmp_path: Path) -> None:
    made = report(tmp_path, "crypto_daily", "yahoo*", "drop-not-positive", "drop-spikes")
    assert made.trustworthy and {one.rule: one.bars for one in made.repairs}["drop-not-positive"] == 1_165


def test_binances_pairs(tmp_path: Path) -> None:
    made = report(tmp_path, "crypto_daily", "binance*")
    found = counts(made)
    assert found["bars-twice"] == (93, 1) and found["gaps"] == (5, 5)
    assert made.figures["jumps"] == 16
    shifts = made.fault("redenominations")
    assert shifts is not None and {"COCOSUSDT 2021-01-23", "DREPUSDT 2021-04-02"} <= set(shifts.examples)
    # A collapse that really traded, and another coin listed later under its name, is not an error that comes back.
    assert "spikes" not in found


def test_a_thin_market(tmp_path: Path) -> None:
    found = counts(report(tmp_path, "crypto_daily", "thin*"))
    assert found["bars-flat"] == (25_948, 453) and found["gaps"] == (30_952, 453)
    assert 80 <= found["symbols-end-early"][1] <= 110  # 96 delistings are known; thin trading looks alike at the end


def test_hourly_bars_with_outages(tmp_path: Path) -> None:
    found = counts(report(tmp_path, "crypto_intraday", "binance_btc_1h*", interval="1h"))
    assert found == {"gaps": (28, 1), "calendar-jumps": (28, 1)}


def test_five_minute_bars_without_a_gap(tmp_path: Path) -> None:
    assert counts(report(tmp_path, "crypto_intraday", "binance_btc_eth_5m*", interval="5m")) == {}


def test_minutes_through_a_crash(tmp_path: Path) -> None:
    made = report(tmp_path, "crypto_intraday", "binance_1m*", interval="1m")
    assert made.figures["bars"] == 60_000 and made.figures["symbols"] == 60 and made.trustworthy


def test_futures_in_eastern_time(tmp_path: Path) -> None:
    made = report(tmp_path, "futures_intraday", "*", interval="5m", zone="America/New_York")
    assert made.figures["bars"] == 27_535 and made.trustworthy


def test_equities_are_survivors(tmp_path: Path) -> None:
    made = report(tmp_path, "us_equities_daily", "sp500_members*")
    assert made.figures["symbols"] == 475 and counts(made)["survivors-only"] == (0, 475) and made.trustworthy


def test_the_map_of_tickers() -> None:
    found = read_map(REAL / "signals_maps" / "ticker_map_sector_2025.parquet", "ticker")
    assert found.missing["sector"] == 544 and found.column("yahoo")["000080 KS"] == "000080.KS"


def test_the_universe_at_a_date() -> None:
    path = REAL / "signals_maps" / "us_universe_entry_exit_2003_2021.parquet"
    universe = read_universe(path)
    assert universe.doubtful
    frame = pl.read_parquet(path)
    for day in (datetime(2008, 9, 12).date(), datetime(2020, 3, 20).date()):  # noqa: DTZ001
        inside = (pl.col("numerai_entry_date") <= day) & (pl.col("numerai_exit_date") >= day)
        assert set(universe.at(day)) == set(frame.filter(inside).get_column("bloomberg_ticker"))
    assert "SEALY" not in universe.at(day) and "ZZ US" not in universe.at(day)
