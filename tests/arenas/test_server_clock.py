"""The server's clock is the server's: never this machine's, never silently missing, never going back by rounding."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from eraforge.arenas import clock as module
from eraforge.arenas.clock import ServerClock
from eraforge.core.clock import StandingClock
from eraforge.core.errors import Transient

START = datetime(2026, 9, 1, 11, 30, tzinfo=UTC)


class Ticks:
    """Monotonic time moved by hand."""

    def __init__(self) -> None:
        self.at = 100.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def ticks(monkeypatch: pytest.MonkeyPatch) -> Ticks:
    made = Ticks()
    monkeypatch.setattr(module, "monotonic", made)
    return made


def tell(server: Any, moment: datetime) -> None:
    server.date = format_datetime(moment, usegmt=True)


def test_now_is_what_the_server_says(server: Any, ticks: Ticks) -> None:
    tell(server, START)
    clock = ServerClock(server.url)
    assert clock.now() == START
    assert [seen.method for seen in server.seen] == ["HEAD"]
    assert "authorization" not in server.seen[0].headers
    clock.close()


def test_it_is_asked_again_only_when_older_than_a_second(server: Any, ticks: Ticks) -> None:
    tell(server, START)
    clock = ServerClock(server.url)
    clock.now()
    ticks.at += 0.9
    assert clock.now() == START + timedelta(seconds=0.9)
    assert len(server.seen) == 1
    tell(server, START + timedelta(days=3))
    ticks.at += 0.2
    assert clock.now() == START + timedelta(days=3)
    assert len(server.seen) == 2
    clock.close()


def test_rounding_never_lets_it_go_back(server: Any, ticks: Ticks) -> None:
    tell(server, START)
    clock = ServerClock(server.url)
    clock.now()
    ticks.at += 1.0
    before = clock.now()
    ticks.at += 0.1
    assert clock.now() == before > START
    clock.close()


def test_a_server_set_back_is_followed(server: Any, ticks: Ticks) -> None:
    tell(server, START)
    clock = ServerClock(server.url)
    clock.now()
    tell(server, START - timedelta(hours=1))
    ticks.at += 2
    assert clock.now() == START - timedelta(hours=1)
    clock.close()


@pytest.mark.parametrize("date", ["yesterday", "Tue, 01 Sep 2026 11:30:00 -0000"])
def test_a_date_nobody_can_read_is_an_error(server: Any, date: str) -> None:
    server.date = date
    clock = ServerClock(server.url)
    with pytest.raises(Transient) as caught:
        clock.now()
    assert caught.value.code == "server-time-unknown"
    clock.close()


def test_a_silent_server_is_an_error_and_a_later_answer_is_taken(server: Any, reply: Any) -> None:
    tell(server, START)
    server.plan = [reply(fault="hang"), reply(fault="cut")]
    clock = ServerClock(server.url, limit=0.2)
    for _ in range(2):
        with pytest.raises(Transient):
            clock.now()
    assert abs(clock.now() - START) < timedelta(seconds=1)
    clock.close()


def test_skew_tells_how_far_the_server_is_ahead(server: Any, ticks: Ticks) -> None:
    tell(server, START)
    own = StandingClock(START - timedelta(seconds=90))
    clock = ServerClock(server.url, own)
    assert clock.skew() == timedelta(seconds=90)
    clock.sleep(30)
    assert own.now() == START - timedelta(seconds=60)
    assert repr(clock) == "ServerClock(127.0.0.1)"
    clock.close()


@pytest.mark.parametrize("status", [404, 405, 500])
def test_any_answer_with_a_date_tells_the_time(server: Any, reply: Any, status: int) -> None:
    tell(server, START)
    server.plan = [reply(status=status)]
    clock = ServerClock(server.url)
    assert abs(clock.now() - START) < timedelta(seconds=1)
    clock.close()
