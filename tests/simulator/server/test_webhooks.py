"""Webhooks are called when a round opens, on this machine only, and may answer with a submission."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numerapi
import pandas as pd
import pytest

from eraforge.simulator.server.inprocess import LocalTournament, local_tournament
from eraforge.simulator.server.webhooks import is_loopback
from eraforge.simulator.world import World


class Node:
    """What a person would run: a server that hears of rounds."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.answer: Callable[[str], object] = lambda trigger: None
        node = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                trigger = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["triggerId"]
                node.heard.append(trigger)
                node.answer(trigger)
                self.send_response(200)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"


@pytest.fixture
def node() -> Iterator[Node]:
    made = Node()
    thread = threading.Thread(target=made.server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield made
    made.server.shutdown()
    thread.join()
    made.server.server_close()


def test_a_node_hears_of_every_round_and_submits_in_time(
    client: numerapi.NumerAPI,
    sim: LocalTournament,
    node: Node,
    predictions: Callable[..., pd.DataFrame],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model = sim.models["practice_a"]
    assert client.set_submission_webhook(model, node.url)

    def submit(trigger: str) -> None:
        monkeypatch.setenv("TRIGGER_ID", trigger)
        client.upload_predictions(df=predictions(sim, client.get_current_round()), model_id=model)

    node.answer = submit
    sim.tournament.advance(sim.tournament.rounds.get(1347).closes)
    triggers = [(one.id, one.round, one.outcome) for one in sim.tournament.records.triggers.values()]
    assert [number for _, number, _ in triggers] == [1345, 1346, 1347]
    assert {outcome for *_, outcome in triggers} == {"answered 200"}
    assert node.heard == [identifier for identifier, *_ in triggers]
    query = "query($id: ID) { submissions(modelId: $id) { triggerId selected round { number } } }"
    rows = client.raw_query(query, {"id": model}, authorization=True)["data"]["submissions"]
    assert [(row["triggerId"], row["round"]["number"]) for row in rows] == [
        (identifier, number) for identifier, number, _ in reversed(triggers)
    ]
    assert client.set_submission_webhook(model, None)
    sim.tournament.advance(sim.tournament.rounds.get(1348).closes)
    assert len(node.heard) == 3


def test_a_webhook_is_called_by_hand(client: numerapi.NumerAPI, sim: LocalTournament, node: Node) -> None:
    model, heard = sim.models["practice_b"], threading.Event()
    node.answer = lambda trigger: heard.set()
    client.set_submission_webhook(model, node.url)
    query = "mutation($id: ID!) { triggerModelWebhook(modelId: $id) }"
    trigger = client.raw_query(query, {"id": model}, authorization=True)["data"]["triggerModelWebhook"]
    assert heard.wait(10)
    assert node.heard == [trigger]


def test_no_other_machine_is_ever_called(client: numerapi.NumerAPI, sim: LocalTournament) -> None:
    client.set_submission_webhook(sim.models["practice_a"], "https://example.com/hook")
    sim.tournament.advance(sim.tournament.rounds.get(1345).opens)
    [trigger] = sim.tournament.records.triggers.values()
    assert trigger.outcome == "not called: only addresses of this machine are"
    for url in ("http://127.0.0.1:1/a", "http://localhost/a", "http://[::1]:9/"):
        assert is_loopback(url)
    for url in ("http://127.0.0.1.example.com/", "http://user@example.com/", "file:///etc/passwd", "http://10.0.0.1/"):
        assert not is_loopback(url)


def test_a_running_clock_calls_at_the_opening(
    tmp_path: Path, tiny_world: World, node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = threading.Event()
    node.answer = lambda trigger: heard.set()
    with local_tournament(tmp_path, world=tiny_world, speed=3600.0) as sim:
        monkeypatch.setattr("numerapi.base_api.API_TOURNAMENT_URL", sim.url)
        client = numerapi.NumerAPI(sim.public_id, sim.secret_key, "critical", False)
        client.set_submission_webhook(sim.models["practice_a"], node.url)
        assert heard.wait(20)
        [trigger, *_] = sim.tournament.records.triggers.values()
        assert trigger.round is not None
