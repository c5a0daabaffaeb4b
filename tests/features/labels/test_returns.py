"""Forward returns by hand: lags, weekends, gaps, delistings, and what is not known yet."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eraforge.core.errors import UserError
from eraforge.features.labels.returns import STALE, Days, forward_returns, look_ahead, moved

NAN = np.nan
MONDAY = date(2026, 9, 7)


def weekdays(count: int) -> np.ndarray:
    return np.busday_offset(np.datetime64(MONDAY), np.arange(count))


def test_twenty_days_of_returns_start_two_days_after_the_date() -> None:
    starts, ends = look_ahead(weekdays(30), 20)
    assert (starts[0], ends[0]) == (2, 22)
    assert (starts[7], ends[7]) == (9, 29)
    assert (starts[8:] == -1).all() and (ends[8:] == -1).all()  # their last bar is not there yet


def test_a_calendar_of_every_day_still_counts_weekdays() -> None:
    days = np.datetime64(MONDAY) + np.arange(40)
    starts, ends = look_ahead(days, 20)
    assert days[starts[0]] == np.datetime64("2026-09-09") and days[ends[0]] == np.datetime64("2026-10-07")
    friday, saturday, sunday = 4, 5, 6
    assert days[starts[friday]] == np.datetime64("2026-09-15")
    assert starts[saturday] == starts[sunday] == starts[friday]
    starts, ends = look_ahead(days, 20, counted=Days.CALENDAR)
    assert (starts[0], ends[0]) == (2, 22)


def test_a_missing_day_takes_the_last_bar_before_it() -> None:
    days = np.delete(weekdays(30), [2, 22])  # nobody traded on the start and the end of the first label
    starts, ends = look_ahead(days, 20)
    assert days[starts[0]] == weekdays(30)[1] and days[ends[0]] == weekdays(30)[21]


@given(st.integers(0, 400), st.integers(0, 70))
def test_moving_counts_as_a_person_would(offset: int, count: int) -> None:
    day = np.datetime64(MONDAY) + offset
    expected = day.item()
    left = count
    while left:
        expected = (np.datetime64(expected) + 1).item()
        left -= expected.weekday() < 5
    if count or day.item().weekday() < 5:
        assert moved(np.array([day]), count)[0].item() == expected


def test_returns_are_those_of_the_closes() -> None:
    close = np.array([[10.0, 11.0, 12.0, 15.0], [4.0, 2.0, 1.0, 8.0]])
    assert forward_returns(close, [1, 0], [3, 2]) == pytest.approx(np.array([[15 / 11 - 1, 0.2], [3.0, -0.75]]))


def test_a_delisted_symbol_keeps_what_it_came_to() -> None:
    close = np.array([[10.0, 10.0, 7.0, 3.0, NAN, NAN]])
    assert forward_returns(close, [1], [5])[0, 0] == pytest.approx(-0.7)


def test_a_symbol_that_never_trades_after_the_start_has_no_return() -> None:
    close = np.array([[10.0, 10.0, NAN, NAN, NAN, NAN]])
    assert np.isnan(forward_returns(close, [1], [5])).all()


def test_a_gap_at_the_start_takes_the_close_before_unless_it_is_stale() -> None:
    close = np.full((2, STALE + 8), NAN)
    close[:, 0], close[:, -1] = 2.0, 3.0
    fresh, stale = STALE, STALE + 1
    found = forward_returns(close, [fresh, stale], [STALE + 7, STALE + 7])
    assert found[0, 0] == pytest.approx(0.5)
    assert np.isnan(found[:, 1]).all()


def test_a_symbol_listed_after_the_start_has_no_return() -> None:
    assert np.isnan(forward_returns(np.array([[NAN, NAN, 5.0, 6.0]]), [1], [3])).all()


def test_a_close_of_zero_gives_no_infinite_return() -> None:
    assert np.isnan(forward_returns(np.array([[0.0, 0.0, 5.0]]), [1], [2])).all()


def test_nothing_after_the_end_matters() -> None:
    source = np.random.default_rng(0)
    close = np.exp(source.normal(size=(5, 60)).cumsum(axis=1) / 50)
    days = weekdays(60)
    starts, ends = look_ahead(days, 20)
    whole = forward_returns(close, starts, ends)
    for era in (0, 10, 37):
        cut = ends[era] + 1
        assert np.array_equal(forward_returns(close[:, :cut], starts[[era]], ends[[era]])[:, 0], whole[:, era])


def test_impossible_horizons_are_refused() -> None:
    with pytest.raises(UserError, match="no returns"):
        look_ahead(weekdays(3), 0)
    assert look_ahead(weekdays(0), 20)[0].shape == (0,)
    assert forward_returns(np.empty((3, 0)), [], []).shape == (3, 0)
