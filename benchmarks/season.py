"""How long a season of the local tournament takes: rounds played by many entries, scored and ranked every day.

A direct client sends every entry's answer over HTTP in each round's window; on every score day all entries' scores and
the leaderboard are asked for. Prints virtual days, requests and seconds. The state folder lies in memory where the
machine has such a folder, so that the figure is not that of its disk.

    python benchmarks/season.py --rounds 250 --entries 20
"""

from __future__ import annotations

import argparse
import http.client
import json
import tempfile
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from eraforge.simulator.server.inprocess import LocalTournament, local_tournament
from eraforge.simulator.tournament.rounds import FIRST_ROUND
from eraforge.simulator.world import build_world

LEAVE = """query($filename: String!, $tournament: Int!, $modelId: String) {
  submissionUploadAuth(filename: $filename, tournament: $tournament, modelId: $modelId) { filename url } }"""
CREATE = """mutation($filename: String!, $tournament: Int!, $modelId: String!) {
  createSubmission(filename: $filename, tournament: $tournament, modelId: $modelId) { id } }"""
SCORES = """query($modelId: String!, $lastNRounds: Int) {
  submissionScores(modelId: $modelId, lastNRounds: $lastNRounds, distinctOnRound: true)
    { roundNumber displayName value percentile payoutPending payoutSettled } }"""
BOARD = "{ v2Leaderboard(limit: 100) { username rank corr20Rep mmcRep return13Weeks return52Weeks nmrStaked } }"


class Client:
    """Keeps one connection to the simulator and counts what it asks.

    Args:
        running: the simulator.
        key: the halves of the account's key, joined by a dollar sign.
    """

    def __init__(self, running: LocalTournament, key: str) -> None:
        self.host = urlsplit(running.url).netloc
        self.connection = http.client.HTTPConnection(self.host)
        self.headers = {"Authorization": f"Token {key}", "Content-Type": "application/json"}
        self.requests = 0

    def ask(self, query: str, **variables: Any) -> Any:
        """The data of an operation."""
        answer = self._send("POST", "/", json.dumps({"query": query, "variables": variables}).encode())
        body = json.loads(answer)
        if "errors" in body:
            raise SystemExit(f"The simulator refused: {body['errors']}")
        return body["data"]

    def control(self, what: str, **facts: Any) -> Any:
        """What a control change answers."""
        return json.loads(self._send("POST", f"/control/{what}", json.dumps(facts).encode()))

    def submit(self, model: str, filename: str, data: bytes) -> None:
        """Upload a file and make a submission of it."""
        leave = self.ask(LEAVE, filename=filename, tournament=8, modelId=model)["submissionUploadAuth"]
        parts = urlsplit(leave["url"])
        self._send("PUT", f"{parts.path}?{parts.query}", data)
        self.ask(CREATE, filename=leave["filename"], tournament=8, modelId=model)

    def _send(self, method: str, path: str, body: bytes) -> bytes:
        self.requests += 1
        self.connection.request(method, path, body, self.headers if method == "POST" else {})
        answer = self.connection.getresponse()
        data = answer.read()
        if answer.status != 200:
            raise SystemExit(f"{method} {path}: {answer.status} {data[:200]!r}")
        return data


def play(running: LocalTournament, rounds: int, entries: int) -> dict[str, float]:
    """Play the season. Returns its figures."""
    operator = Client(running, "")
    models = {f"entry_{place:02d}": "10" for place in range(entries)}
    account = operator.control("accounts", username="season", balance="1000", models=models)
    client = Client(running, f"{account['public_id']}${account['secret_key']}")
    engine, generator = running.tournament, np.random.default_rng(0)
    first, days, sending, reading, advancing = FIRST_ROUND + 2, 0, 0.0, 0.0, 0.0
    while engine.rounds.current_number(engine.now()) < first + rounds:
        started = time.perf_counter()
        events = client.control("advance", event="next")["events"]
        advancing += time.perf_counter() - started
        started = time.perf_counter()
        for event in events:
            if event["event"] == "round-opened":
                ids = running.tournament.world.live_ids(engine.rounds.day(event["round"]))
                for model in account["models"].values():
                    values = generator.random(len(ids))
                    rows = "\n".join(f"{name},{value:.6f}" for name, value in zip(ids, values, strict=True))
                    client.submit(model, f"entry-{event['round']}.csv", f"id,prediction\n{rows}\n".encode())
        sending += time.perf_counter() - started
        started = time.perf_counter()
        if any(event["event"] == "scores-published" for event in events):
            days += 1
            client.ask(BOARD)
            for model in account["models"].values():
                client.ask(SCORES, modelId=model, lastNRounds=64)
        reading += time.perf_counter() - started
    requests = float(client.requests)
    return {"days": days, "requests": requests, "sending": sending, "reading": reading, "advancing": advancing}


def main() -> None:
    """Play and print."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--rounds", type=int, default=250)
    options.add_argument("--entries", type=int, default=20)
    chosen = options.parse_args()
    memory = Path("/dev/shm")
    place = memory if memory.is_dir() else None
    world = build_world(7, "tiny")
    with tempfile.TemporaryDirectory(dir=place) as folder, local_tournament(Path(folder), world=world) as running:
        started, worked = time.perf_counter(), time.process_time()
        figures = play(running, chosen.rounds, chosen.entries)
        seconds, worked = time.perf_counter() - started, time.process_time() - worked
    print(f"{chosen.rounds} rounds, {chosen.entries} entries, {figures['days']:.0f} score days")
    rate = figures["requests"] / seconds
    print(f"{figures['requests']:.0f} requests in {seconds:.1f} s ({rate:.0f} a second), {worked:.1f} s of work")
    for part in ("sending", "reading", "advancing"):
        print(f"  {part:<10} {figures[part]:7.1f} s")


if __name__ == "__main__":
    main()
