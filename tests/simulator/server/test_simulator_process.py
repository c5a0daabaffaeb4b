"""The simulator as a real process: start, kill, start again; and the refusals before it starts."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numerapi
import pandas as pd
import pytest
import requests

from eraforge.core.errors import Broken, UserError
from eraforge.simulator.server.handler import bind
from eraforge.simulator.server.inprocess import local_tournament
from eraforge.simulator.tournament.journal import Journal
from eraforge.simulator.world import World

PROGRAM = """
import json, sys
from pathlib import Path
from eraforge.simulator.server.serve import serve
facts = json.loads(sys.argv[1])
serve(facts["port"], 7, facts.get("scale", "tiny"), Path(facts["state"]), facts["json"], facts.get("speed"))
"""


class Running:
    """A simulator in a process of its own."""

    def __init__(self, **facts: object) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, json.dumps(facts)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONWARNINGS": "error::ResourceWarning"},
        )
        self.facts = json.loads(self.process.stdout.readline()) if facts["json"] else {}

    def stop(self, number: int) -> tuple[int, str, str, float]:
        started = time.monotonic()
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=20)
        return self.process.returncode, out, err, time.monotonic() - started


@pytest.fixture
def start() -> Iterator[Callable[..., Running]]:
    made: list[Running] = []

    def run(**facts: object) -> Running:
        made.append(Running(**facts))
        return made[-1]

    yield run
    for running in made:
        if running.process.poll() is None:
            running.stop(signal.SIGKILL)


def picture(client: numerapi.NumerAPI) -> dict:
    """Everything the ready account can see."""
    models = client.get_models()
    query = "query($id: ID) { submissions(modelId: $id) { id filename selected status insertedAt round { number } } }"
    return {
        "account": client.get_account(),
        "rounds": client.list_rounds(),
        "board": client.get_leaderboard(limit=100),
        "scores": {name: client.submission_scores(model) for name, model in models.items()},
        "submissions": {
            name: client.raw_query(query, {"id": model}, authorization=True)["data"] for name, model in models.items()
        },
    }


def test_a_killed_simulator_continues_exactly(
    start: Callable[..., Running],
    tmp_path: Path,
    tiny_world: World,
    monkeypatch: pytest.MonkeyPatch,
    predictions: Callable[..., pd.DataFrame],
) -> None:
    state = tmp_path / "state"
    first = start(port=0, state=str(state), json=True)

    def connect(running: Running) -> numerapi.NumerAPI:
        monkeypatch.setattr("numerapi.base_api.API_TOURNAMENT_URL", running.facts["url"])
        keys = running.facts["public_id"], running.facts["secret_key"]
        return numerapi.NumerAPI(*keys, verbosity="critical", show_progress_bars=False)

    client, url = connect(first), first.facts["url"]
    requests.post(url + "/control/advance", json={"event": "next"}, timeout=30)
    model = first.facts["models"]["practice_a"]
    live = pd.read_parquet(client.download_dataset("v5.3/live.parquet", str(tmp_path / "live.parquet")))
    frame = pd.DataFrame({"id": live.index, "prediction": live.iloc[:, 3:20].mean(axis=1).rank(pct=True).to_numpy()})
    client.upload_predictions(df=frame, model_id=model)
    client.upload_predictions(df=frame.iloc[1:], model_id=model)
    client.stake_increase("1.5", model)
    client.set_bio(model, "still here")
    requests.post(url + "/control/advance", json={"seconds": 8 * 86_400}, timeout=30)
    before = picture(client)
    assert any(before["scores"].values())
    journal = (state / "journal.jsonl").read_bytes()
    assert first.stop(signal.SIGKILL)[0] == -signal.SIGKILL

    (state / "journal.jsonl").write_bytes(journal + b'{"sequence": 99, "cut sho')
    second = start(port=0, state=str(state), json=True)
    assert second.facts["now"] == "2026-09-09T12:00:00+00:00"
    client = connect(second)
    assert picture(client) == before
    back = client.download_submission(model_id=model, dest_path=str(tmp_path / "back.csv"))
    assert Path(back).read_bytes() == frame.iloc[1:].to_csv(index=False).encode()
    code, _, err, seconds = second.stop(signal.SIGTERM)
    assert (code, err) == (0, "")
    assert seconds < 5
    assert (state / "journal.jsonl").read_bytes() == journal
    lines = [json.loads(line) for line in journal.splitlines()]
    assert [line["sequence"] for line in lines] == list(range(1, len(lines) + 1))
    assert {"started", "clock-moved", "object-stored", "submission-created"} <= {line["change"] for line in lines}
    assert first.facts["secret_key"] not in journal.decode()


def test_text_announcement_and_interrupt(start: Callable[..., Running], tmp_path: Path) -> None:
    running = start(port=0, state=str(tmp_path / "state"), json=False, speed=60.0)
    text = "".join(iter(running.process.stdout.readline, "Stop it with Ctrl-C; the same state folder continues.\n"))
    assert text.startswith("A local tournament is open at http://127.0.0.1:")
    assert "60 times real time" in text
    assert "practice_a, practice_b, practice_c" in text
    code, out, err, _ = running.stop(signal.SIGINT)
    assert (code, out, err) == (0, "", "")


def test_an_accelerated_clock_runs_on_after_a_kill(start: Callable[..., Running], tmp_path: Path) -> None:
    state, now = str(tmp_path / "state"), ""
    for _ in range(2):
        running = start(port=0, state=state, json=True, speed=3600.0)
        shown = requests.get(running.facts["url"] + "/control/clock", timeout=30).json()["now"]
        assert shown > now
        time.sleep(0.3)
        now = requests.get(running.facts["url"] + "/control/clock", timeout=30).json()["now"]
        assert now > shown
        running.stop(signal.SIGKILL)


def test_a_port_in_use_is_said_so(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(UserError, match="cannot be used") as error:
            bind("127.0.0.1", taken.getsockname()[1])
    assert error.value.code == "port-in-use"


def test_one_folder_serves_one_simulator_of_one_world(tmp_path: Path, tiny_world: World) -> None:
    with local_tournament(tmp_path, world=tiny_world):
        with pytest.raises(UserError) as error, local_tournament(tmp_path, world=tiny_world):
            pass
        assert error.value.code == "state-in-use"
    with pytest.raises(UserError) as error, local_tournament(tmp_path, seed=8, world=tiny_world):
        pass
    assert error.value.code == "state-of-another-world"
    with local_tournament(tmp_path, world=tiny_world):
        pass


def test_a_damaged_journal_is_refused(tmp_path: Path, tiny_world: World) -> None:
    with local_tournament(tmp_path, world=tiny_world) as sim:
        sim.tournament.add_account("one")
    lines = (tmp_path / "journal.jsonl").read_bytes().splitlines(keepends=True)
    for damaged in ([lines[0], b"nonsense\n", *lines[2:]], [lines[0], *lines[2:]]):
        (tmp_path / "journal.jsonl").write_bytes(b"".join(damaged))
        with pytest.raises(Broken, match="Line 2 of"):
            Journal(tmp_path)
