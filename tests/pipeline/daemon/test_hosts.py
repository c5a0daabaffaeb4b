"""Hosts on one ledger: one leads, the silent are buried once, a stopped one is taken over without alarm."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from eraforge.core.clock import StandingClock
from eraforge.core.configuration import Configuration
from eraforge.pipeline.daemon.hosts import Hosts, leading
from eraforge.pipeline.effects.sender import this_process
from eraforge.store.ledger import Ledger

NOW = datetime(2026, 9, 1, 12, tzinfo=UTC)
LEASE = timedelta(seconds=60)


@pytest.fixture
def tools(tmp_path: Path):  # type: ignore[no-untyped-def]
    with Ledger.open(f"sqlite:///{tmp_path / 'ledger.sqlite'}") as ledger:
        yield SimpleNamespace(ledger=ledger, configuration=Configuration(), clock=StandingClock(NOW))


def test_one_leads_and_another_follows_when_it_falls_silent(tools: Any) -> None:
    first, second = Hosts(tools, "first"), Hosts(tools, "second")
    assert first.renew(NOW) and not second.renew(NOW)
    assert leading(tools, NOW) == "first"
    assert first.renew(NOW + LEASE / 2) and not second.renew(NOW + LEASE)
    assert second.renew(NOW + LEASE * 1.5) and leading(tools, NOW + LEASE * 1.5) == "second"


def test_the_silent_are_buried_once(tools: Any) -> None:
    first, second = Hosts(tools, "first"), Hosts(tools, "second")
    first.renew(NOW)
    second.renew(NOW)
    taken: list[str] = []

    def take_over(host: str) -> int:
        taken.append(host)
        return 3

    assert second.bury(NOW + LEASE / 2, take_over) == {}
    assert second.bury(NOW + LEASE, take_over) == {"first": 3}
    assert second.bury(NOW + LEASE, take_over) == {} and taken == ["first"]


def test_a_process_that_is_gone_is_not_waited_for(tools: Any) -> None:
    host, number, _ = this_process().rsplit(":", 2)
    gone = f"{host}:{number}:1"  # our own number, but of a process that began at another time
    Hosts(tools, gone).renew(NOW)
    heir = Hosts(tools)
    assert not heir.renew(NOW)
    assert heir.free_leader() and heir.renew(NOW)
    assert heir.bury(NOW, lambda name: 1) == {gone: 1}


def test_one_that_stopped_on_purpose_is_taken_over_without_alarm(tools: Any) -> None:
    first, second = Hosts(tools, "first"), Hosts(tools, "second")
    first.renew(NOW)
    first.stop()
    taken: list[str] = []
    assert second.renew(NOW)
    assert second.bury(NOW, lambda name: len(taken.append(name) or "x")) == {}  # type: ignore[func-returns-value]
    assert taken == ["first"]
