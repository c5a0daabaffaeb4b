"""The virtual clock stands, is moved, or runs; it never goes back, not even over a restart."""

from datetime import UTC, datetime, timedelta

import pytest

from eraforge.core.clock import StandingClock
from eraforge.core.errors import UserError
from eraforge.simulator.tournament.clock import VirtualClock

START = datetime(2026, 9, 1, 11, 30, tzinfo=UTC)


def nothing(now: datetime, to: datetime, reason: str) -> None:
    pass


@pytest.fixture
def real() -> StandingClock:
    return StandingClock(datetime(2030, 1, 1, tzinfo=UTC))


def test_it_stands_until_moved(real: StandingClock) -> None:
    moves: list[tuple[datetime, datetime, str]] = []
    clock = VirtualClock(real, START, None, lambda *move: moves.append(move))
    real.sleep(1000)
    assert clock.now() == START
    clock.move_to(START + timedelta(days=1))
    assert clock.now() == START + timedelta(days=1)
    assert moves == [(START, START + timedelta(days=1), "advance")]
    with pytest.raises(UserError, match="lies before"):
        clock.move_to(START)


def test_it_runs_faster_than_the_real_one(real: StandingClock) -> None:
    clock = VirtualClock(real, START, 3600.0, nothing)
    real.sleep(2)
    assert clock.now() == START + timedelta(hours=2)
    clock.move_to(START + timedelta(days=1))
    real.sleep(0.5)
    assert clock.now() == START + timedelta(days=1, minutes=30)


def test_a_running_clock_never_shows_a_moment_it_could_lose(real: StandingClock) -> None:
    moves: list[datetime] = []
    clock = VirtualClock(real, START, 60.0, lambda now, to, reason: moves.append(to))
    for _ in range(20):
        real.sleep(0.3)
        assert clock.now() <= moves[-1]
    assert len(moves) < 8
    shown = clock.now()
    assert VirtualClock(real, moves[-1], 60.0, nothing).now() >= shown


def test_a_speed_of_nothing_is_refused(real: StandingClock) -> None:
    with pytest.raises(UserError, match="speed"):
        VirtualClock(real, START, 0.0, nothing)


def test_its_speed_changes_while_it_runs(real: StandingClock) -> None:
    moves: list[tuple[datetime, datetime, str]] = []
    clock = VirtualClock(real, START, None, lambda *move: moves.append(move))
    real.sleep(100)
    clock.run(60.0)
    real.sleep(2)
    assert clock.now() == START + timedelta(minutes=2)
    clock.run(3600.0)
    real.sleep(1)
    assert clock.now() == START + timedelta(hours=1, minutes=2)
    clock.run(None)
    real.sleep(50)
    assert clock.now() == START + timedelta(hours=1, minutes=2)
    assert [reason for _, _, reason in moves if reason != "lease"] == ["speed 60", "speed 3600", "standing"]
    assert moves[-1][1] == clock.now()
    for wrong in (0.0, -1.0, float("inf"), float("nan")):
        with pytest.raises(UserError, match="speed"):
            clock.run(wrong)
