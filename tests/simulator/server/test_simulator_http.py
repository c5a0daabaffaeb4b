"""The HTTP surface: ranges, links, headers, leniency, control."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import urlsplit

import numerapi
import pandas as pd
import pytest
import requests

from eraforge.core.clock import StandingClock
from eraforge.simulator.server.files import part_of
from eraforge.simulator.server.inprocess import LocalTournament, local_tournament
from eraforge.simulator.world import World


def ask(sim: LocalTournament, query: str, token: str | None = None, **variables: object) -> dict:
    headers = {} if token is None else {"Authorization": token}
    answer = requests.post(sim.url, json={"query": query, "variables": variables}, headers=headers, timeout=30)
    assert answer.status_code == 200
    return answer.json()


def link(sim: LocalTournament, filename: str = "v5.3/live.parquet") -> str:
    return ask(sim, "query($f: String!) { dataset(filename: $f) }", f=filename)["data"]["dataset"]


@pytest.mark.parametrize(
    ("header", "status", "wanted"),
    [
        (None, 200, slice(None)),
        ("bytes=0-9", 206, slice(0, 10)),
        ("bytes=10-", 206, slice(10, None)),
        ("bytes=-7", 206, slice(-7, None)),
        ("bytes=100-99999999", 206, slice(100, None)),
        ("bytes=5-4", 200, slice(None)),
        ("lines=1-2", 200, slice(None)),
        ("bytes=99999999-", 416, slice(0, 0)),
    ],
)
def test_ranges(sim: LocalTournament, header: str | None, status: int, wanted: slice) -> None:
    url = link(sim)
    whole = requests.get(url, timeout=30).content
    answer = requests.get(url, headers={} if header is None else {"Range": header}, timeout=30)
    assert (answer.status_code, answer.content) == (status, whole[wanted])
    assert int(answer.headers["Content-Length"]) == len(answer.content)
    start = wanted.indices(len(whole))[0]
    if status == 206:
        assert answer.headers["Content-Range"] == f"bytes {start}-{start + len(answer.content) - 1}/{len(whole)}"
    if status == 416:
        assert answer.headers["Content-Range"] == f"bytes */{len(whole)}"


def test_a_part_of_another_content_is_the_whole(sim: LocalTournament) -> None:
    url = link(sim)
    whole = requests.get(url, timeout=30)
    for tag, status in ((whole.headers["ETag"], 206), ('"another"', 200)):
        answer = requests.get(url, headers={"Range": "bytes=10-", "If-Range": tag}, timeout=30)
        assert (answer.status_code, answer.content) == (status, whole.content[10:] if status == 206 else whole.content)


def test_ranges_of_an_empty_file() -> None:
    assert part_of(0, None).status == 200
    assert part_of(0, "bytes=0-").status == part_of(0, "bytes=-5").status == 416


def test_head_tells_the_length_and_sends_nothing(sim: LocalTournament) -> None:
    url = link(sim)
    whole, head = requests.get(url, timeout=30), requests.head(url, timeout=30)
    assert (head.status_code, head.content) == (200, b"")
    for name in ("Content-Length", "ETag", "Accept-Ranges"):
        assert head.headers[name] == whole.headers[name]


def test_a_link_is_good_for_its_path_and_method_only(sim: LocalTournament) -> None:
    url = link(sim)
    assert requests.get(url.replace("live.parquet", "train.parquet"), timeout=30).status_code == 403
    assert requests.get(url.split("?")[0], timeout=30).status_code == 403
    assert requests.put(url, data=b"x", timeout=30).status_code == 403
    future = url.replace("20260828", "20260901")
    assert future != url
    assert requests.get(future, timeout=30).status_code == 403


@pytest.fixture
def standing(tmp_path: Path, tiny_world: World) -> Iterator[tuple[LocalTournament, StandingClock]]:
    clock = StandingClock(datetime(2026, 1, 1, tzinfo=UTC))
    with local_tournament(tmp_path / "state", world=tiny_world, real=clock) as sim:
        yield sim, clock


def test_a_link_expires_in_real_time(standing: tuple[LocalTournament, StandingClock]) -> None:
    sim, clock = standing
    url = link(sim)
    sim.tournament.advance(sim.tournament.now() + timedelta(days=30))
    clock.sleep(11 * 3600)
    assert requests.get(url, timeout=30).status_code == 200
    clock.sleep(2 * 3600)
    answer = requests.get(url, timeout=30)
    assert (answer.status_code, answer.text) == (403, "Request has expired")


def test_the_date_of_every_answer_is_the_virtual_time(sim: LocalTournament) -> None:
    for answer in (
        requests.get(sim.url, timeout=30),
        requests.get(sim.url + "/nothing", timeout=30),
        requests.get(link(sim), timeout=30),
        requests.get(sim.url + "/control/clock", timeout=30),
    ):
        assert parsedate_to_datetime(answer.headers["Date"]) == datetime(2026, 9, 1, 11, 30, tzinfo=UTC)


def test_the_page_says_what_this_is(sim: LocalTournament) -> None:
    answer = requests.get(sim.url, timeout=30)
    assert "local tournament" in answer.text
    assert sim.tournament.world.synthetic in answer.text


def test_many_requests_over_one_connection(sim: LocalTournament) -> None:
    with requests.Session() as session:
        for _ in range(3):
            assert session.get(sim.url + "/control/clock", timeout=30).json()["now"] == "2026-09-01T11:30:00Z"
            assert session.post(sim.url, json={"query": "{ listDatasets }"}, timeout=30).json()["data"]


def test_keys_in_alphabetical_order_under_the_names_as_written(sim: LocalTournament) -> None:
    query = "query($n: String!) { v3UserProfile(model_name: $n) { username start_date id mine: nmr_staked } }"
    answer = requests.post(sim.url, json={"query": query, "variables": {"n": "practice_a"}}, timeout=30)
    assert list(answer.json()["data"]["v3UserProfile"]) == ["id", "mine", "start_date", "username"]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("{ nonsense }", "Cannot query field"),
        ("{ rounds {", "Syntax Error"),
        ("query($d: Str!) { dataset(filename: $d) }", "Unknown type 'Str'"),
        ("{ v3UserProfile { id } }", "modelName"),
        ("{ account { id } }", "Your session is invalid or has expired."),
        ("{ rounds(tournament: 11) { number } }", "Tournament 11 is not served here"),
    ],
)
def test_errors_come_as_a_list_in_a_good_answer(sim: LocalTournament, query: str, message: str) -> None:
    assert message in ask(sim, query)["errors"][0]["message"]


def test_a_key_sees_only_what_it_may(sim: LocalTournament) -> None:
    key = requests.post(
        sim.url + "/control/keys", json={"username": "practice", "scopes": ["read_user_info"]}, timeout=30
    ).json()
    token = f"Token {key['public_id']}${key['secret_key']}"
    assert ask(sim, "{ account { username } }", token)["data"]["account"]["username"] == "practice"
    model = sim.models["practice_a"]
    query = f'{{ submissions(modelId: "{model}") {{ id }} }}'
    assert ask(sim, query, token)["errors"][0]["message"] == "Insufficient permission for read_submission_info"
    query = f'{{ submissionUploadAuth(filename: "a.csv", tournament: 8, modelId: "{model}") {{ url }} }}'
    assert ask(sim, query, token)["errors"][0]["message"] == "Insufficient permission for upload_submission"
    wrong = f"Token {key['public_id']}${sim.secret_key}"
    for bad in (wrong, token.removeprefix("Token "), "Token $", "Token", ""):
        assert ask(sim, "{ account { id } }", bad)["errors"][0]["message"].startswith("Your session is invalid")


def test_one_account_cannot_touch_the_models_of_another(
    sim: LocalTournament, monkeypatch: pytest.MonkeyPatch, predictions: Callable[..., pd.DataFrame]
) -> None:
    made = requests.post(
        sim.url + "/control/accounts", json={"username": "other", "models": {"other_one": "5"}}, timeout=30
    ).json()
    monkeypatch.setattr("numerapi.base_api.API_TOURNAMENT_URL", sim.url)
    client = numerapi.NumerAPI(made["public_id"], made["secret_key"], verbosity="critical")
    assert client.get_models() == made["models"]
    assert client.stake_get("other_one") == 5
    for attempt in (
        lambda: client.upload_predictions(df=predictions(sim, 1345), model_id=sim.models["practice_a"]),
        lambda: client.submission_ids(sim.models["practice_a"]),
        lambda: client.set_bio(sim.models["practice_a"], "mine now"),
        lambda: client.stake_decrease(1, sim.models["practice_a"]),
    ):
        with pytest.raises(ValueError, match="Model not found"):
            attempt()


def test_control_of_the_clock(sim: LocalTournament) -> None:
    def post(body: object) -> requests.Response:
        return requests.post(sim.url + "/control/advance", json=body, timeout=30)

    assert requests.get(sim.url + "/control/clock", timeout=30).json()["now"] == "2026-09-01T11:30:00Z"
    assert post({"seconds": 60}).json() == {"now": "2026-09-01T11:31:00Z", "events": []}
    assert post({"event": "next"}).json()["events"] == [
        {"at": "2026-09-01T12:00:00Z", "event": "round-opened", "round": 1345}
    ]
    events = post({"to": "2026-09-04T14:00:00Z"}).json()["events"]
    assert [event["event"] for event in events].count("round-opened") == 3
    assert events[-1] == {"at": "2026-09-04T14:00:00Z", "event": "scores-published", "rounds": [1343, 1344]}
    assert post({"to": "2026-09-04T13:59:59Z"}).json()["code"] == "clock-goes-back"
    assert post({"to": "soon"}).json()["code"] == post({}).json()["code"] == "advance-not-understood"
    assert requests.get(sim.url + "/control/nothing", timeout=30).status_code == 404


def test_an_upload_cut_short_is_not_kept(sim: LocalTournament, monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    query = 'query($m: String) { submissionUploadAuth(filename: "a.csv", tournament: 8, modelId: $m) { url filename } }'
    token = f"Token {sim.public_id}${sim.secret_key}"
    auth = ask(sim, query, token, m=sim.models["practice_a"])["data"]["submissionUploadAuth"]
    parts = urlsplit(auth["url"])
    with socket.create_connection((parts.hostname, parts.port), timeout=10) as raw:
        head = f"PUT {parts.path}?{parts.query} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n"
        raw.sendall(head.encode() + b"x" * 400)
        raw.shutdown(socket.SHUT_WR)
        assert raw.recv(100) == b""
    assert sim.tournament.records.uploads[auth["filename"]].digest is None
    assert requests.put(auth["url"], data=b"x" * 1000, timeout=30).status_code == 200
    assert sim.tournament.records.uploads[auth["filename"]].digest is not None
