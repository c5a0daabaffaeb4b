"""Every fault of a request, met over HTTP: what arrives, what was done, and what the log says."""

import http.client
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from io import BytesIO
from typing import Any

import numerapi
import pandas as pd
import polars as pl
import pytest
import requests

from eraforge.simulator.server.files import filled
from eraforge.simulator.server.inprocess import LocalTournament

BIO = "mutation($m: String, $v: String!) { setUserBio(modelId: $m, value: $v) }"
ROUNDS = "{ rounds(limit: 1) { number openTime } }"


def ask(sim: LocalTournament, query: str, keys: bool = True, **variables: Any) -> requests.Response:
    headers = {"Authorization": f"Token {sim.public_id}${sim.secret_key}"} if keys else {}
    return requests.post(sim.url, json={"query": query, "variables": variables}, headers=headers, timeout=30)


def live_link(sim: LocalTournament) -> str:
    return ask(sim, '{ dataset(filename: "v5.3/live.parquet") }').json()["data"]["dataset"]


def set_bio(sim: LocalTournament, text: str) -> requests.Response:
    return ask(sim, BIO, m=sim.models["practice_a"], v=text)


def bio(sim: LocalTournament) -> str | None:
    return sim.tournament.records.models[sim.models["practice_a"]].bio


@pytest.mark.parametrize(
    ("fault", "status", "applied"),
    [
        ("request-lost", None, False),
        ("applied-unanswered", None, True),
        ({"name": "hanging", "seconds": 0.2}, None, False),
        ("error-before", 503, False),
        ({"name": "error-after", "status": 502}, 502, True),
        ("rate-limited", 429, False),
    ],
)
def test_what_is_done_and_what_is_answered_differ(
    sim: LocalTournament, fault: Any, status: int | None, applied: bool
) -> None:
    sim.disturb(fault)
    if status is None:
        with pytest.raises(requests.ConnectionError):
            set_bio(sim, "met")
    else:
        answer = set_bio(sim, "met")
        assert answer.status_code == status
        assert (answer.headers.get("Retry-After") == "1") == (status == 429)
    assert bio(sim) == ("met" if applied else None)
    name = fault if isinstance(fault, str) else fault["name"]
    (line,) = sim.requests()
    assert (line["fault"], line["operation"], line["made"]) == (name, "setUserBio", int(applied))
    assert line["outcome"] == {None: "unanswered", 429: "refused"}.get(status, "failed")
    sim.disturb()
    assert set_bio(sim, "calm").json() == {"data": {"setUserBio": True}}


def test_hanging_takes_its_time_and_ends_with_the_server(sim: LocalTournament) -> None:
    sim.disturb({"name": "hanging", "seconds": 0.3})
    started = time.monotonic()
    with pytest.raises(requests.ConnectionError):
        ask(sim, ROUNDS)
    assert time.monotonic() - started >= 0.3


def test_slow_bytes_arrive_whole(sim: LocalTournament) -> None:
    link = live_link(sim)
    whole = requests.get(link, timeout=30).content
    sim.disturb({"name": "slow-bytes", "seconds": 0.4, "pieces": 4})
    started = time.monotonic()
    assert requests.get(link, timeout=30).content == whole
    assert time.monotonic() - started >= 0.4


def test_a_truncated_body_is_shorter_than_announced(sim: LocalTournament) -> None:
    link = live_link(sim)
    sim.disturb({"name": "truncated-body", "share": 0.25})
    with pytest.raises((requests.exceptions.ChunkedEncodingError, requests.ConnectionError)):
        requests.get(link, timeout=30)
    assert sim.requests()[-1]["outcome"] == "cut"


def test_a_wrong_length_looks_whole(sim: LocalTournament) -> None:
    link = live_link(sim)
    whole = requests.get(link, timeout=30).content
    sim.disturb({"name": "wrong-length", "missing": 10})
    answer = requests.get(link, timeout=30)
    assert answer.content == whole[:-10]
    assert int(answer.headers["Content-Length"]) == len(whole) - 10


def test_an_ignored_range_brings_the_whole_file(sim: LocalTournament) -> None:
    link = live_link(sim)
    whole = requests.get(link, timeout=30).content
    sim.disturb("range-ignored")
    answer = requests.get(link, headers={"Range": "bytes=100-"}, timeout=30)
    assert (answer.status_code, answer.content) == (200, whole)
    assert "Content-Range" not in answer.headers
    assert requests.get(link, timeout=30).content == whole
    assert [line["fault"] for line in sim.requests()[-2:]] == ["range-ignored", None]


def test_a_stale_cache_serves_yesterdays_file_in_todays_size(sim: LocalTournament) -> None:
    sim.advance(datetime(2026, 9, 2, 12, 1, tzinfo=UTC))
    yesterday = requests.get(
        ask(sim, '{ dataset(filename: "v5.3/live.parquet", round: 1345) }').json()["data"]["dataset"]
    )
    link = live_link(sim)
    today = requests.get(link, timeout=30)
    sim.disturb("stale-cache")
    stale = requests.get(link, timeout=30)
    assert len(stale.content) >= len(today.content)
    assert pl.read_parquet(BytesIO(stale.content)).equals(pl.read_parquet(BytesIO(yesterday.content)))
    assert stale.headers["ETag"] != today.headers["ETag"]


def test_a_filled_parquet_file_reads_as_before() -> None:
    table, buffer = pl.DataFrame({"a": range(100), "b": ["x"] * 100}), BytesIO()
    table.write_parquet(buffer)
    data = filled(buffer.getvalue(), len(buffer.getvalue()) + 1234)
    assert len(data) == len(buffer.getvalue()) + 1234
    assert pl.read_parquet(BytesIO(data)).equals(table)
    assert filled(data, 10) == data
    assert filled(b"id,prediction\n", 16) == b"id,prediction\n\n\n"


def test_an_expired_key_and_an_expired_link(sim: LocalTournament) -> None:
    link = live_link(sim)
    sim.disturb("token-expired")
    assert set_bio(sim, "no").json()["errors"][0]["message"] == "Your session is invalid or has expired."
    answer = requests.get(link, timeout=30)
    assert (answer.status_code, answer.text) == (403, "Request has expired")
    assert "data" in ask(sim, ROUNDS, keys=False).json()
    assert bio(sim) is None


def test_a_removed_field_is_refused_by_the_schema(sim: LocalTournament) -> None:
    sim.disturb({"name": "field-removed", "field": "openTime"})
    assert ask(sim, ROUNDS).json() == {"errors": [{"message": "Cannot query field 'openTime' on type 'Round'."}]}
    assert "data" in ask(sim, "{ rounds(limit: 1) { number } }").json()
    sim.disturb("field-removed")
    assert "Cannot query field" in ask(sim, ROUNDS).json()["errors"][0]["message"]


def test_a_skewed_clock_shows_in_the_date_and_in_what_was_received(
    sim: LocalTournament, client: numerapi.NumerAPI, predictions: Callable[..., pd.DataFrame]
) -> None:
    sim.advance()
    client.upload_predictions(df=predictions(sim, 1345), model_id=sim.models["practice_a"])
    query = "query($m: ID) { submissions(modelId: $m) { insertedAt inserted_at round { openTime } } }"
    sim.disturb({"name": "clock-skew", "seconds": -90.0})
    answer = ask(sim, query, m=sim.models["practice_a"])
    (found,) = answer.json()["data"]["submissions"]
    assert parsedate_to_datetime(answer.headers["Date"]) == sim.now() - timedelta(seconds=90)
    assert found["insertedAt"] == found["inserted_at"] == "2026-09-01T11:58:30Z"
    assert found["round"]["openTime"] == "2026-09-01T12:00:00Z"
    asked = requests.head(sim.url, timeout=30).headers["Date"]
    assert parsedate_to_datetime(asked) == sim.now() - timedelta(seconds=90)
    sim.disturb()
    assert parsedate_to_datetime(ask(sim, ROUNDS).headers["Date"]) == sim.now()


def test_a_page_instead_of_an_answer_is_no_json(sim: LocalTournament) -> None:
    sim.disturb("page-instead")
    with pytest.raises(requests.JSONDecodeError):
        ask(sim, ROUNDS).json()


def test_the_nth_matching_request_of_an_operation(sim: LocalTournament) -> None:
    sim.disturb({"name": "error-before", "on": [2, 4], "operations": ["rounds"]})
    asked = [
        ask(sim, ROUNDS).status_code if place % 2 else ask(sim, "{ listDatasets }").status_code for place in range(9)
    ]
    assert asked == [200, 200, 200, 503, 200, 200, 200, 503, 200]


def test_faults_are_set_and_shown_at_run_time(sim: LocalTournament) -> None:
    url = sim.url + "/control/faults"
    wrong = requests.post(url, json={"fault": [{"name": "none such"}]}, timeout=30)
    assert (wrong.status_code, wrong.json()["code"]) == (400, "unknown-fault")
    requests.post(url, json={"add": {"name": "error-before", "probability": 0.5}}, timeout=30).raise_for_status()
    requests.post(url, json={"add": [{"name": "rate-limited", "on": [1]}]}, timeout=30).raise_for_status()
    statuses = [ask(sim, ROUNDS).status_code for _ in range(40)]
    shown = requests.get(url, timeout=30).json()
    assert [(one["name"], one["struck"]) for one in shown["fault"]] == [
        ("error-before", statuses.count(503)),
        ("rate-limited", statuses.count(429)),
    ]
    assert 8 < statuses.count(503) < 32
    assert len(shown["known"]) >= 22
    assert requests.post(url, json={"fault": []}, timeout=30).json()["fault"] == []
    assert ask(sim, ROUNDS).status_code == 200


def test_an_upload_may_be_stored_and_not_found_yet(sim: LocalTournament) -> None:
    leave = """query($f: String!, $m: String) {
      submissionUploadAuth(filename: $f, tournament: 8, modelId: $m) { filename url } }"""
    create = """mutation($f: String!, $m: String!) {
      createSubmission(filename: $f, tournament: 8, modelId: $m) { id errorInfo } }"""
    sim.advance()
    model = sim.models["practice_a"]
    given = ask(sim, leave, f="a.csv", m=model).json()["data"]["submissionUploadAuth"]
    sim.disturb({"name": "upload-hidden", "readings": 2})
    assert requests.put(given["url"], data=b"id,prediction\n", timeout=30).status_code == 200
    for _ in range(2):
        answer = ask(sim, create, f=given["filename"], m=model).json()
        assert answer["errors"][0]["message"] == f"Uploaded file not found: {given['filename']}"
    assert ask(sim, create, f=given["filename"], m=model).json()["data"]["createSubmission"]["errorInfo"]


def test_a_submission_may_be_created_and_not_listed_yet(
    sim: LocalTournament, client: numerapi.NumerAPI, predictions: Callable[..., pd.DataFrame]
) -> None:
    sim.advance()
    model = sim.models["practice_b"]
    sim.disturb({"name": "submission-hidden", "readings": 2})
    client.upload_predictions(df=predictions(sim, 1345), model_id=model)
    query = "query($m: String) { model(modelId: $m) { submissions { filename } } }"
    listed = [len(ask(sim, query, m=model).json()["data"]["model"]["submissions"]) for _ in range(4)]
    assert listed == [0, 0, 1, 1]


def test_head_of_a_cut_file_announces_the_whole(sim: LocalTournament) -> None:
    link = live_link(sim)
    sim.disturb("truncated-body")
    head = requests.head(link, timeout=30)
    assert int(head.headers["Content-Length"]) > 0


def test_pages_and_control_meet_no_fault(sim: LocalTournament) -> None:
    sim.disturb("request-lost")
    assert requests.get(sim.url, timeout=30).status_code == 200
    assert requests.get(sim.url + "/control/clock", timeout=30).status_code == 200
    assert sim.requests() == []


def test_a_connection_survives_what_is_not_cut(sim: LocalTournament) -> None:
    connection = http.client.HTTPConnection(sim.url.removeprefix("http://"), timeout=30)
    sim.disturb({"name": "error-before", "on": [1]})
    for status in (503, 200):
        connection.request("POST", "/", json.dumps({"query": ROUNDS}))
        answer = connection.getresponse()
        answer.read()
        assert answer.status == status
    connection.close()
