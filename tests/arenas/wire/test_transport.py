"""Every way a call can fail has one typed outcome, ends in time, and shows no key."""

import logging
import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from eraforge.arenas.wire.transport import Patience, Transport
from eraforge.core.clock import StandingClock, monotonic
from eraforge.core.errors import EraforgeError, Transient, UserError

START = datetime(2026, 9, 1, 12, tzinfo=UTC)
BRISK = Patience(connect=1, read=0.3, write=1, pool=1, exchange=0.6, attempts=3)
QUERY = "query { account { username } }"


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock(START)


@pytest.fixture
def transport(server: Any, keys: Any, clock: StandingClock) -> Iterator[Transport]:
    made = Transport(server.url, keys, clock, BRISK)
    yield made
    made.close()


def outcome(transport: Transport, writes: bool) -> tuple[str, str]:
    try:
        if writes:
            transport.write("creation", "mutation { x }", {})
        else:
            transport.read("account", QUERY, authorised=True)
    except EraforgeError as error:
        assert "CANARY" not in repr((error, error.as_dict(), error.__cause__, error.__context__))
        return type(error).__name__, error.code
    return "answer", ""


CASES: list[tuple[dict[str, Any], tuple[str, str], tuple[str, str]]] = [
    ({"fault": "hang"}, ("Transient", "no-answer-in-time"), ("Ambiguous", "no-answer-in-time")),
    ({"fault": "cut"}, ("Transient", "connection-cut"), ("Ambiguous", "connection-cut")),
    (
        {"fault": "cut body", "body": {"data": {"a": 1}}},
        ("Transient", "connection-cut"),
        ("Ambiguous", "connection-cut"),
    ),
    ({"fault": "drip headers"}, ("Transient", "no-answer-in-time"), ("Ambiguous", "no-answer-in-time")),
    (
        {"fault": "drip body", "body": {"data": {"a": "x" * 90}}},
        ("Transient", "no-answer-in-time"),
        ("Ambiguous", "no-answer-in-time"),
    ),
    ({"status": 500}, ("Transient", "server-trouble"), ("Ambiguous", "server-trouble")),
    ({"status": 504}, ("Transient", "server-trouble"), ("Ambiguous", "server-trouble")),
    ({"body": b"<html>"}, ("Transient", "answer-not-json"), ("Ambiguous", "answer-not-json")),
    ({"body": []}, ("Transient", "answer-not-json"), ("Ambiguous", "answer-not-json")),
    ({"body": {}}, ("Transient", "answer-without-data"), ("Ambiguous", "answer-without-data")),
    ({"body": {"data": None}}, ("Transient", "answer-without-data"), ("Ambiguous", "answer-without-data")),
    ({"status": 401}, ("UserError", "keys-refused"), ("UserError", "keys-refused")),
    ({"status": 403}, ("UserError", "permission-missing"), ("UserError", "permission-missing")),
    ({"status": 429}, ("Transient", "rate-limited"), ("Transient", "rate-limited")),
    ({"status": 302}, ("Refused", "request-refused"), ("Refused", "request-refused")),
    ({"status": 404}, ("Refused", "request-refused"), ("Refused", "request-refused")),
]
MESSAGES = [
    ("Your session is invalid or has expired.", "UserError", "keys-refused"),
    ("Insufficient permission for web3_staking", "UserError", "permission-missing"),
    ("rate limited", "Transient", "rate-limited"),
    ("Current round not open for submissions", "Refused", "round-not-open"),
    ("invalid_submission_headers: headers must be one of", "Refused", "server-said-no"),
]


@pytest.mark.parametrize(("answer", "read", "write"), CASES, ids=[str(case[0])[:40] for case in CASES])
def test_a_failure_says_what_may_have_happened(
    server: Any, reply: Any, transport: Transport, answer: dict[str, Any], read: Any, write: Any
) -> None:
    server.answer = lambda seen: reply(**answer)
    started = monotonic()
    assert outcome(transport, writes=False) == read
    assert monotonic() - started < 4 * BRISK.exchange
    asked = len(server.seen)
    assert asked == (BRISK.attempts if read[0] == "Transient" else 1)
    assert outcome(transport, writes=True) == write
    assert len(server.seen) == asked + 1, "a write is sent once"


@pytest.mark.parametrize(("message", "kind", "code"), MESSAGES)
@pytest.mark.parametrize("status", [200, 400])
def test_the_server_s_own_words_decide(
    server: Any, reply: Any, transport: Transport, message: str, kind: str, code: str, status: int
) -> None:
    server.answer = lambda seen: reply({"data": {"account": None}, "errors": [{"message": message}]}, status)
    assert outcome(transport, writes=False) == (kind, code)
    assert outcome(transport, writes=True) == (kind, code)


@pytest.mark.parametrize(
    "errors", [{"detail": "rate limited"}, [{"code": "rate_limited"}], "rate limit", [["rate limit"]]]
)
def test_errors_of_any_form_are_read(server: Any, reply: Any, transport: Transport, errors: Any) -> None:
    server.answer = lambda seen: reply({"errors": errors})
    assert outcome(transport, writes=False) == ("Transient", "rate-limited")


def test_an_internal_error_of_the_server_is_ambiguous_for_a_write(
    server: Any, reply: Any, transport: Transport
) -> None:
    server.answer = lambda seen: reply({"errors": [{"message": "Internal server error"}]})
    assert outcome(transport, writes=True) == ("Ambiguous", "server-trouble")
    assert outcome(transport, writes=False) == ("Transient", "server-trouble")


def test_nobody_listening_means_nothing_was_sent(keys: Any, clock: StandingClock) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        transport = Transport(f"http://127.0.0.1:{taken.getsockname()[1]}", keys, clock, BRISK)
        assert outcome(transport, writes=True) == ("Transient", "no-connection")
        assert outcome(transport, writes=False) == ("Transient", "no-connection")
        transport.close()


def test_a_read_is_repeated_until_it_is_answered(server: Any, reply: Any, transport: Transport) -> None:
    server.plan = [reply(status=502), reply(fault="cut"), reply({"data": {"account": {}}})]
    assert transport.read("account", QUERY) == {"account": {}}
    assert len(server.seen) == 3


def test_pauses_grow_differ_by_seed_and_end_with_the_budget(
    server: Any, reply: Any, keys: Any, clock: StandingClock
) -> None:
    patience = Patience(attempts=50, first_pause=1, longest_pause=8, budget=100)
    server.answer = lambda seen: reply(status=503)
    pauses = {}
    for seed in (1, 1, 2):
        slept: list[float] = []
        own = StandingClock(START)
        own.sleep = slept.append  # type: ignore[method-assign]
        transport = Transport(server.url, keys, own, patience, seed)
        with pytest.raises(Transient):
            transport.read("account", QUERY, budget=100)
        transport.close()
        assert sum(slept) <= 100
        assert pauses.setdefault(seed, slept) == slept
        assert 0.5 <= slept[0] <= 1 and max(slept) <= 8 and slept[3] > slept[0]
    assert pauses[1] != pauses[2]


@pytest.mark.parametrize("as_moment", [False, True])
def test_the_server_s_wish_for_a_pause_is_honoured(
    server: Any, reply: Any, transport: Transport, clock: StandingClock, as_moment: bool
) -> None:
    server.date = format_datetime(START, usegmt=True)
    wish = format_datetime(START + timedelta(seconds=45), usegmt=True) if as_moment else "45"
    server.plan = [reply(status=429, headers={"Retry-After": wish}), reply({"data": {"a": 1}})]
    assert transport.read("account", QUERY) == {"a": 1}
    assert clock.now() - START == timedelta(seconds=45)


def test_a_wish_beyond_the_budget_ends_the_read_at_once(
    server: Any, reply: Any, transport: Transport, clock: StandingClock
) -> None:
    server.plan = [reply(status=429, headers={"Retry-After": "3600"})]
    assert outcome(transport, writes=False) == ("Transient", "rate-limited")
    assert clock.now() == START


def test_keys_are_sent_only_where_needed_and_show_nowhere(
    server: Any, reply: Any, transport: Transport, keys: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server.answer = lambda seen: reply({"data": {}})
    transport.read("rounds", "query { rounds { number } }")
    transport.read("account", QUERY, authorised=True)
    transport.fetch("file", server.url + "/file")
    transport.put("file", server.url + "/file", b"id,prediction\n")
    sent = [request.headers.get("authorization") for request in server.seen]
    assert sent == [None, keys.header(), None, None]
    server.answer = lambda seen: reply({"errors": [{"message": f"bad token {seen.headers.get('authorization')}"}]})
    assert outcome(transport, writes=False)[0] == "Refused"
    assert "CANARY" not in caplog.text + repr(transport) + repr(vars(transport)) + repr(keys)


def test_without_keys_nothing_is_sent(server: Any, clock: StandingClock) -> None:
    transport = Transport(server.url, None, clock, BRISK)
    with pytest.raises(UserError) as caught:
        transport.read("account", QUERY, authorised=True)
    assert (caught.value.code, server.seen) == ("no-keys", [])
    transport.close()


def test_keys_never_travel_unencrypted_to_the_real_tournament(keys: Any, clock: StandingClock) -> None:
    transport = Transport("http://api-tournament.numer.ai", keys, clock, BRISK)
    with pytest.raises(UserError) as caught:
        transport.write("creation", "mutation { x }", {})
    assert caught.value.code == "keys-over-plain-http"
    transport.close()


def test_a_kept_connection_serves_reads_and_writes_open_their_own(
    server: Any, reply: Any, transport: Transport
) -> None:
    server.answer = lambda seen: reply({"data": {}})
    for _ in range(3):
        transport.read("rounds", QUERY)
    transport.write("creation", "mutation { x }", {})
    assert [seen.headers["connection"] for seen in server.seen][:3] == ["keep-alive"] * 3


def test_a_file_is_fetched_whole_or_not_at_all(server: Any, reply: Any, transport: Transport) -> None:
    server.plan = [reply(b"id,prediction\n", fault="cut body"), reply(b"id,prediction\n")]
    assert transport.fetch("file", server.url + "/file") == b"id,prediction\n"
    server.plan = [reply(status=404)]
    with pytest.raises(EraforgeError) as caught:
        transport.fetch("file", server.url + "/file")
    assert (type(caught.value), caught.value.code) == (Transient, "file-address-refused")
    assert len(server.seen) == 3, "an expired address is not asked again"
