"""The rounds of a tournament: windows, score days, statuses, and the scores of a round as data."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any

from eraforge.arenas.policies import row_of
from eraforge.core import calendar as days
from eraforge.core.errors import Refused
from eraforge.core.words import Arena, PayoutPolicy, Round, ScoreConfig
from eraforge.simulator.disturbances.changes import Disturbances
from eraforge.simulator.tournament.rules.assumptions import Assumptions
from eraforge.simulator.tournament.rules.score_rules import rulebook

FIRST_ROUND = 1343
SCORE_TIME = time(14, tzinfo=UTC)
LONGEST_WINDOW = 3  # days from the open day of a round to its latest closing, moved ones included
LONGEST_DELAY = 28  # score days by which a round may resolve late, and some to spare


class Rounds:
    """The rounds of an arena from the first one the simulator knows, by calendar and by what disturbed it.

    Scores of a score day are published at 14:00 UTC; the published rules name no hour.

    Args:
        arena: whose calendar and policies hold.
        assumptions: figures in place of those that the policies leave open.
        disturbances: windows and resolutions that are not those of the calendar.

    Raises:
        UserError: `no-score-rules`.
    """

    def __init__(
        self, arena: Arena, assumptions: Assumptions | None = None, disturbances: Disturbances | None = None
    ) -> None:
        self.arena = arena
        self.assumptions = assumptions or Assumptions()
        self.book, self.first = rulebook(arena.tournament), FIRST_ROUND
        self.rules, self.score_days = self.book.rules, self.book.days
        self._disturbances = disturbances or Disturbances()
        self._get_as_of = lru_cache(maxsize=None)(self._get)
        self._moments_as_of = lru_cache(maxsize=None)(self._score_moments)
        self.policy = lru_cache(maxsize=None)(self._policy)

    def get(self, number: int) -> Round:
        """The round of that number.

        Raises:
            Refused: `round-not-found` below the first round.
        """
        return self._get_as_of(number, self._disturbances.version)

    def score_moments(self, number: int) -> tuple[datetime, ...]:
        """When each daily score of the round is published, the first one first; with the last of them it resolves."""
        return self._moments_as_of(number, self._disturbances.resolved_late.get((self.arena.tournament, number), 0))

    def window(self, day: date, number: int) -> tuple[datetime, datetime]:
        """When the round of that number, whose open day that is, opens and closes."""
        changed = self._disturbances.windows.get((self.arena.tournament, number))
        return changed or days.window(self.arena.calendar, day)

    def _get(self, number: int, _version: int) -> Round:
        if number < FIRST_ROUND:
            raise Refused("round-not-found", f"Round {number} not found.", f"The first round is {FIRST_ROUND}.")
        opens, closes = self.window(self.day(number), number)
        moments = self.score_moments(number)
        return Round(
            self.arena.name, number, opens, closes, moments[0], moments[-1], score_configs=self._scores(number)
        )

    def _score_moments(self, number: int, late: int) -> tuple[datetime, ...]:
        calendar = self.arena.calendar
        day = days.score_day(calendar, days.open_day(calendar, number), 1)
        moments: list[datetime] = []
        while len(moments) < self.score_days + late:
            if day.weekday() in calendar.score_weekdays:
                moments.append(datetime.combine(day, SCORE_TIME))
            day += days.DAY
        return (*moments[: self.score_days - 1], moments[-1])

    def _scores(self, number: int) -> tuple[ScoreConfig, ...]:
        policy = self.policy(number)
        return tuple(
            ScoreConfig(
                rule.name,
                rule.version,
                rule.display_name,
                rule.display_name in policy.weights,
                policy.weights.get(rule.display_name) or Decimal(0),
                policy.cap,
                policy.factor,
                rule.days,
            )
            for rule in self.rules
        )

    def _policy(self, number: int) -> PayoutPolicy:
        """How the round pays, assumptions included; its factor may depend on what is at risk."""
        return self.assumptions.complete(row_of(self.arena.policies, number, self.day(number)))

    def current(self, now: datetime) -> Round | None:
        """The round opened last, open or closed."""
        day = now.date()
        while not days.is_open_day(self.arena.calendar, day):
            day -= days.DAY
        number = days.round_number(self.arena.calendar, day)
        while number >= FIRST_ROUND and self.get(number).opens > now:
            number -= 1
        return None if number < FIRST_ROUND else self.get(number)

    def current_number(self, now: datetime) -> int:
        """Number of the round opened last; one below the first when none has."""
        current = self.current(now)
        return FIRST_ROUND - 1 if current is None else current.number

    def open_at(self, now: datetime) -> Round | None:
        """The round whose window is open."""
        current = self.current(now)
        return current if current is not None and current.is_open(now) else None

    def opened(self, number: int, now: datetime) -> Round:
        """The round of that number, if it has opened.

        Raises:
            Refused: `round-not-found`, `round-not-open-yet`.
        """
        found = self.get(number)
        if found.opens > now:
            raise Refused("round-not-open-yet", f"Round {number} has not opened yet.", "Ask again once it has.")
        return found

    def day(self, number: int) -> date:
        """The day on which the round opens."""
        return days.open_day(self.arena.calendar, number)

    def datestamp(self, number: int) -> int:
        """The market date behind the round's features, as YYYYMMDD."""
        return int(days.data_date(self.day(number)).strftime("%Y%m%d"))

    def published(self, number: int, now: datetime) -> int:
        """How many daily scores of the round are out, 0 to `score_days`."""
        return bisect_right(self.score_moments(number), now)

    def status(self, found: Round, now: datetime) -> str:
        """UPCOMING, OPEN, RESOLVING or RESOLVED, as the API names them."""
        if now < found.opens:
            return "UPCOMING"
        if now < found.closes:
            return "OPEN"
        return "RESOLVED" if found.resolves is not None and now >= found.resolves else "RESOLVING"

    def events(self, after: datetime, until: datetime) -> Iterator[dict[str, Any]]:
        """What happens in (after, until], in time order: openings, closings, score days, resolutions."""
        day = after.date() - LONGEST_WINDOW * days.DAY
        found: list[tuple[datetime, dict[str, Any]]] = []
        while datetime.combine(day, time(0, tzinfo=UTC)) <= until:
            found.extend(pair for pair in self._events_of(day) if after < pair[0] <= until)
            settled = datetime.combine(day, time(0, tzinfo=UTC))
            found.sort(key=lambda pair: pair[0])
            while found and found[0][0] < settled:
                moment, event = found.pop(0)
                yield {"at": moment, **event}
            day += days.DAY
        for moment, event in found:
            yield {"at": moment, **event}

    def next_event(self, after: datetime) -> datetime:
        """The first moment after `after` at which something happens."""
        moment: datetime = next(event["at"] for event in self.events(after, after + timedelta(days=14)))
        return moment

    def _events_of(self, day: date) -> Iterator[tuple[datetime, dict[str, Any]]]:
        calendar = self.arena.calendar
        if days.is_open_day(calendar, day):
            number = days.round_number(calendar, day)
            if number >= FIRST_ROUND:
                opens, closes = self.window(day, number)
                yield opens, {"event": "round-opened", "round": number}
                yield closes, {"event": "round-closed", "round": number}
        if day.weekday() not in calendar.score_weekdays:
            return
        moment = datetime.combine(day, SCORE_TIME)
        scored = [number for number in self._open_for_scores(day) if self._scored_at(number, moment)]
        if scored:
            yield moment, {"event": "scores-published", "rounds": [scored[0], scored[-1]]}
        for number in scored:
            if self.score_moments(number)[-1] == moment:
                yield moment, {"event": "round-resolved", "round": number}

    def _open_for_scores(self, day: date) -> range:
        last = self.current_number(datetime.combine(day, SCORE_TIME))
        return range(max(FIRST_ROUND, last - self.score_days - LONGEST_DELAY), last + 1)

    def _scored_at(self, number: int, moment: datetime) -> bool:
        moments = self.score_moments(number)
        place = bisect_right(moments, moment)
        return place > 0 and moments[place - 1] == moment
