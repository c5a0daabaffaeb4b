"""A bar belongs to the id its symbol stood for on that day; a symbol that is used again is not joined to the first."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eraforge.core.bars import FIELDS, Bars
from eraforge.core.errors import DataError
from eraforge.data.reference.identity import Identity, identity_of, named_bars, named_rows, read_identity

HEAD = "yahoo,numerai_ticker,composite_figi,entry_date,exit_date\n"
DAYS = np.arange("2020-01-01", "2020-01-11", dtype="datetime64[D]")


def bars_of(*symbols: str) -> Bars:
    """Closes that tell whose they are: 100 * row + place."""
    closes = np.array([[100.0 * row + place for place in range(10)] for row in range(len(symbols))])
    times = DAYS.astype("datetime64[s]") + 86_399
    return Bars(symbols, times, dict.fromkeys(FIELDS, closes), {"sector": tuple(f"of {one}" for one in symbols)})


def read(folder: Path, text: str, id_column: str = "numerai_ticker") -> Identity:
    path = folder / "tickers.csv"
    path.write_text(HEAD + text)
    return read_identity(path, "yahoo", id_column)


def test_a_symbol_that_is_used_again_is_another_company(tmp_path: Path) -> None:
    found = read(tmp_path, "AA,OLD,F1,,2020-01-03\nAA,NEW,F2,2020-01-06,\n")
    bars, unnamed = named_bars(bars_of("AA"), found)
    assert bars.symbols == ("NEW", "OLD")
    np.testing.assert_array_equal(bars["close"][0], [np.nan] * 5 + [5, 6, 7, 8, 9])
    np.testing.assert_array_equal(bars["close"][1], [0, 1, 2] + [np.nan] * 7)
    assert unnamed.bars == 2 and unnamed.symbols == {"AA": date(2020, 1, 4)}


def test_a_company_that_is_renamed_keeps_its_past(tmp_path: Path) -> None:
    found = read(tmp_path, "AA,X,F1,,2020-01-04\nBB,X,F1,2020-01-05,\nZZ,,F9,,\n")
    bars, unnamed = named_bars(bars_of("AA", "BB"), found)
    np.testing.assert_array_equal(bars["close"], [[0, 1, 2, 3, 104, 105, 106, 107, 108, 109]])
    assert bars.groups == {"sector": ("of BB",)}
    assert unnamed.bars == 10 and unnamed.symbols == {"AA": date(2020, 1, 5), "BB": date(2020, 1, 1)}


def test_any_two_ticker_systems_can_be_mapped(tmp_path: Path) -> None:
    assert named_bars(bars_of("AA"), read(tmp_path, "AA,X,F1,,\n", "Composite FIGI"))[0].symbols == ("F1",)
    with pytest.raises(DataError) as error:
        read(tmp_path, "AA,X,F1,,\n", "bloomberg_ticker")
    assert error.value.code == "identity-without-column" and "composite_figi" in error.value.sentence
    with pytest.raises(DataError) as nobody:
        named_bars(bars_of("CC"), read(tmp_path, "AA,X,F1,,\n"))
    assert nobody.value.code == "identity-names-nobody"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("AA,X,,,\nAA,Y,,2020-01-05,\n", "AA stands for both X and Y on 2020-01-05"),
        ("AA,X,,,2020-01-05\nBB,X,,2020-01-05,\n", "X is called both AA and BB on 2020-01-05"),
        ("AA,X,,,\nAA,Y,,,\n", "AA stands for both X and Y on every day"),
        ("AA,X,,2020-01-05,2020-01-01\n", "which is before it began"),
        ("AA,X,,,2020-01-20\nAA,X,,2020-01-02,2020-01-03\nAA,Y,,2020-01-10,\n", "AA stands for both X and Y"),
    ],
)
def test_contradictions_are_told_with_their_day(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(DataError) as error:
        read(tmp_path, text)
    assert error.value.code == "identity-contradicts"
    assert sentence in error.value.sentence and "exit date" in error.value.next_step


def test_a_date_that_is_none_is_refused_and_an_equal_row_twice_is_not(tmp_path: Path) -> None:
    with pytest.raises(DataError) as error:
        read(tmp_path, "AA,X,F1,soon,\n")
    assert error.value.code == "identity-date-not-understood" and "'soon'" in error.value.sentence
    assert len(read(tmp_path, "AA,X,F1,,\nAA,X,F1,,\n").stays) == 1


@given(st.lists(st.tuples(st.sampled_from("AB"), st.sampled_from("XYZ"), st.integers(0, 9), st.integers(0, 9))))
def test_against_looking_up_each_bar(drawn: list[tuple[str, str, int, int]]) -> None:
    """Oracle: who stood for whom, day by day; whatever contradicts is left out of the draw."""
    stays, held = [], {}
    for symbol, name, a, b in drawn:
        days = range(min(a, b), max(a, b) + 1)
        if not any((symbol, day) in held or (name, day) in held.values() for day in days):
            held |= {(symbol, day): (name, day) for day in days}
            stays.append((symbol, name, DAYS[days[0]].item(), DAYS[days[-1]].item()))
    bars = bars_of("A", "B")
    identity = identity_of(Identity(tuple(stays)).facts())
    if not held:
        return
    made, unnamed = named_bars(bars, identity)
    expected = {key: bars["close"]["AB".index(symbol), day] for (symbol, day), key in held.items()}
    found = {
        (name, day): value
        for row, name in enumerate(made.symbols)
        for day, value in enumerate(made["close"][row])
        if np.isfinite(value)
    }
    assert found == expected and unnamed.bars == 20 - len(held)
    seconds = DAYS.astype("datetime64[s]").astype(np.int64)
    rows = pl.DataFrame(
        {"symbol": ["A"] * 10 + ["B"] * 10, "time": [*seconds, *seconds], "close": bars["close"].ravel()}
    )
    named = named_rows(rows, identity, 86_400)
    told = {(name, int(np.searchsorted(seconds, time))): value for name, time, value in named.rows()}
    assert told == expected and named.columns == rows.columns
