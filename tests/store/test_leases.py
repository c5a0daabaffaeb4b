"""Leases: one holder at a time, renewed by its holder, free once its moment has passed."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from eraforge.store.ledger import Ledger

NOW = datetime(2026, 9, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def ledger(tmp_path: Path):  # type: ignore[no-untyped-def]
    with Ledger.open(f"sqlite:///{tmp_path / 'ledger.sqlite'}") as opened:
        yield opened


def test_one_holder_until_its_moment_has_passed(ledger: Ledger) -> None:
    assert ledger.take_lease("leader", "a", NOW, NOW + MINUTE)
    assert not ledger.take_lease("leader", "b", NOW + MINUTE / 2, NOW + 2 * MINUTE)
    assert ledger.take_lease("leader", "a", NOW + MINUTE / 2, NOW + 2 * MINUTE)
    assert not ledger.take_lease("leader", "b", NOW + MINUTE, NOW + 3 * MINUTE)
    assert ledger.take_lease("leader", "b", NOW + 2 * MINUTE, NOW + 3 * MINUTE)
    assert [(one.holder, one.until) for one in ledger.leases()] == [("b", NOW + 3 * MINUTE)]


def test_only_the_holder_gives_it_back(ledger: Ledger) -> None:
    ledger.take_lease("leader", "a", NOW, NOW + MINUTE)
    assert not ledger.release_lease("leader", "b")
    assert ledger.release_lease("leader", "a") and ledger.leases() == []


def test_of_many_that_ask_at_once_one_gets_it(ledger: Ledger) -> None:
    got: list[str] = []

    def ask(name: str) -> None:
        if ledger.take_lease("leader", name, NOW, NOW + MINUTE):
            got.append(name)

    threads = [threading.Thread(target=ask, args=(f"host{place}",)) for place in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 1


def test_leases_leave_no_event(ledger: Ledger) -> None:
    ledger.take_lease("leader", "a", NOW, NOW + MINUTE)
    assert list(ledger.events()) == []
