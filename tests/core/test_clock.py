"""Clocks: aware, in UTC, and never going back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from eraforge.core.clock import StandingClock, SystemClock, monotonic

NOON = datetime(2026, 9, 1, 12, tzinfo=UTC)


def test_the_systems_clock_is_aware_and_in_utc() -> None:
    before = datetime.now(UTC)
    now = SystemClock().now()
    assert now.utcoffset() == timedelta(0)
    assert before <= now <= datetime.now(UTC)


def test_the_systems_clock_sleeps_real_seconds_and_takes_a_negative_wait_as_none() -> None:
    began = monotonic()
    SystemClock().sleep(0.02)
    assert monotonic() - began >= 0.02
    SystemClock().sleep(-5)
    assert monotonic() - began < 2


def test_a_standing_clock_moves_only_when_told() -> None:
    clock = StandingClock(NOON)
    assert clock.now() == clock.now() == NOON
    began = monotonic()
    clock.sleep(3600)
    assert monotonic() - began < 1
    assert clock.now() == NOON + timedelta(hours=1)
    clock.sleep(-60)
    assert clock.now() == NOON + timedelta(hours=1)
    clock.move_to(NOON + timedelta(hours=2))
    assert clock.now() == NOON + timedelta(hours=2)


def test_a_standing_clock_never_goes_back() -> None:
    clock = StandingClock(NOON)
    clock.move_to(NOON)
    with pytest.raises(ValueError, match="never goes back"):
        clock.move_to(NOON - timedelta(microseconds=1))
    assert clock.now() == NOON


def test_a_moment_of_another_zone_is_told_in_utc() -> None:
    east = timezone(timedelta(hours=9))
    clock = StandingClock(NOON.astimezone(east))
    assert clock.now().isoformat() == NOON.isoformat()
    clock.move_to((NOON + timedelta(hours=1)).astimezone(east))
    assert clock.now().isoformat() == (NOON + timedelta(hours=1)).isoformat()
