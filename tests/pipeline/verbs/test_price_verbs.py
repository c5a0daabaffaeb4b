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
from eraforge.core.errors import DataError, UserError
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


BESIDE = """
groups = "sectors.csv"
[prices.daily.identity]
file = "names.csv"
vendor = "yahoo"
[prices.daily.series.rates]
file = "rates.csv"
column = "rate"
lag = "1d"
oldest = "3d"
"""


def test_what_stands_beside_prices_is_pulled_checked_and_kept_as_it_was_known(desk: Desk) -> None:
    desk.configure(BESIDE)
    desk.tell("A", [1.0, 2.0, 3.0, 4.0])
    desk.tell("B", [5.0, 6.0, 7.0])
    write = {name: (desk.folder / f"{name}.csv").write_text for name in ("sectors", "names", "rates")}
    write["sectors"]("id,symbol,sector\n1,first,Oil\n")
    write["names"]("yahoo,id,entry,exit\nA,first,,2024-01-02\nA,second,2024-01-03,\n")
    write["rates"]("date,rate\n2024-01-01,3.5\n")
    assert desk("prices pull")["beside"] == ["groups", "identity", "series rates"]
    then = SystemClock().now() + timedelta(milliseconds=1)
    assert desk("prices pull")["beside"] == []
    bars = desk.bars()
    assert bars.symbols == ("first", "second") and bars.groups == {"sector": ("Oil", "")}
    np.testing.assert_array_equal(bars["close"], [[1, 2, np.nan, np.nan], [np.nan, np.nan, 3, 4]])
    np.testing.assert_array_equal(bars["series_rates"][0], [np.nan, 3.5, 3.5, 3.5])
    faults = {one["code"]: one for one in desk("prices check")["faults"]}
    assert faults["bars-without-id"]["bars"] == 3 and faults["bars-without-id"]["examples"] == ["B 2024-01-01"]
    assert faults["group-unknown"]["examples"] == ["second"] and "series-ends-early" not in faults
    shown = desk("prices show")["series"]
    assert shown == [{"series": "rates", "values": 1, "newest": 3.5, "published": "2024-01-02T00:00:00"}]

    write["rates"]("date,rate\n2023-12-20,4.5\n")
    write["names"]("yahoo,id\nA,first\nA,second\n")
    again = desk("prices pull")
    assert again["beside"] == ["series rates"] and [one["code"] for one in again["refused"]] == ["identity-contradicts"]
    assert "series-ends-early" in {one["code"] for one in desk("prices check")["faults"]}
    assert desk.bars().symbols == ("first", "second"), "the last identity that could be read stays"
    assert "series_rates" in desk.bars(then).columns and desk.bars(then).digest == bars.digest


def test_what_was_not_pulled_yet_is_told_with_the_command(desk: Desk) -> None:
    desk.tell("A", [1.0, 2.0])
    desk("prices pull")
    desk.configure(BESIDE)
    with pytest.raises(UserError) as error:
        desk("prices check")
    assert error.value.code == "beside-not-pulled" and "prices pull --name daily" in error.value.next_step
    assert desk("prices show")["series"] == []
    (desk.folder / "sectors.csv").write_text("symbol,sector\nA,Oil\n")
    refused = desk("prices pull")["refused"]
    assert [one["file"] for one in refused] == ["identity", "series rates"]


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
