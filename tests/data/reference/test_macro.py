"""A series gives at each moment the newest value that had been published."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eraforge.core.errors import DataError, UserError
from eraforge.data.reference.macro import Series, read_series

DAY = 86_400


def test_a_value_is_known_only_after_its_lag(tmp_path: Path) -> None:
    path = tmp_path / "rates.csv"
    path.write_text("date,rate\n2024-01-03,3\n2024-01-01,1\n2024-01-02,\n")
    series = read_series(path, "rate", DAY)
    days = np.array(["2024-01-01", "2024-01-02", "2024-01-03", "2024-01-04", "2024-02-01"], dtype="datetime64[s]")
    np.testing.assert_array_equal(series.at(days), [np.nan, 1, 1, 3, 3])
    np.testing.assert_array_equal(series.at(days, np.timedelta64(5, "D")), [np.nan, 1, 1, 3, np.nan])


def test_two_values_of_one_moment_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "funding.csv"
    path.write_text("symbol,date,rate\nA,2024-01-01,1\nB,2024-01-01,2\n")
    with pytest.raises(DataError) as error:
        read_series(path, "rate", 0)
    assert error.value.code == "series-tells-twice"
    assert read_series(path, "rate", 0, symbol="B").values.tolist() == [2.0]
    with pytest.raises(UserError):
        read_series(path, "level", 0)


@given(st.lists(st.integers(0, 50), unique=True), st.lists(st.integers(-5, 60)))
def test_against_a_plain_search(known: list[int], asked: list[int]) -> None:
    times = np.array(sorted(known), dtype="datetime64[s]")
    series = Series("x", times, times.astype(float))
    expected = [max((one for one in known if one <= at), default=np.nan) for at in asked]
    np.testing.assert_array_equal(series.at(np.array(asked, dtype="datetime64[s]")), np.array(expected, float))
