"""Pure date arithmetic of an arena's calendar: round numbers, windows, score days, era dates.

The API's own times win wherever it gives them; this is the fallback, and what dates labels.
Source of the rules: the published round schedule; daily score n of a round appears on the (first_score_after + n)-th
score day strictly after the day it opened.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from eraforge.core.errors import UserError
from eraforge.core.words import Calendar

DAY = timedelta(days=1)


def is_open_day(calendar: Calendar, day: date) -> bool:
    """Whether a round opens on that day."""
    return day.weekday() in calendar.open_weekdays


def next_open_day(calendar: Calendar, day: date) -> date:
    """The first open day strictly after `day`."""
    day += DAY
    while not is_open_day(calendar, day):
        day += DAY
    return day


def round_number(calendar: Calendar, day: date) -> int:
    """Number of the round that opens on `day`.

    Raises:
        UserError: `no-round-that-day`.
    """
    if not is_open_day(calendar, day):
        raise UserError("no-round-that-day", f"No round opens on {day}.", "Name a day on which rounds open.")
    anchor = date.fromisoformat(calendar.anchor_date)
    weeks, rest = divmod((day - anchor).days, 7)
    extra = sum(is_open_day(calendar, anchor + DAY * step) for step in range(1, rest + 1))
    return calendar.anchor_round + weeks * len(calendar.open_weekdays) + extra


def open_day(calendar: Calendar, number: int) -> date:
    """The day on which round `number` opens."""
    weeks, rest = divmod(number - calendar.anchor_round, len(calendar.open_weekdays))
    day = date.fromisoformat(calendar.anchor_date) + DAY * 7 * weeks
    for _ in range(rest):
        day = next_open_day(calendar, day)
    return day


def window(calendar: Calendar, day: date) -> tuple[datetime, datetime]:
    """When the round of that open day opens and closes, in UTC."""
    opens = datetime(day.year, day.month, day.day, calendar.open_hour, tzinfo=UTC)
    return opens, opens + timedelta(hours=calendar.window_hours[day.weekday()])


def score_day(calendar: Calendar, day: date, number: int) -> date:
    """The day on which daily score `number` (from 1) of the round opened on `day` is published."""
    left = calendar.first_score_after + number
    while left:
        day += DAY
        left -= day.weekday() in calendar.score_weekdays
    return day


def data_date(day: date) -> date:
    """The market date behind the features of a round opened on `day`: the weekday before it."""
    day -= DAY
    while day.weekday() > 4:
        day -= DAY
    return day


def era_date(calendar: Calendar, era: str) -> date:
    """The date of a numbered weekly era ("0001" is the calendar's first).

    Raises:
        UserError: `era-is-not-a-number` when the arena does not number its eras or the label is no number.
    """
    if calendar.first_era_date is None or not era.isdigit():
        raise UserError("era-is-not-a-number", f"Era {era!r} is not a numbered week.", "Give eras their dates.")
    return date.fromisoformat(calendar.first_era_date) + DAY * 7 * (int(era) - 1)


def label_known_on(calendar: Calendar, era: date, horizon: int) -> date:
    """When the label of `horizon` weekdays of an era's date is published: the final score day of its round."""
    return score_day(calendar, next_open_day(calendar, era), horizon)
