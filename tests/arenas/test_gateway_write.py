"""A submission goes out in three phases; only a doubt about the last one is ambiguous, and nothing is sent twice."""

from collections.abc import Iterator
from typing import Any

import pytest

from eraforge.arenas.classic import CLASSIC
from eraforge.arenas.gateway_write import NumeraiWriter
from eraforge.arenas.wire.transport import Patience
from eraforge.core.errors import EraforgeError, Refused
from eraforge.core.ports import Ticket, Writer

BRISK = Patience(connect=1, read=0.3, write=1, exchange=0.6)
DATA = b"id,prediction\nn1,0.5\n"


@pytest.fixture
def writer(server: Any, keys: Any) -> Iterator[NumeraiWriter]:
    made = NumeraiWriter(server.url, keys, patience=BRISK)
    yield made
    made.close()


def test_a_writer_has_every_part_of_its_port(writer: NumeraiWriter) -> None:
    assert all(callable(getattr(writer, name)) for name in vars(Writer) if not name.startswith("_"))
    assert "CANARY" not in repr(writer)


def test_the_three_phases_send_what_the_server_expects(
    server: Any, reply: Any, writer: NumeraiWriter, keys: Any
) -> None:
    leave = {"filename": "spring-1345-abc-TqMFjDcNB8CX.csv", "url": server.url + "/s3/key"}
    server.plan = [
        reply({"data": {"submission_upload_auth": leave}}),
        reply(b""),
        reply({"data": {"create_submission": {"id": "s1"}}}),
    ]
    ticket = writer.authorise(CLASSIC, "m1", "spring-1345-abc.csv")
    assert ticket == Ticket(leave["filename"], leave["url"])
    writer.put(ticket, DATA)
    assert writer.create(CLASSIC, "m1", ticket) == "s1"
    asked, put, created = server.seen
    assert asked.json()["variables"] == {"filename": "spring-1345-abc.csv", "tournament": 8, "modelId": "m1"}
    assert (put.method, put.path, put.body) == ("PUT", "/s3/key", DATA)
    assert put.headers["content-length"] == str(len(DATA))
    assert not {"content-type", "transfer-encoding", "authorization"} & set(put.headers)
    assert created.json()["variables"] == {"filename": ticket.filename, "tournament": 8, "modelId": "m1"}
    assert asked.headers["authorization"] == created.headers["authorization"] == keys.header()


@pytest.mark.parametrize(
    ("answer", "kind", "code"),
    [
        ({"status": 403}, "Transient", "upload-address-refused"),
        ({"status": 400}, "Refused", "upload-refused"),
        ({"status": 302}, "Refused", "upload-refused"),
        ({"status": 503}, "Transient", "upload-failed"),
        ({"fault": "hang"}, "Transient", "no-answer-in-time"),
        ({"fault": "cut"}, "Transient", "connection-cut"),
    ],
)
def test_a_put_that_fails_changed_nothing_and_is_sent_once(
    server: Any, reply: Any, writer: NumeraiWriter, answer: Any, kind: str, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.plan = [reply(**answer)]
    with pytest.raises(EraforgeError) as caught:
        writer.put(Ticket("f.csv", server.url + "/s3/key"), DATA)
    assert (type(caught.value).__name__, caught.value.code) == (kind, code)
    assert len(server.seen) == 1


@pytest.mark.parametrize(
    ("answer", "kind", "code"),
    [
        ({"fault": "hang"}, "Ambiguous", "no-answer-in-time"),
        ({"fault": "cut"}, "Ambiguous", "connection-cut"),
        ({"status": 502}, "Ambiguous", "server-trouble"),
        ({"body": b"<html>"}, "Ambiguous", "answer-not-json"),
        ({"body": {"data": None}}, "Ambiguous", "answer-without-data"),
        ({"body": {"data": {"create_submission": None}}}, "Ambiguous", "answer-without-id"),
        ({"body": {"data": {"create_submission": {"id": 7}}}}, "Ambiguous", "answer-without-id"),
        ({"body": {"data": {}}}, "Ambiguous", "answer-without-id"),
        ({"body": {"errors": [{"message": "invalid_submission_ids: Not enough"}]}}, "Refused", "server-said-no"),
        ({"body": {"errors": [{"message": "Round not open"}]}}, "Refused", "round-not-open"),
        ({"status": 429}, "Transient", "rate-limited"),
        ({"status": 401}, "UserError", "keys-refused"),
    ],
)
def test_a_create_that_fails_says_what_may_have_happened_and_is_sent_once(
    server: Any, reply: Any, writer: NumeraiWriter, answer: Any, kind: str, code: str
) -> None:
    server.plan = [reply(**answer)]
    with pytest.raises(EraforgeError) as caught:
        writer.create(CLASSIC, "m1", Ticket("f.csv", server.url))
    assert (type(caught.value).__name__, caught.value.code) == (kind, code)
    assert len(server.seen) == 1


@pytest.mark.parametrize("answer", [{"fault": "hang"}, {"status": 500}, {"body": {"data": None}}])
def test_leave_that_is_not_answered_changed_nothing(
    server: Any, reply: Any, writer: NumeraiWriter, answer: Any
) -> None:
    server.plan = [reply(**answer)]
    with pytest.raises(EraforgeError) as caught:
        writer.authorise(CLASSIC, "m1", "f.csv")
    assert type(caught.value).__name__ == "Transient"
    assert len(server.seen) == 1


def test_a_refusal_carries_the_server_s_own_words(server: Any, reply: Any, writer: NumeraiWriter) -> None:
    words = "invalid_submission_values: values must be between 0 and 1 exclusive"
    server.plan = [reply({"errors": [{"message": words + " " + "x" * 900}]})]
    with pytest.raises(Refused) as caught:
        writer.create(CLASSIC, "m1", Ticket("f.csv", server.url))
    assert words in caught.value.sentence
    assert len(caught.value.sentence) < 400


def test_nothing_is_not_uploaded(server: Any, writer: NumeraiWriter) -> None:
    with pytest.raises(EraforgeError) as caught:
        writer.put(Ticket("f.csv", server.url), b"")
    assert (caught.value.code, server.seen) == ("nothing-to-upload", [])
