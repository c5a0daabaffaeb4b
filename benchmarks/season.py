"""How long a season of the local tournament takes: rounds played by many entries, scored and ranked every day.

Entries are spread over Classic, Signals and Crypto. A direct client sends every entry's answer over HTTP in each
round's window; on every score day all entries' scores and the three leaderboards are asked for. Prints score days,
requests and seconds. The state folder lies in memory where the machine has such a folder, so that the figure is not
that of its disk.

    python benchmarks/season.py --rounds 250 --entries 20
"""

from __future__ import annotations

import argparse
import http.client
import json
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from eraforge.arenas.wire.operations import LEADERBOARDS, UPLOADS
from eraforge.simulator.server.inprocess import LocalTournament, local_tournament
from eraforge.simulator.tournament.rounds import FIRST_ROUND

SCORES = """query($modelId: String!, $lastNRounds: Int) {
  submissionScores(modelId: $modelId, lastNRounds: $lastNRounds, distinctOnRound: true)
    { roundNumber displayName value percentile payoutPending payoutSettled } }"""
HEADERS = {8: "id,prediction", 11: "numerai_ticker,signal", 12: "symbol,signal"}


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

    def submit(self, number: int, model: str, filename: str, data: bytes) -> None:
        """Upload a file and make a submission of it."""
        upload = UPLOADS[number]
        [leave] = self.ask(upload.leave_query, filename=filename, tournament=number, modelId=model).values()
        parts = urlsplit(leave["url"])
        self._send("PUT", f"{parts.path}?{parts.query}", data)
        given = {"filename": leave["filename"], "tournament": number, "modelId": model}
        self.ask(upload.create_query, **{name: given[name] for name in upload.create_variables})

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
    models, clients = {}, {}
    for turn, (number, contest) in enumerate(running.tournament.contests.items()):
        share = {f"entry_{place:02d}_{contest.arena.name}": "10" for place in range(turn, entries, 3)}
        facts = {"username": f"season_{contest.arena.name}", "balance": "1000", "models": share, "tournament": number}
        account = operator.control("accounts", **facts)
        models[number] = list(account["models"].values())
        clients[number] = Client(running, f"{account['public_id']}${account['secret_key']}")
    season = Season(running, models, clients)
    figures = {"sending": 0.0, "reading": 0.0, "advancing": 0.0}
    engine, last = running.tournament, FIRST_ROUND + 2 + rounds
    while engine.rounds.current_number(engine.now()) < last:
        started = time.perf_counter()
        events = operator.control("advance", event="next")["events"]
        advanced = time.perf_counter()
        for event in events:
            if event["event"] == "round-opened":
                season.answer(event.get("tournament", 8), event["round"])
        sent = time.perf_counter()
        for event in events:
            if event["event"] == "scores-published":
                season.read(event.get("tournament", 8))
        figures["advancing"] += advanced - started
        figures["sending"] += sent - advanced
        figures["reading"] += time.perf_counter() - sent
    requests = operator.requests + sum(client.requests for client in clients.values())
    return {**figures, "days": season.days, "answers": season.answers, "requests": requests}


@dataclass
class Season:
    """What is asked of the simulator in a season.

    Args:
        models: identifiers of the models, by tournament.
        clients: who plays them.
        days, answers: score days read and submissions made.
    """

    running: LocalTournament
    models: dict[int, list[str]]
    clients: dict[int, Client]
    days: int = 0
    answers: int = 0
    generator: np.random.Generator = field(default_factory=lambda: np.random.default_rng(0))

    def answer(self, number: int, round_number: int) -> None:
        """Every model of the tournament answers the round."""
        contest = self.running.tournament.contests[number]
        ids = contest.world.live_ids(contest.rounds.day(round_number))
        for model in self.models[number]:
            values = self.generator.random(len(ids))
            rows = "\n".join(f"{name},{value:.6f}" for name, value in zip(ids, values, strict=True))
            data = f"{HEADERS[number]}\n{rows}\n".encode()
            self.clients[number].submit(number, model, f"entry-{round_number}.csv", data)
            self.answers += 1

    def read(self, number: int) -> None:
        """The leaderboard, and the scores of every model."""
        self.days += 1
        self.clients[number].ask(LEADERBOARDS[number].query, limit=100, offset=0)
        for model in self.models[number]:
            self.clients[number].ask(SCORES, modelId=model, lastNRounds=64)


def main() -> None:
    """Play and print."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--rounds", type=int, default=250)
    options.add_argument("--entries", type=int, default=20)
    chosen = options.parse_args()
    memory = Path("/dev/shm")
    place = memory if memory.is_dir() else None
    with tempfile.TemporaryDirectory(dir=place) as folder, local_tournament(Path(folder)) as running:
        started, worked = time.perf_counter(), time.process_time()
        figures = play(running, chosen.rounds, chosen.entries)
        seconds, worked = time.perf_counter() - started, time.process_time() - worked
    print(f"{chosen.rounds} rounds of three tournaments, {chosen.entries} entries in all")
    print(f"{figures['answers']:.0f} submissions, {figures['days']:.0f} score days")
    rate = figures["requests"] / seconds
    print(f"{figures['requests']:.0f} requests in {seconds:.1f} s ({rate:.0f} a second), {worked:.1f} s of work")
    for part in ("sending", "reading", "advancing"):
        print(f"  {part:<10} {figures[part]:7.1f} s")


if __name__ == "__main__":
    main()
