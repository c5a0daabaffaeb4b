"""Which day belongs to which era, and how many rows it has."""

from __future__ import annotations

from datetime import date, timedelta

from eraforge.core.calendar import data_date, era_date, label_known_on
from eraforge.core.words import Calendar
from eraforge.simulator.world.scale import Scale

WEEK = timedelta(days=7)
GROWTH = 0.3  # the last train era has 30 % more rows than the average, the first 30 % fewer
SETTLE_ERAS = 120  # validation eras until the live size is reached


def era_label(number: int) -> str:
    """The zero-padded label of a numbered week."""
    return f"{number:04d}"


class Weeks:
    """The numbered weeks of a made-up world.

    Args:
        calendar: the arena's calendar, with the date of era 1.
        scale: the size of the world.
    """

    def __init__(self, calendar: Calendar, scale: Scale) -> None:
        self.calendar = calendar
        self.scale = scale
        self._first = era_date(calendar, "0001")

    def day(self, number: int) -> date:
        """The Friday of a numbered week."""
        return self._first + WEEK * (number - 1)

    def number(self, day: date) -> int:
        """The numbered week whose Friday is `day` or the last Friday before it."""
        return (day - self._first).days // 7 + 1

    def last_era(self, round_day: date) -> int:
        """The last weekly era in the files of a round: its Friday lies before the round's market date."""
        return self.number(data_date(round_day) - timedelta(days=1))

    def live_era(self, round_day: date) -> int:
        """The era number that live rows of a round carry: the one after the last weekly era."""
        return self.last_era(round_day) + 1

    def known(self, number: int, horizon: int, round_day: date) -> bool:
        """Whether the label of a weekly era was published before that round day (strictly: files open at noon)."""
        return label_known_on(self.calendar, self.day(number), horizon) < round_day

    def rows(self, day: date) -> int:
        """Rows of a market day: slow growth over train to exactly `train_rows`, then towards `live_rows`."""
        scale = self.scale
        number = self.number(day)
        position = number - scale.first_train_era
        if position < 0:
            return self._until(1)
        if number <= scale.last_train_era:
            return self._until(position + 1) - self._until(position)
        last = self._until(scale.train_eras) - self._until(scale.train_eras - 1)
        share = min(1.0, (number - scale.last_train_era) / SETTLE_ERAS)
        return round(last + (scale.live_rows - last) * share)

    def _until(self, eras: int) -> int:
        """Rows of the first `eras` train eras together."""
        total, count = self.scale.train_rows, self.scale.train_eras
        part = eras / count
        return round(total * part * (1 - GROWTH * (1 - part)))
