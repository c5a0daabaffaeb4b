"""Bad prices through the command line: a sentence, a next step, and nothing lost."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

Command = Any
HEAD = "symbol,date,open,high,low,close,volume\n"


def sound(symbol: str, days: int = 30, start: int = 1, scale: float = 1.0) -> str:
    """Rows of a symbol that no gate has anything to say about."""
    rows = ""
    for day in range(start, start + days):
        month, date = divmod(day - 1, 28)
        close = scale * (100 + (day * 7) % 11)
        rows += f"{symbol},2024-{month + 1:02d}-{date + 1:02d},{close},{close * 1.01},{close * 0.99},{close},1000\n"
    return rows


@pytest.fixture
def desk(tmp_path: Path, cli: Command) -> Callable[..., Any]:
    """`desk(settings, {file: content})` writes a workspace and returns how to call `eraforge prices …` in it."""

    def make(settings: str, files: dict[str, str | bytes]) -> Any:
        (tmp_path / "files").mkdir(exist_ok=True)
        for name, content in files.items():
            path = tmp_path / "files" / name
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        table = (
            settings
            if settings.startswith("[")
            else f'[prices.daily]\nfolder = "files"\ncalendar = "observed"\n{settings}'
        )
        (tmp_path / "eraforge.toml").write_text(table)

        class Desk:
            def __call__(self, *words: str) -> Any:
                return cli("prices", *words, "-w", str(tmp_path), "--json")

            def fails(self, *words: str, code: str) -> dict[str, Any]:
                return cli.fails("prices", *words, "-w", str(tmp_path), code=code)

            def seen(self, *words: str, columns: int = 80) -> str:
                return cli("prices", *words, "-w", str(tmp_path), columns=columns).stdout

        return Desk()

    return make


def codes(answer: Any) -> dict[str, str]:
    return {fault["code"]: fault["severity"] for row in answer.facts["prices"] for fault in row["faults"]}


def refused(answer: Any) -> list[tuple[str, str]]:
    return [(one["file"], one["code"]) for row in answer.facts["prices"] for one in row["refused"]]


def test_a_folder_with_mixed_columns(desk: Any) -> None:
    other = "Ticker;Timestamp;Last;Vol\nB;2024-01-01;5;1\nB;2024-01-02;6;1\n"
    do = desk("", {"a.csv": HEAD + sound("A"), "b.csv": other, "notes.csv": "who,what\nme,this\n"})
    pulled = do("pull")
    assert pulled.code == 3 and refused(pulled) == [("notes.csv", "no-time-column")]
    row = pulled.facts["prices"][0]
    assert row["added"] == 32 and {note["code"] for note in row["notes"]} == {"columns-differ"}
    shown = do.seen("pull")
    assert "notes.csv has no column of times" in " ".join(shown.split()) and "→" in shown


def test_a_symbol_with_one_row(desk: Any) -> None:
    do = desk("", {"a.csv": HEAD + sound("A") + sound("B") + sound("C", days=1, start=30)})
    assert do("pull").code == 0
    checked = do("check")
    assert checked.code == 0 and codes(checked) == {"symbols-with-one-bar": "warn"}


def test_a_calendar_that_jumps(desk: Any) -> None:
    do = desk(
        "", {"a.csv": HEAD + sound("A", 20) + sound("A", 20, start=40) + sound("B", 20) + sound("B", 20, start=40)}
    )
    do("pull")
    assert codes(do("check")) == {"calendar-jumps": "warn"}


def test_two_vendors_that_disagree(desk: Any) -> None:
    both = '[prices.one]\nfolder = "files/one"\nagainst = ["two"]\n[prices.two]\nfolder = "files/two"\n'
    bent = HEAD + sound("A", 20) + "A,2024-01-21,50,51,49,50,1\n" + sound("A", 9, start=22)
    do = desk(both, {"one/a.csv": HEAD + sound("A"), "two/a.csv": bent})
    do("pull")
    found = do("check", "--name", "one")
    fault = next(one for one in found.facts["prices"][0]["faults"] if one["code"] == "vendors-disagree")
    assert fault["examples"] == ["A 2024-01-21"] and "two" in fault["sentence"]


def test_half_of_the_universe_is_missing(desk: Any) -> None:
    members = "symbol,entry,exit\nA,2020-01-01,\nB,2020-01-01,\nC,2020-01-01,2023-01-01\nD,2020-01-01,\n"
    settings = 'universe = "files/u/universe.csv"\nfiles = "*.csv"'
    do = desk(settings, {"a.csv": HEAD + sound("A"), "u/universe.csv": members})
    do("pull")
    found = do("check")
    assert found.code == 3 and codes(found) == {"universe-not-covered": "refuse"}
    fault = found.facts["prices"][0]["faults"][0]
    assert fault["examples"] == ["B", "D"] and "2 of the 3" in fault["sentence"]


def test_prices_in_cents(desk: Any) -> None:
    both = '[prices.pounds]\nfolder = "files/one"\nagainst = ["pence"]\n[prices.pence]\nfolder = "files/two"\n{}'
    files = {
        "one/a.csv": HEAD + sound("VOD") + sound("BP"),
        "two/a.csv": HEAD + sound("VOD", scale=100.0) + sound("BP"),
    }
    do = desk(both.format(""), files)
    do("pull")
    found = do("check", "--name", "pounds")
    assert found.code == 3 and codes(found)["prices-in-cents"] == "refuse"
    do = desk(both.format('cents = ["VOD"]\nagainst = ["pounds"]\n'), files)
    mended = do("check", "--name", "pence")
    assert mended.code == 0 and "prices-in-cents" not in codes(mended)
    assert mended.facts["prices"][0]["repairs"] == [{"rule": "cents-to-units", "bars": 30, "symbols": 1}]


def test_time_zones_mixed(desk: Any) -> None:
    mixed = "symbol,date,close\nA,2024-01-01 00:00:00,1\nA,2024-01-02T00:00:00-05:00,2\n"
    do = desk("", {"a.csv": mixed})
    assert "zone" in do.fails("pull", code="mixed-time-zones")["next_step"]
    do = desk('zone = "America/New_York"', {"a.csv": mixed})
    assert do("pull").facts["prices"][0]["added"] == 2
    stamps = "symbol,time,close\n" + "".join(
        f"{s},{1704067200 + d * 86400 + s * 3600},{9 + d % 3}\n" for s in (0, 5) for d in range(20)
    )
    do = desk('[prices.other]\nfolder = "files"\nfiles = "b.csv"\n', {"b.csv": stamps})
    do("pull")
    assert codes(do("check"))["time-zones-mixed"] == "warn"


def test_an_empty_file_and_a_truncated_one(desk: Any, tmp_path: Path) -> None:
    pl.DataFrame({"symbol": ["B"] * 99, "date": ["2024-01-01"] * 99, "close": range(99)}).write_parquet(tmp_path / "b")
    whole = (tmp_path / "b").read_bytes()
    do = desk("", {"a.csv": HEAD + sound("A"), "b.parquet": whole[: len(whole) // 2], "c.csv": b""})
    pulled = do("pull")
    assert pulled.code == 3 and refused(pulled) == [("b.parquet", "file-damaged"), ("c.csv", "file-empty")]
    assert pulled.facts["prices"][0]["added"] == 30 and do("check").code == 0
    do = desk("", {"b.parquet": whole})
    again = do("pull")
    assert refused(again) == [("c.csv", "file-empty")] and again.facts["prices"][0]["added"] == 1


def test_nothing_but_a_broken_file_is_an_error_of_its_own(desk: Any) -> None:
    desk("", {"b.parquet": b"PAR1 cut"}).fails("pull", code="file-damaged")


@pytest.mark.parametrize("word", ["--as-of", "--symbol"])
def test_a_past_in_which_nothing_was_known(desk: Any, word: str) -> None:
    do = desk("", {"a.csv": HEAD + sound("A")})
    do("pull")
    do.fails("show", word, "2019-12-31" if word == "--as-of" else "ZZZ", code="no-prices-stored")


@pytest.mark.parametrize(
    ("settings", "words", "code"),
    [
        ("[server]\n", ("pull",), "no-prices"),
        ("", ("pull", "--name", "nobody"), "unknown-prices"),
        ('source = "tape"', ("pull",), "unknown-plugin"),
        ('interval = "monthly"', ("pull",), "unknown-interval"),
        ('zone = "Mars/Base"', ("pull",), "unknown-time-zone"),
        ('colour = "red"', ("pull",), "unknown-setting"),
        ('[prices.daily]\ncalendar = "lunar"', ("pull",), "wrong-setting"),
        ('files = "*.xls"', ("pull",), "no-files-match"),
        ('[prices.daily]\nfolder = "nowhere"\n', ("pull",), "no-such-folder"),
        ('[prices.daily]\n', ("pull",), "folder-not-named"),
        ('[prices.daily]\nsource = "feed"\nurl = "prices.csv"\n', ("pull",), "feed-without-address"),
        ('[prices.daily]\nsource = "ccxt"\n', ("pull",), "exchange-not-named"),
        ('[prices.daily]\nsource = "yfinance"\n', ("pull",), "symbols-not-named"),
        ("", ("check",), "no-prices-stored"),
        ("", ("check", "--as-of", "yesterday"), "not-a-moment"),
    ],
)  # fmt: skip
def test_requests_that_cannot_be_met(desk: Any, settings: str, words: tuple[str, ...], code: str) -> None:
    desk(settings, {"a.csv": HEAD + sound("A")}).fails(*words, code=code)


def test_an_unknown_repair_names_the_known_ones(desk: Any) -> None:
    do = desk('repairs = ["polish"]', {"a.csv": HEAD + sound("A")})
    do("pull")
    assert "drop-spikes" in do.fails("check", code="unknown-repair")["next_step"]


def test_one_bad_set_stops_no_other(desk: Any) -> None:
    both = '[prices.good]\nfolder = "files"\n[prices.lost]\nfolder = "nowhere"\n'
    do = desk(both, {"a.csv": HEAD + sound("A")})
    answer = do("pull")
    assert answer.code == 2 and answer.facts["prices"][0]["added"] == 30
    assert answer.facts["prices"][1]["error"]["code"] == "no-such-folder"
    assert "lost: There is no folder" in do.seen("pull")


@pytest.mark.parametrize("columns", [50, 80, 140])
def test_what_a_person_reads_is_never_cut(desk: Any, columns: int) -> None:
    do = desk("", {"a.csv": HEAD + sound("A") + sound("B") + sound("A", 1) + "C,2024-01-05,0,0,0,0,0\n"})
    for words in (("pull",), ("check",), ("show",), ("show", "--symbol", "A")):
        text = do.seen(*words, columns=columns)
        assert "…" not in text and max(map(len, text.splitlines())) <= columns
    told = " ".join(do.seen("check", columns=columns).split())
    assert "not to be used" in told and "price-not-positive" in told and "bars-twice" in told
