"""The calendar reproduces every published check point of rounds and score days."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eraforge.arenas.classic import CLASSIC
from eraforge.core import calendar as days
from eraforge.core.errors import UserError

CALENDAR = CLASSIC.calendar


@pytest.mark.parametrize(
    ("day", "number"),
    [("2025-09-23", 1100), ("2026-01-01", 1172), ("2026-08-08", 1329), ("2026-09-25", 1363), ("2026-11-20", 1403)],
)
def test_round_numbers_match_the_published_check_points(day: str, number: int) -> None:
    assert days.round_number(CALENDAR, date.fromisoformat(day)) == number
    assert days.open_day(CALENDAR, number) == date.fromisoformat(day)


@given(st.integers(min_value=1, max_value=5000))
def test_open_day_and_round_number_undo_each_other(number: int) -> None:
    assert days.round_number(CALENDAR, days.open_day(CALENDAR, number)) == number


@pytest.mark.parametrize(
    ("opens", "first", "twenty", "sixty"),
    [
        ("2026-09-01", "2026-09-05", 31, 87),  # Tuesday: scored next Saturday, resolves on Fridays
        ("2026-09-02", "2026-09-08", 31, 87),
        ("2026-09-03", "2026-09-09", 33, 89),
        ("2026-09-04", "2026-09-10", 33, 89),
        ("2026-09-05", "2026-09-11", 33, 89),
    ],
)
def test_score_days_match_the_published_table(opens: str, first: str, twenty: int, sixty: int) -> None:
    day = date.fromisoformat(opens)
    assert days.score_day(CALENDAR, day, 1) == date.fromisoformat(first)
    assert (days.score_day(CALENDAR, day, 20) - day).days == twenty
    assert (days.score_day(CALENDAR, day, 60) - day).days == sixty


def test_windows_last_an_hour_and_on_saturday_until_sunday_afternoon() -> None:
    opens, closes = days.window(CALENDAR, date(2026, 9, 1))
    assert (opens.isoformat(), closes.isoformat()) == ("2026-09-01T12:00:00+00:00", "2026-09-01T13:00:00+00:00")
    opens, closes = days.window(CALENDAR, date(2026, 9, 5))
    assert closes.isoformat() == "2026-09-06T14:00:00+00:00"


def test_data_date_is_the_weekday_before() -> None:
    assert days.data_date(date(2026, 9, 5)) == date(2026, 9, 4)
    assert days.data_date(date(2026, 9, 1)) == date(2026, 8, 31)


def test_eras_are_weeks() -> None:
    assert days.era_date(CALENDAR, "1231") == date(2026, 7, 31)
    with pytest.raises(UserError, match="not a numbered week"):
        days.era_date(CALENDAR, "X")


def test_no_round_opens_on_monday() -> None:
    with pytest.raises(UserError, match="No round opens"):
        days.round_number(CALENDAR, date(2026, 8, 31))
