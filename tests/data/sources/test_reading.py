"""Files as vendors write them become one form of rows."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from eraforge.core.errors import DataError
from eraforge.data.sources.columns import recognise
from eraforge.data.sources.reading import read_prices
from eraforge.data.sources.source import Wanted

WANTED = Wanted("daily")
DAY = 1704153600  # 2024-01-02


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text)
    return path


def rows(path: Path, wanted: Wanted = WANTED) -> list[dict[str, object]]:
    found = read_prices(path, path.name, wanted).rows
    assert found is not None
    return found.to_dicts()


@pytest.mark.parametrize(
    "header",
    [
        "Date,Open,High,Low,Close,Adj Close,Volume",
        "date,o,h,l,c,adjclose,v",
        "Timestamp,OPEN,HIGH,LOW,Close/Last,Adj. Close,Vol",
        "<DATE>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<ADJ CLOSE>,<VOL>",
    ],
)
def test_any_usual_heading_is_understood(tmp_path: Path, header: str) -> None:
    path = write(tmp_path, "AAPL.csv", f"{header}\n2024-01-02,1,3,0.5,2,1.9,100\n")
    assert rows(path) == [
        {"symbol": "AAPL", "time": DAY, "told": DAY, "open": 1.0, "high": 3.0, "low": 0.5, "close": 2.0,
         "volume": 100.0, "adjusted_close": 1.9}
    ]  # fmt: skip


def test_an_exchanges_columns() -> None:
    found = recognise(
        ["open_time", "open", "high", "low", "close", "volume", "close_time", "quote_asset_volume", "number_of_trades",
         "taker_buy_base_asset_volume", "taker_buy_quote_asset_volume", "ignore"]
    )  # fmt: skip
    assert found["time"] == "open_time" and found["turnover"] == "quote_asset_volume"
    assert found["trades"] == "number_of_trades" and found["taker_base"] == "taker_buy_base_asset_volume"
    assert "close_time" not in found.values() and "ignore" not in found.values()


def test_one_long_file_pages_and_separators(tmp_path: Path) -> None:
    long = write(tmp_path, "all.csv", "ticker;date;close\nB;2024-01-02;2\nA;2024-01-02;1\nB;2024-01-02;2\n")
    assert [row["symbol"] for row in rows(long)] == ["B", "A", "B"]
    page = write(tmp_path, "BTCUSDT-1d-2024-01.csv", f"open_time,close\n{DAY}000,1\n")
    assert rows(page)[0]["symbol"] == "BTCUSDT"


def test_symbols_that_look_like_numbers_stay_text(tmp_path: Path) -> None:
    path = write(tmp_path, "korea.csv", "ticker,date,close\n000080,2024-01-02,1\nTRUE,2024-01-02,1\n")
    assert [row["symbol"] for row in rows(path)] == ["000080", "TRUE"]


def test_numbers_with_thousands_and_gaps_are_counted(tmp_path: Path) -> None:
    text = 'symbol,date,close,volume\nA,2024-01-02,"1,234.5",10\nA,2024-01-03,,11\nA,soon,7,12\n,2024-01-04,7,x\n'
    found = read_prices(write(tmp_path, "a.csv", text), "a.csv", WANTED)
    assert found.rows is not None and found.rows.get_column("close").to_list() == [1234.5]
    told = {note.code: note.sentence for note in found.notes}
    assert "1 without a symbol, 1 whose time is not understood, 1 without a price" in told["rows-left-out"]
    assert "1 values are no numbers" in told["values-unreadable"]
    assert "open, high, low" in told["columns-differ"]


def test_a_file_of_several_intervals_gives_the_wanted_one(tmp_path: Path) -> None:
    text = "symbol,bar,datetime,close\nES,5m,2026-02-17 00:05:00,1\nES,2m,2026-02-17 00:06:00,2\n"
    path = write(tmp_path, "es.csv", text)
    assert [row["close"] for row in rows(path, Wanted("x", None, seconds=300, interval="5m"))] == [1.0]
    with pytest.raises(DataError) as error:
        rows(path)
    assert error.value.code == "interval-not-there"


def test_day_and_clock_in_two_columns(tmp_path: Path) -> None:
    path = write(tmp_path, "EURUSD.csv", "date,time,open,high,low,close,volume\n2024.01.02,00:05,1,1,1,1,0\n")
    assert rows(path, Wanted("x", None, seconds=300, interval="5m"))[0]["time"] == DAY + 300


def test_labels_come_with_the_rows(tmp_path: Path) -> None:
    path = tmp_path / "feed.parquet"
    frame = {"symbol": ["A", "A", "B"], "date": ["2024-01-02", "2024-01-03", "2024-01-02"], "close": [1, 2, 3]}
    pl.DataFrame({**frame, "country": ["US", "CA", None], "gics_sector": ["Tech", "Tech", "Oil"]}).write_parquet(path)
    assert read_prices(path, "feed", WANTED).groups == {"country": {"A": "CA"}, "sector": {"A": "Tech", "B": "Oil"}}


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("a.csv", b"", "file-empty"),
        ("a.csv", b"\n\n", "file-empty"),
        ("a.csv", b"date,close\n", "file-empty"),
        ("a.parquet", b"", "file-empty"),
        ("a.parquet", b"PAR1 cut short", "file-damaged"),
        ("a.csv", b"date,close\n2024-01-02,1\n2024-01-03,1,2,3\n", "file-damaged"),
        ("a.csv", b"when,close\n2024-01-02,1\n", "no-time-column"),
        ("a.csv", b"date,size\n2024-01-02,1\n", "no-price-column"),
    ],
)
def test_files_that_tell_nothing_are_refused(tmp_path: Path, name: str, content: bytes, code: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(DataError) as error:
        read_prices(path, name, WANTED)
    assert error.value.code == code and name in error.value.sentence


def test_a_truncated_parquet_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pl.DataFrame({"date": ["2024-01-02"] * 999, "close": range(999)}).write_parquet(path)
    whole = path.read_bytes()
    for size in (len(whole) // 2, len(whole) - 3):
        path.write_bytes(whole[:size])
        with pytest.raises(DataError) as error:
            read_prices(path, "a.parquet", WANTED)
        assert error.value.code == "file-damaged"
