"""Rounds, windows, statuses and events against the published calendar."""

from datetime import UTC, datetime, timedelta

import pytest

from eraforge.arenas.classic import CLASSIC
from eraforge.core import calendar as days
from eraforge.core.errors import Refused
from eraforge.simulator.tournament.rounds import Rounds

ROUNDS = Rounds(CLASSIC)
START = datetime(2026, 9, 1, 11, 30, tzinfo=UTC)


def test_windows_and_statuses_to_the_second() -> None:
    found = ROUNDS.get(1345)
    second = timedelta(seconds=1)
    assert ROUNDS.status(found, found.opens - second) == "UPCOMING"
    assert ROUNDS.open_at(found.opens - second) is None
    assert ROUNDS.status(found, found.opens) == "OPEN"
    assert ROUNDS.open_at(found.opens) == found
    assert ROUNDS.open_at(found.closes - second) == found
    assert ROUNDS.open_at(found.closes) is None
    assert ROUNDS.current(found.closes) == found
    assert ROUNDS.status(found, found.closes) == "RESOLVING"
    assert found.resolves is not None
    assert ROUNDS.status(found, found.resolves) == "RESOLVED"


def test_the_weekend_window_lasts_until_sunday_afternoon() -> None:
    weekend = ROUNDS.get(1344)
    assert weekend.closes - weekend.opens == timedelta(hours=26)
    assert ROUNDS.current(datetime(2026, 8, 31, 12, tzinfo=UTC)) == weekend


def test_score_moments_are_the_calendar_s() -> None:
    for number in (1343, 1344, 1345, 1399):
        day = ROUNDS.day(number)
        expected = [days.score_day(CLASSIC.calendar, day, n) for n in range(1, 61)]
        assert [moment.date() for moment in ROUNDS.score_moments(number)] == expected


@pytest.mark.parametrize("number", [1343, 1380])
def test_scores_are_out_from_their_moment_on(number: int) -> None:
    moment = ROUNDS.score_moments(number)[6]
    assert ROUNDS.published(number, moment) == 7
    assert ROUNDS.published(number, moment - timedelta(seconds=1)) == 6


def test_rounds_before_the_first_are_unknown() -> None:
    with pytest.raises(Refused, match="Round 842 not found"):
        ROUNDS.get(842)
    with pytest.raises(Refused, match="has not opened yet"):
        ROUNDS.opened(1345, START)


def test_events_of_a_quarter_are_complete_and_in_order() -> None:
    until = START + timedelta(days=100)
    events = list(ROUNDS.events(START, until))
    assert [event["at"] for event in events] == sorted(event["at"] for event in events)
    opened = [event["round"] for event in events if event["event"] == "round-opened"]
    closed = [event["round"] for event in events if event["event"] == "round-closed"]
    assert opened == list(range(1345, opened[-1] + 1))
    assert closed == opened[: len(closed)]
    resolved = {event["round"]: event["at"] for event in events if event["event"] == "round-resolved"}
    assert resolved
    assert all(ROUNDS.get(number).resolves == at for number, at in resolved.items())
    assert list(resolved) == list(range(1343, 1343 + len(resolved)))


def test_steps_from_event_to_event_miss_nothing() -> None:
    until, now, stepped = START + timedelta(days=9), START, []
    while (now := ROUNDS.next_event(now)) <= until:
        stepped.append(now)
    assert stepped == sorted({event["at"] for event in ROUNDS.events(START, until)})
