"""Who belonged at a date, from files of three shapes."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eraforge.core.errors import DataError
from eraforge.data.reference.universe import missing_from, read_universe

DAYS = [date(2024, 1, day) for day in range(1, 9)]


def write(folder: Path, text: str) -> Path:
    path = folder / "universe.csv"
    path.write_text(text)
    return path


def test_stays_with_entry_and_exit(tmp_path: Path) -> None:
    text = "ticker,entry_date,exit_date\nA,2020-01-01,2020-06-30\nA,2021-01-01,\nB,2020-03-01,2020-12-31\n"
    found = read_universe(write(tmp_path, text))
    assert found.at(date(2019, 12, 31)) == ()
    assert found.at(date(2020, 6, 30)) == ("A", "B") and found.at(date(2020, 7, 1)) == ("B",)
    assert found.at(date(2030, 1, 1)) == ("A",) and found.doubtful == ()


def test_a_symbol_of_two_companies_is_doubtful(tmp_path: Path) -> None:
    text = "symbol,start,end\nA,2020-01-01,2020-12-31\nA,2020-06-01,2021-01-01\nB,2020-01-01,\n"
    assert read_universe(write(tmp_path, text)).doubtful == ("A",)


@given(st.sets(st.tuples(st.sampled_from("ABC"), st.sampled_from(DAYS)), min_size=1))
def test_days_and_symbols_give_back_each_day(
    tmp_path_factory: pytest.TempPathFactory, pairs: set[tuple[str, date]]
) -> None:
    text = "friday_date,symbol\n" + "".join(f"{day},{symbol}\n" for symbol, day in sorted(pairs))
    found = read_universe(write(tmp_path_factory.mktemp("u"), text))
    for day in {day for _, day in pairs}:
        assert found.at(day) == tuple(sorted(symbol for symbol, one in pairs if one == day))


def test_a_plain_list_always_holds(tmp_path: Path) -> None:
    assert read_universe(write(tmp_path, "numerai_ticker\nB\nA\n")).at(DAYS[0]) == ("A", "B")
    assert missing_from(("A", "B", "C"), ("B",)) == ("A", "C")


def test_a_file_without_symbols_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError) as error:
        read_universe(write(tmp_path, "colour\nred\n"))
    assert error.value.code == "universe-without-symbols"
