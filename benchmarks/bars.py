"""Speed of stored prices and of drift, side by side with what one would otherwise do, in one run on made-up bars.

    python benchmarks/bars.py [--symbols 1757] [--days 1500] [--rounds 3] [--json FILE]

Every line times the reference and ours alternately and compares the fastest of each, so that a busy machine slows
both. References: pandas reading one long parquet file and pivoting each column; pandas appending a day by
concatenating, dropping duplicates and writing the file anew; pandas group-by for the same gates; scipy.stats.ks_2samp
column by column. The floor is what no reader of these bytes can do without: polars decoding the same columns of the
segments, and touching the wide arrays once.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
from rich.console import Console
from rich.table import Table
from scipy.stats import ks_2samp

from eraforge.core.bars import FIELDS
from eraforge.core.clock import StandingClock, monotonic
from eraforge.core.panel import Moments, Panel, Sample
from eraforge.data.drift.compare import compare_panels
from eraforge.data.lake import update
from eraforge.data.lake.lake import Lake
from eraforge.data.quality.check import check_prices
from eraforge.data.quality.fault import View
from eraforge.data.sources.folder import Folder
from eraforge.data.sources.source import Wanted
from eraforge.store.objects import Objects

DAY = 86_400
NOW = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class Line:
    """One comparison; times in milliseconds, `floor` None where there is no plain one."""

    work: str
    reference: str
    theirs: float
    ours: float
    ratio: float
    floor: float | None = None


def best(rounds: int, *works: Callable[[], Any]) -> list[float]:
    """Fastest time of each work in milliseconds, taken in turns."""
    times = [[] for _ in works]  # type: list[list[float]]
    for _ in range(rounds):
        for place, work in enumerate(works):
            started = monotonic()
            work()
            times[place].append(1000 * (monotonic() - started))
    return [min(one) for one in times]


def market(symbols: int, days: int) -> pl.DataFrame:
    """Long rows, ragged: listings at different times, one bar in fifty missing."""
    rng = np.random.default_rng(3)
    close = 100 * np.exp(np.cumsum(rng.normal(0, 0.02, (symbols, days)), axis=1))
    listed = np.arange(days)[None, :] >= rng.integers(0, days // 2, symbols)[:, None]
    row, column = np.nonzero(listed & (rng.random((symbols, days)) > 0.02))
    values = close[row, column]
    start = np.datetime64("2026-01-01") - np.timedelta64(days, "D")
    return pl.DataFrame(
        {
            "symbol": np.array([f"S{place:05d}" for place in range(symbols)])[row],
            "date": (start + column).astype("datetime64[D]"),
            "open": values * 1.001,
            "high": values * 1.01,
            "low": values * 0.99,
            "close": values,
            "volume": rng.uniform(1e4, 1e6, values.size),
        }
    )


class Bench:
    """A long parquet file, and the same rows in a lake."""

    def __init__(self, root: Path, symbols: int, days: int) -> None:
        self.root, self.rows = root, market(symbols, days)
        self.clock = StandingClock(NOW)
        (root / "files").mkdir()
        self.file = root / "files" / "prices.parquet"
        self.rows.write_parquet(self.file)
        self.today = self.rows.filter(pl.col("date") == pl.col("date").max())
        self.pull()

    def lake(self) -> Lake:
        return Lake(self.root / "prices", "bench", Objects(self.root / "objects"), DAY)

    def pull(self) -> update.Pulled:
        source = Folder(Wanted("bench", self.root / "files"))
        return update.pull(source, self.lake(), self.clock, self.root, lambda *_: None)

    def floor(self, lake: Lake) -> None:
        """Decode the columns of every segment and touch the wide arrays once."""
        objects = Objects(self.root / "objects")
        shape = (lake_symbols := self.rows.get_column("symbol").n_unique(), self.rows.get_column("date").n_unique())
        for segment in lake.catalogue.segments:
            path = objects.root / segment.digest[:2] / segment.digest
            pl.read_parquet(path, columns=["symbol", "time", *FIELDS])
        assert np.full((len(FIELDS), *shape), np.nan).shape[1] == lake_symbols


def read_lines(bench: Bench, rounds: int) -> list[Line]:
    lake = bench.lake()

    def pandas() -> dict[str, pd.DataFrame]:
        frame = pd.read_parquet(bench.file)
        return {name: frame.pivot(index="symbol", columns="date", values=name) for name in FIELDS}

    wide, bars = pandas(), lake.bars()
    for name in FIELDS:
        np.testing.assert_array_equal(wide[name].to_numpy(), bars[name])
    theirs, ours, floor = best(rounds, pandas, lake.bars, lambda: bench.floor(lake))
    lines = [Line("read wide bars", "pandas read + pivot", theirs, ours, theirs / ours, floor)]

    def fresh() -> None:
        bench.lake().bars()

    theirs, ours = best(rounds, pandas, fresh)
    lines.append(Line("read, digests verified", "pandas read + pivot", theirs, ours, theirs / ours, floor))
    return lines


def update_lines(bench: Bench, rounds: int) -> list[Line]:
    copy = bench.root / "copy.parquet"

    def reread() -> pd.DataFrame:
        both = pd.concat([pd.read_parquet(bench.file), bench.today.to_pandas()])
        both = both.drop_duplicates(["symbol", "date"], keep="last")
        both.to_parquet(copy)
        return both

    theirs, ours = best(rounds, reread, bench.pull)
    lines = [Line("update, nothing new", "pandas concat + rewrite", theirs, ours, theirs / ours)]
    times = []
    for day in range(1, rounds + 1):
        moved = bench.today.with_columns(pl.col("date") + timedelta(days=day))
        moved.write_parquet(bench.root / "files" / f"day{day}.parquet")
        bench.clock.sleep(2 * DAY)
        started = monotonic()
        assert bench.pull().added == moved.height
        times.append(1000 * (monotonic() - started))
    lines.append(Line("update, one new day", "pandas concat + rewrite", theirs, min(times), theirs / min(times)))
    return lines


def check_line(bench: Bench, rounds: int) -> Line:
    lake = bench.lake()

    def pandas() -> int:
        frame = pd.read_parquet(bench.file).sort_values(["symbol", "date"])
        by = frame.groupby("symbol")
        ratio = frame["close"] / by["close"].shift(1)
        gap = by["date"].diff() > pd.Timedelta(days=1)
        stale = (
            frame["close"].eq(by["close"].shift(1)).groupby(frame["symbol"]).transform(lambda one: one.rolling(9).sum())
        )
        top, floor = frame[["open", "close", "low"]].max(axis=1), frame[["open", "close", "high"]].min(axis=1)
        wrong = (frame["high"] < top) | (frame["low"] > floor) | (frame["close"] <= 0) | (frame["volume"] == 0)
        flat = (frame["high"] == frame["low"]) | (stale == 9)
        ends = by["date"].max()
        twice = frame.duplicated(["symbol", "date"])
        return int(((ratio > 10) | (ratio < 0.1) | gap | wrong | flat | twice).sum() + (ends < ends.max()).sum())

    def ours() -> None:
        bars = lake.bars()
        check_prices("bench", View(bars, lake.rows(), DAY, calendar="always"))

    theirs, mine = best(rounds, pandas, ours)
    return Line("read and check", "pandas group-by", theirs, mine, theirs / mine)


def drift_line(columns: int, rows: int, rounds: int) -> Line:
    def panel(seed: int, day: date) -> Panel:
        rng = np.random.default_rng(seed)
        values = rng.integers(0, 5, (columns, rows), dtype=np.int8)
        names = [f"f{place}" for place in range(columns)]
        ids = pl.DataFrame({"era": ["0001"] * rows, "id": [f"i{place}" for place in range(rows)]})
        frame = ids.with_columns([pl.Series(name, one) for name, one in zip(names, values, strict=True)])
        return Panel(frame.lazy(), tuple(names), (), Moments(("0001",), (day,)), Sample.TRAIN)

    one, other = panel(1, date(2024, 1, 1)), panel(2, date(2024, 1, 8))
    few = list(one.features[: max(columns // 50, 1)])
    left, right = one.frame.select(few).collect(), other.frame.select(few).collect()

    def scipy() -> None:
        for name in few:
            ks_2samp(left.get_column(name).to_numpy(), right.get_column(name).to_numpy(), method="asymp")

    compare_panels(one, other)
    theirs, ours = best(rounds, scipy, lambda: compare_panels(one, other))
    theirs *= columns / len(few)
    return Line(f"drift, {columns} int8 x {rows} rows", "scipy ks_2samp (a 50th, scaled)", theirs, ours, theirs / ours)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--symbols", type=int, default=1757)
    parser.add_argument("--days", type=int, default=1500)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), given.symbols, given.days)
        lines = [*read_lines(bench, given.rounds), check_line(bench, given.rounds), *update_lines(bench, given.rounds)]
        lines.append(drift_line(3_555, 5_000, given.rounds))
    table = Table(
        "work", "instead of", "theirs ms", "ours ms", "ratio", "floor ms", title=f"{bench.rows.height:,} bars"
    )
    for line in lines:
        floor = "" if line.floor is None else f"{line.floor:.0f}"
        table.add_row(line.work, line.reference, f"{line.theirs:.0f}", f"{line.ours:.1f}", f"{line.ratio:.0f}x", floor)
    Console().print(table)
    if given.json:
        given.json.write_text(json.dumps([asdict(line) for line in lines], indent=2))


if __name__ == "__main__":
    main()
