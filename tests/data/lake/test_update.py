"""A pull brings what is new, keeps what had arrived when it breaks off, and waits for bars to close."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from eraforge.core.clock import StandingClock
from eraforge.core.errors import Transient
from eraforge.data.lake import update
from eraforge.data.lake.lake import Lake
from eraforge.data.lake.update import Pulled
from eraforge.data.sources import folder
from eraforge.data.sources.folder import Folder
from eraforge.data.sources.source import Delivery, Known, PriceSource, Wanted, rows_of
from eraforge.store.objects import Objects

DAY = 86_400
NOW = datetime(2024, 1, 10, 12, tzinfo=UTC)


class Bench:
    """A folder of files, a lake and a clock."""

    def __init__(self, root: Path) -> None:
        self.root, self.files = root, root / "files"
        self.files.mkdir()
        self.clock = StandingClock(NOW)

    def lake(self) -> Lake:
        return Lake(self.root / "prices", "daily", Objects(self.root / "objects"), DAY)

    def write(self, name: str, *days: tuple[int, float]) -> Path:
        path = self.files / name
        path.write_text("date,close\n" + "".join(f"2024-01-{day:02d},{close}\n" for day, close in days))
        return path

    def pull(self, source: PriceSource | None = None, whole: bool = False) -> Pulled:
        chosen = source or Folder(Wanted("daily", self.files))
        return update.pull(chosen, self.lake(), self.clock, self.root / "scratch", lambda *_: None, whole)

    def closes(self, symbol: str, at: datetime | None = None) -> list[float]:
        return [float(one) for one in self.lake().bars(at, symbols=[symbol])["close"][0]]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_only_changed_files_are_opened(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.write("A.csv", (1, 1.0), (2, 2.0))
    path = bench.write("B.csv", (1, 5.0))
    assert (done := bench.pull()).added == 3 and done.files == 2
    before = path.stat()
    bench.clock.sleep(DAY)
    bench.write("B.csv", (1, 5.0), (2, 6.0))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns + 1))
    opened: list[str] = []
    read = folder.read_prices
    monkeypatch.setattr(folder, "read_prices", lambda at, name, *rest: opened.append(name) or read(at, name, *rest))
    done = bench.pull()
    assert opened == ["B.csv"] and (done.added, done.corrected, done.unchanged) == (1, 0, 1)
    assert bench.pull().files == 0


def test_a_bar_that_is_still_open_waits(bench: Bench) -> None:
    bench.write("A.csv", (9, 1.0), (10, 2.0))
    assert (done := bench.pull()).added == 1 and done.open_bars == 1
    assert bench.closes("A") == [1.0]
    bench.clock.move_to(NOW + timedelta(days=1))
    assert bench.pull().added == 1
    assert bench.closes("A") == [1.0, 2.0]
    assert bench.pull().files == 0


def test_a_corrected_file_leaves_the_past_as_it_was(bench: Bench) -> None:
    bench.write("A.csv", (1, 1.0), (2, 2.0))
    bench.pull()
    then = bench.clock.now()
    bench.clock.sleep(DAY)
    bench.write("A.csv", (1, 1.25), (2, 2.0))
    assert bench.pull().corrected == 1
    assert bench.closes("A") == [1.25, 2.0] and bench.closes("A", then) == [1.0, 2.0]


class Breaking:
    """Tells two symbols, then fails."""

    def __init__(self, wanted: Wanted) -> None:
        self.wanted = wanted

    def deliveries(self, known: Known) -> Iterator[Delivery]:
        for symbol in ("A", "B"):
            yield Delivery(symbol, rows_of(symbol, [1_704_067_200], {"close": [1.0]}, DAY))
        raise Transient("vendor-down", "The vendor does not answer.", "Try again.")


def test_what_had_arrived_is_kept_when_the_source_fails(bench: Bench) -> None:
    with pytest.raises(Transient):
        bench.pull(Breaking(Wanted("daily", bench.files)))
    assert bench.lake().bars().symbols == ("A", "B")


def test_a_broken_file_stops_no_other(bench: Bench) -> None:
    bench.write("A.csv", (1, 1.0))
    (bench.files / "B.parquet").write_bytes(b"PAR1 cut")
    done = bench.pull()
    assert done.added == 1 and [name for name, _ in done.errors] == ["B.parquet"]
    assert [name for name, _ in bench.pull().errors] == ["B.parquet"]  # told until it is mended


def test_a_large_pull_is_written_in_pieces(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(update, "BATCH", 2)
    for name in "ABC":
        bench.write(f"{name}.csv", (1, 1.0), (2, 2.0))
    assert bench.pull().added == 6
    assert len(bench.lake().catalogue.segments) == 3
    assert bench.pull(whole=True).unchanged == 6
