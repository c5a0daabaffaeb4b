"""Which era a round day sees, and how many rows a day has."""

from __future__ import annotations

from datetime import date

import pytest

from eraforge.arenas.classic import CLASSIC
from eraforge.simulator.world.scale import SCALES
from eraforge.simulator.world.weeks import Weeks


@pytest.mark.parametrize(
    ("round_day", "last"),
    [
        (date(2026, 8, 8), 1231),  # as published: that round's validation file ends with era 1231
        (date(2026, 8, 11), 1232),
        (date(2026, 9, 1), 1235),
    ],
)
def test_the_last_weekly_era_of_a_round(round_day: date, last: int) -> None:
    weeks = Weeks(CLASSIC.calendar, SCALES["full"])
    assert weeks.last_era(round_day) == last
    assert weeks.live_era(round_day) == last + 1


def test_a_week_holds_its_days_until_the_next_friday() -> None:
    weeks = Weeks(CLASSIC.calendar, SCALES["tiny"])
    assert weeks.day(1) == date(2003, 1, 3)
    assert [weeks.number(date(2003, 1, day)) for day in (3, 9, 10)] == [1, 1, 2]


@pytest.mark.parametrize("scale", SCALES.values(), ids=lambda scale: scale.name)
def test_rows_grow_to_exactly_the_train_size_and_then_to_the_live_size(scale) -> None:
    weeks = Weeks(CLASSIC.calendar, scale)
    rows = [weeks.rows(weeks.day(number)) for number in range(scale.first_train_era, scale.last_train_era + 1)]
    assert sum(rows) == scale.train_rows
    assert rows[0] < rows[-1]
    assert weeks.rows(weeks.day(scale.last_train_era + 500)) == scale.live_rows
    after = weeks.rows(weeks.day(scale.last_train_era + 1))
    assert abs(after - rows[-1]) < 0.05 * rows[-1]
