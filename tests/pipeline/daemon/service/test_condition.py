"""Alive is not ready: what counts against each."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest

from eraforge.core.configuration import RunTable
from eraforge.pipeline.daemon.service import condition as module
from eraforge.pipeline.daemon.service.condition import Condition, Look, Window

NOW = datetime(2026, 3, 2, 13, tzinfo=UTC)
SETTINGS = RunTable(poll_seconds=30, lease_seconds=60)


class Seconds:
    """The monotonic clock of the test."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def seconds(monkeypatch: pytest.MonkeyPatch) -> Seconds:
    clock = Seconds()
    monkeypatch.setattr(module, "monotonic", clock)
    return clock


@pytest.fixture
def stop() -> threading.Event:
    return threading.Event()


@pytest.fixture
def condition(seconds: Seconds, stop: threading.Event) -> Condition:
    return Condition(SETTINGS, lambda: 1000.0, stop)


def window(*danger: str) -> Window:
    return Window("main", "signals", 7, NOW, NOW + timedelta(hours=1), ("a", "b"), danger)


def test_it_is_ready_once_it_has_looked(condition: Condition) -> None:
    assert condition.alive().ok and condition.ready().reasons == ("it has not looked yet",)
    condition.saw(Look(NOW, leads=True, windows=(window(),)))
    assert condition.ready().ok and condition.alive().ok


def test_a_host_that_does_not_lead_is_ready_too(condition: Condition) -> None:
    condition.saw(Look(NOW, leads=False))
    assert condition.ready().ok


def test_asked_to_stop_it_is_not_ready_at_once_but_alive(condition: Condition, stop: threading.Event) -> None:
    condition.saw(Look(NOW, leads=True))
    stop.set()
    assert condition.ready().reasons == ("it was asked to stop",) and condition.alive().ok


@pytest.mark.parametrize(
    ("look", "told"),
    [
        (Look(NOW, leads=True, windows=(window("a"),)), "round 7 of a is in danger"),
        (Look(NOW, leads=True, silent=("main/signals",)), "the tournament does not answer for main/signals"),
        (Look(NOW, leads=True, reconciled=False), "the outcome of an earlier submission is not known yet"),
    ],
)
def test_what_it_saw_can_speak_against_it(condition: Condition, look: Look, told: str) -> None:
    condition.saw(look)
    assert condition.ready().reasons == (told,)


def test_a_ledger_that_takes_no_lease_speaks_against_it(seconds: Seconds, condition: Condition) -> None:
    seconds.now += 61
    condition.saw(Look(NOW, leads=True))
    assert condition.ready().reasons == ("the ledger has not taken its lease",)
    never = Condition(SETTINGS, lambda: None, threading.Event())
    never.saw(Look(NOW, leads=True))
    assert not never.ready().ok


def test_a_server_away_for_a_moment_is_forgiven_and_for_longer_is_not(seconds: Seconds, stop: threading.Event) -> None:
    condition = Condition(SETTINGS, seconds, stop)
    condition.saw(Look(NOW, leads=True))
    for passed, ready in ((60, True), (31, False)):
        seconds.now += passed
        condition.saw(None)
        assert condition.ready().ok is ready and condition.alive().ok
    assert "server's time is unknown" in condition.ready().reasons[0]


def test_a_daemon_that_looks_no_more_is_not_alive(seconds: Seconds, condition: Condition) -> None:
    condition.saw(Look(NOW, leads=True))
    seconds.now += 601
    assert not condition.alive().ok


@pytest.mark.parametrize(
    ("hours", "held", "waits"), [(0.5, (), True), (0.5, ("a",), True), (0.5, ("a", "b"), False), (1, (), False)]
)
def test_a_window_waits_while_it_is_open_and_time_may_help(hours: float, held: tuple[str, ...], waits: bool) -> None:
    window = Window("main", "signals", 7, NOW, NOW + timedelta(hours=1), ("a", "b"), held=held)
    assert window.is_waiting(NOW + timedelta(hours=hours)) == waits
