"""A calendar of rounds with moved windows, slow data and outages, and a tournament that lives by it on virtual time."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import numpy as np

from eraforge.arenas.classic import CLASSIC
from eraforge.core.calendar import is_open_day, round_number, window
from eraforge.core.errors import DataError, Transient
from eraforge.core.ports import Account, Submission, Ticket
from eraforge.core.words import Round
from programmes.tournament import FaultyTournament, Rates, VirtualClock

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
MODEL, MODEL_ID = "alpha", "m1"
CALM = Rates(refused=0.02, before=0.03, after=0.04, hang_before=0.02, hang_after=0.02, read=0.02)
CALM.crash_before = CALM.crash_after = CALM.crash_step = 0.0  # whole processes die by the calendar here


@dataclass(frozen=True)
class Outage:
    """Something is away from one moment to another."""

    begins: datetime
    ends: datetime

    def covers(self, at: datetime) -> bool:
        return self.begins <= at < self.ends


@dataclass(frozen=True)
class Day:
    """One round and everything that will happen to it."""

    round: Round
    data_at: datetime
    process: tuple[Outage, ...]
    server: tuple[Outage, ...]
    broken: bool
    seconds: float

    def longest_chance(self) -> timedelta:
        """The longest stretch of the window in which the process, the server and the data were all there."""
        edges = {self.round.opens, self.round.closes, self.data_at}
        for outage in (*self.process, *self.server):
            edges |= {outage.begins, outage.ends}
        moments = sorted(edge for edge in edges if self.round.opens <= edge <= self.round.closes)
        longest = run = timedelta(0)
        for begins, ends in pairwise(moments):
            away = any(one.covers(begins) for one in (*self.process, *self.server))
            run = timedelta(0) if away or begins < self.data_at else run + (ends - begins)
            longest = max(longest, run)
        return longest

    def cause(self) -> str:
        """Why there was no chance to answer."""
        if any(one.begins <= self.round.opens and one.ends >= self.round.closes for one in self.process):
            return "the machine was off"
        if self.data_at >= self.round.closes - 15 * MINUTE:
            return "the data came too late"
        if any(one.ends >= self.round.closes - 15 * MINUTE for one in self.server):
            return "the server was away"
        return "less than 15 minutes at a stretch were left"


def days(first: date, count: int, generator: np.random.Generator) -> list[Day]:
    """The rounds of that many days, each with its fate."""
    opening = (first + DAY * place for place in range(count))
    return [_day(day, generator) for day in opening if is_open_day(CLASSIC.calendar, day)]


def _day(day: date, generator: np.random.Generator) -> Day:
    opens, closes = window(CLASSIC.calendar, day)
    if generator.random() < 0.1:
        opens += float(generator.uniform(-30, 120)) * MINUTE
        closes = opens + float(generator.uniform(40, 120)) * MINUTE
    length = closes - opens
    slow = generator.random() < 0.15
    data_at = opens + float(generator.uniform(1, 70)) * MINUTE if slow else opens
    process, server = [], []
    if generator.random() < 0.15:
        process.append(_outage(opens, length, generator))
    if generator.random() < 0.15:
        server.append(_outage(opens, length, generator, most=50 * MINUTE))
    played = Round("classic", round_number(CLASSIC.calendar, day), opens, closes)
    seconds = float(min(generator.lognormal(4.5, 1.0), 5400.0))
    return Day(played, data_at, tuple(process), tuple(server), bool(generator.random() < 0.03), seconds)


def _outage(opens: datetime, length: timedelta, generator: np.random.Generator, most: timedelta = DAY) -> Outage:
    begins = opens + float(generator.uniform(-0.5, 1.0)) * min(length, 2 * 60 * MINUTE)
    lasts = min(float(generator.lognormal(3.2, 1.2)) * MINUTE, most)
    return Outage(begins, begins + lasts)


@dataclass
class CalendarTournament:
    """Reader and writer of the tournament whose rounds are given: silent while it is away."""

    clock: VirtualClock
    days: list[Day]
    generator: np.random.Generator
    calls: FaultyTournament = field(init=False)

    def __post_init__(self) -> None:
        self.calls = FaultyTournament(self.clock, self.generator, CALM)
        self.by_number = {one.round.number: one for one in self.days}
        self._place = 0

    def day(self, at: datetime) -> Day:
        """The last round that has opened, or the first."""
        while self._place + 1 < len(self.days) and self.days[self._place + 1].round.opens <= at:
            self._place += 1
        return self.days[self._place]

    def current_round(self, arena: object) -> Round:
        self._speak()
        return self.day(self.clock.now()).round

    def rounds(self, arena: object, number: int | None = None, limit: int | None = None) -> list[Round]:
        self._speak()
        return [self.by_number[number].round] if number in self.by_number else []

    def account(self) -> Account:
        self._speak()
        return Account("main", {CLASSIC.tournament: {MODEL: MODEL_ID}})

    def submissions(self, model_id: str) -> list[Submission]:
        self._speak()
        return self.calls.submissions(model_id)[-20:]

    def submission_bytes(self, submission_id: str) -> bytes:
        self._speak()
        return self.calls.submission_bytes(submission_id)

    def authorise(self, arena: object, model_id: str, filename: str) -> Ticket:
        self._speak()
        return self.calls.authorise(arena, model_id, filename)

    def put(self, ticket: Ticket, data: bytes) -> None:
        self._speak()
        self.calls.put(ticket, data)

    def create(self, arena: object, model_id: str, ticket: Ticket) -> str:
        self._speak()
        self.calls.round = self.day(self.clock.now()).round.number
        return self.calls.create(arena, model_id, ticket)

    def datasets(self, arena: object, round_number: int | None = None) -> list[str]:
        self._speak()
        return []

    def scores(self, model_id: str, last_rounds: int | None = None) -> list[Any]:
        return []

    def performances(self, arena: object, model_id: str) -> list[Any]:
        return []

    def stake(self, arena: object, model: str) -> Decimal:
        return Decimal(0)

    def fetch(self, number: int) -> None:
        """The live data of a round, where they are there."""
        self._speak()
        day = self.by_number[number]
        if self.clock.now() < day.data_at:
            raise Transient("live-data-late", "The live data are not there yet.", "Try again.")

    def compute(self, number: int) -> None:
        """The entry's own work, which fails on its bad days."""
        if self.by_number[number].broken:
            raise DataError("planted", "The entry fails on this day.", "Correct it.")

    def _speak(self) -> None:
        now = self.clock.now()
        if any(one.covers(now) for one in self.day(now).server):
            self.clock.sleep(2.0)
            raise Transient("no-connection", "The server does not answer.", "Check the network.")


def first_day(year: int) -> date:
    """The first of January, as a date."""
    return datetime(year, 1, 1, tzinfo=UTC).date()
