"""`prices pull|check|show`: what is stored, what was known when, and the bars an entry may use."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from eraforge.core.clock import SystemClock
from eraforge.core.configuration import load
from eraforge.core.errors import DataError
from eraforge.pipeline.desk import find_verb, perform
from eraforge.pipeline.steps.bars.prices import checked_bars, moment_of
from eraforge.pipeline.verb import Facts, Visit
from eraforge.store.objects import Objects

TABLE = '[prices.daily]\nfolder = "files"\ncalendar = "observed"\n'


class Desk:
    """A workspace whose prices lie in `files`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "files").mkdir()
        self.configure("")

    def configure(self, more: str) -> None:
        (self.folder / "eraforge.toml").write_text(TABLE + more)

    def tell(self, symbol: str, closes: list[float], factor: float = 1.0) -> None:
        rows = [f"2024-01-{day:02d},{c},{c * 1.01},{c * 0.99},{c * factor},9" for day, c in enumerate(closes, start=1)]
        (self.folder / "files" / f"{symbol}.csv").write_text("date,open,high,low,close,volume\n" + "\n".join(rows))

    def __call__(self, verb: str, **options: Any) -> Facts:
        defaults = {option.name: option.default for option in find_verb(verb).options}
        facts = perform(verb, Visit(self.folder, {}), {**defaults, **options})
        return {**facts, **facts["prices"][0]}

    def bars(self, at: datetime | None = None) -> Any:
        state = self.folder / ".eraforge"
        tree = load((self.folder / "eraforge.toml").read_text()).tree
        return checked_bars(tree, "daily", self.folder, state, Objects(state / "objects"), at)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_a_pull_a_correction_and_what_was_known_before_it(desk: Desk) -> None:
    desk.tell("A", [1.0, 2.0, 3.0])
    desk.tell("B", [5.0, 6.0])
    first = desk("prices pull")
    assert (first["added"], first["files"], first["stored"]) == (5, 2, 5)
    again = desk("prices pull")
    assert (again["added"], again["files"], again["segments"]) == (0, 0, 1)
    then = SystemClock().now() + timedelta(milliseconds=1)
    desk.tell("A", [1.0, 2.5, 3.0, 4.0])
    changed = desk("prices pull")
    assert (changed["added"], changed["corrected"], changed["unchanged"]) == (1, 1, 2)
    shown = desk("prices show", symbol="A")
    assert shown["plot"] == [1.0, 2.5, 3.0, 4.0] and shown["corrections"] == 1
    assert [one["bars"] for one in shown["history"]] == [2, 2]
    past = desk("prices show", symbol="A", as_of=then.isoformat())
    assert past["plot"] == [1.0, 2.0, 3.0]
    assert desk.bars(then)["close"][0].tolist() == [1.0, 2.0, 3.0]


def test_coverage_per_period(desk: Desk) -> None:
    desk.tell("A", [1.0] * 28)
    desk.tell("B", [2.0] * 9)
    desk("prices pull")
    shown = desk("prices show")
    assert (shown["symbols"], shown["bars"], shown["first"], shown["last"]) == (2, 37, "2024-01-01", "2024-01-28")
    assert shown["periods"][-1] == {"period": "2024-01-28", "moments": 1, "symbols": 1, "bars": 1, "missing_share": 0.0}
    assert shown["plot"][:10] == [2.0] * 9 + [1.0]


def test_faulty_prices_are_not_used_until_a_repair_is_named(desk: Desk) -> None:
    desk.tell("A", [1.0, 2.0, 0.0, 2.0, 2.5])
    desk("prices pull")
    report = desk("prices check")
    assert not report["trustworthy"] and report["exit_code"] == 3
    with pytest.raises(DataError) as error:
        desk.bars()
    assert error.value.code == "price-not-positive" and "A 2024-01-03" in error.value.sentence
    desk.configure('repairs = ["drop-not-positive"]\n')
    mended = desk("prices check")
    assert mended["repairs"] == [{"rule": "drop-not-positive", "bars": 1, "symbols": 1}] and mended["exit_code"] == 0
    assert not desk("prices check", raw=True)["trustworthy"]
    assert np.isnan(desk.bars()["close"][0, 2]) and desk.bars().digest == mended["digest"]


def test_a_feed_of_the_tournaments_own_server(desk: Desk, tmp_path: Path) -> None:
    """A path stands for the tournament's server, and that server's clock says which bars have closed."""
    desk.tell("A", [1.0, 2.0])
    with serving(tmp_path / "files") as url:
        table = '[prices.daily]\nsource = "feed"\nurl = "/A.csv"\n'
        (desk.folder / "eraforge.toml").write_text(f'[server]\nurl = "{url}"\n{table}')
        assert desk("prices pull")["added"] == 2
        assert desk("prices pull")["files"] == 0
        desk.tell("A", [1.0, 2.0, 3.0])
        os.utime(tmp_path / "files" / "A.csv", (1e9, 1e9))  # the server dates its files to the second
        assert desk("prices pull")["added"] == 1


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """The files of a folder over HTTP."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_a_day_means_its_end() -> None:
    assert moment_of("2024-01-31") == datetime(2024, 1, 31, 23, 59, 59, 999_000, tzinfo=UTC)
    assert moment_of("2024-01-31T12:00") == datetime(2024, 1, 31, 12, tzinfo=UTC)
    assert moment_of("") is None
