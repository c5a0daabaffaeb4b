"""A series gives at each moment the newest value that had been published."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eraforge.core.bars import FIELDS, Bars
from eraforge.core.errors import DataError, UserError
from eraforge.data.reference.macro import Series, read_series, series_of, with_series

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


def test_a_publication_column_tells_when_and_revisions_count_from_theirs(tmp_path: Path) -> None:
    path = tmp_path / "inflation.csv"
    path.write_text(
        "date,published,rate\n2024-01-01,2024-02-10,1\n2024-02-01,2024-03-10,2\n2024-01-01,2024-02-20,1.5\n"
        "2024-01-01,2024-03-20,9\n2024-03-01,2024-04-10,NaN\n"
    )
    series = read_series(path, "rate", None, published="published")
    asked = ["2024-02-10T12:00", "2024-02-10T23:59:59", "2024-02-20T23:59:59", "2024-03-10T23:59:59", "2024-05-01"]
    np.testing.assert_array_equal(series.at(np.array(asked, "datetime64[s]")), [np.nan, 1, 1.5, 2, 2])
    assert series_of("rate", series.facts()).values.tolist() == series.values.tolist()


def test_a_series_must_tell_once_when_it_was_published(tmp_path: Path) -> None:
    path = tmp_path / "rates.csv"
    path.write_text("date,rate,told\n2024-01-01,x,2024-01-02\n")
    for lag, published in ((None, ""), (DAY, "told")):
        with pytest.raises(UserError) as error:
            read_series(path, "rate", lag, published=published)
        assert error.value.code == "series-without-lag"
    with pytest.raises(DataError) as empty:
        read_series(path, "rate", DAY)
    assert empty.value.code == "series-without-values"


def test_beside_bars_a_value_stands_for_all_symbols_from_its_publication_on() -> None:
    times = np.array(["2024-01-01T23:59:59", "2024-01-02T23:59:59", "2024-01-09T23:59:59"], "datetime64[s]")
    bars = Bars(("A", "B"), times, {name: np.ones((2, 3)) for name in FIELDS}, digest="x")
    known = Series("rate", np.array(["2024-01-02"], "datetime64[s]"), np.array([7.0]))
    joined = with_series(bars, [known], {})
    np.testing.assert_array_equal(joined["series_rate"], [[np.nan, 7, 7]] * 2)
    np.testing.assert_array_equal(
        with_series(bars, [known], {"rate": 3 * DAY})["series_rate"], [[np.nan, 7, np.nan]] * 2
    )
    assert joined.digest != bars.digest and with_series(bars, [], {}) is bars


@given(st.lists(st.integers(0, 50), unique=True), st.lists(st.integers(-5, 60)))
def test_against_a_plain_search(known: list[int], asked: list[int]) -> None:
    times = np.array(sorted(known), dtype="datetime64[s]")
    series = Series("x", times, times.astype(float))
    expected = [max((one for one in known if one <= at), default=np.nan) for at in asked]
    np.testing.assert_array_equal(series.at(np.array(asked, dtype="datetime64[s]")), np.array(expected, float))
