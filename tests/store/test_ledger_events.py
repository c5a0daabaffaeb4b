"""The event table: append-only, chained, and the same on both databases."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from sqlalchemy.exc import DBAPIError

from eraforge.core.errors import Broken
from eraforge.core.secret import Secret
from eraforge.core.words import Phase
from eraforge.store.ledger import Ledger

AT = datetime(2026, 9, 1, 11, 30, tzinfo=UTC)


def test_events_come_back_as_they_went_in(ledger: Ledger) -> None:
    facts = {
        "number": 1,
        "share": 0.1,
        "text": "ü\0",
        "none": None,
        "list": [1, {"deep": True}],
        "amount": Decimal("1.50"),
    }
    elsewhere = AT.astimezone(timezone(timedelta(hours=5)))
    assert ledger.record("health", "classic", {**facts, "phase": Phase.SENT, "moment": elsewhere}, elsewhere) == 1
    (event,) = ledger.events()
    expected = {**facts, "amount": "1.50", "phase": "sent", "moment": "2026-09-01T11:30:00.000000Z"}
    assert (event.sequence, event.kind, event.subject, event.facts) == (1, "health", "classic", expected)
    assert event.at == AT and event.at.utcoffset() == timedelta(0)


def test_events_are_filtered_and_paged(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("eraforge.store.chain.PAGE", 3)
    for number in range(10):
        ledger.record("even" if number % 2 == 0 else "odd", f"s{number % 3}", {"n": number}, AT)
    assert [event.facts["n"] for event in ledger.events()] == list(range(10))
    assert [event.facts["n"] for event in ledger.events("even", after=3)] == [4, 6, 8]
    assert [event.facts["n"] for event in ledger.events("odd", "s1")] == [1, 7]
    assert list(ledger.events(after=10)) == []
    assert ledger.verify_chain() == 10


def test_the_chain_survives_reopening(address: str) -> None:
    with Ledger.open(address) as first:
        first.record("a", "b", {}, AT)
        head = first.head()
    with Ledger.open(address) as second:
        assert second.head() == head
        second.record("a", "b", {}, AT)
        assert second.verify_chain() == 2


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE events SET facts = '{}' WHERE sequence = 2",
        "DELETE FROM events WHERE sequence = 3",
        "DELETE FROM events",
        "INSERT INTO events VALUES (9, 'k', 's', '{}', 'at', 'x', 'y')",
        "INSERT INTO events VALUES (4, 'k', 's', '{}', 'at', 'not the last hash', 'y')",
    ],
)
def test_the_database_itself_refuses_to_change_history(
    ledger: Ledger, execute: Callable[[str], None], statement: str
) -> None:
    for number in range(3):
        ledger.record("k", "s", {"n": number}, AT)
    with pytest.raises(DBAPIError, match="append-only"):
        execute(statement)
    assert ledger.verify_chain() == 3


def test_replacing_and_truncating_are_refused_too(ledger: Ledger, execute: Callable[[str], None], address: str) -> None:
    ledger.record("k", "s", {}, AT)
    sqlite = address.startswith("sqlite")
    statement = "REPLACE INTO events VALUES (1, 'k', 's', '{}', 'at', 'x', 'y')" if sqlite else "TRUNCATE events"
    with pytest.raises(DBAPIError, match="append-only"):
        execute(statement)
    assert ledger.verify_chain() == 1


@pytest.mark.parametrize(
    ("statement", "first_bad"),
    [
        ("UPDATE events SET facts = '{\"n\":7}' WHERE sequence = 4", 4),
        ("UPDATE events SET at = '2027' WHERE sequence = 1", 1),
        ("UPDATE events SET kind = 'other' WHERE sequence = 6", 6),
        ("UPDATE events SET subject = 'other' WHERE sequence = 3", 3),
        ("UPDATE events SET hash = previous WHERE sequence = 2", 2),
        ("UPDATE events SET previous = hash WHERE sequence = 2", 2),
        ("DELETE FROM events WHERE sequence = 1", 1),
        ("DELETE FROM events WHERE sequence = 5", 5),
        ("UPDATE events SET sequence = 99 WHERE sequence = 6", 6),
    ],
)
def test_tampering_without_the_triggers_is_named(
    ledger: Ledger, execute: Callable[[str], None], address: str, statement: str, first_bad: int
) -> None:
    for number in range(6):
        ledger.record("k", "s", {"n": number}, AT)
    on = "" if address.startswith("sqlite") else " ON events"
    execute(f"DROP TRIGGER events_never_change{on}")
    execute(f"DROP TRIGGER events_never_go{on}")
    assert ledger.verify_chain() == 6
    execute(statement)
    with pytest.raises(Broken, match=f"Event {first_bad} of the ledger") as caught:
        ledger.verify_chain()
    assert caught.value.code == "ledger-chain-broken"


def test_facts_that_are_not_plain_are_refused(ledger: Ledger) -> None:
    for value in (float("nan"), float("inf"), Secret("canary"), object(), {1: 2}, b"bytes", {1, 2}, Decimal("NaN")):
        with pytest.raises(Broken) as caught:
            ledger.record("k", "s", {"value": value}, AT)
        assert caught.value.code in ("facts-not-plain", "amount-not-finite") and "canary" not in str(caught.value)
    assert ledger.verify_chain() == 0


def test_a_moment_without_a_zone_and_a_nul_are_refused(ledger: Ledger) -> None:
    with pytest.raises(Broken, match="no time zone"):
        ledger.record("k", "s", {}, datetime(2026, 9, 1))  # noqa: DTZ001
    with pytest.raises(Broken, match="NUL"):
        ledger.record("k", "s\0", {}, AT)
    assert ledger.head() == (0, "0" * 64)
