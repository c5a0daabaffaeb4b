"""Same seed, same calls, same bytes: two processes with other hash seeds, every answer and both files of the log."""

import json
import os
import subprocess
import sys
from pathlib import Path

SCRIPT = """
import hashlib, http.client, json, sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from eraforge.core.clock import StandingClock
from eraforge.simulator.server.inprocess import local_tournament

PLAN = [{"name": name, "probability": 0.5 if name == "rejected-late" else 0.08} for name in (
    "request-lost", "applied-unanswered", "error-before", "error-after", "truncated-body", "wrong-length",
    "rate-limited", "token-expired", "field-removed", "clock-skew", "window-moved", "window-shortened",
    "universe-changed", "rejected-late", "submission-hidden", "upload-hidden", "stale-cache", "range-ignored",
    "score-revised", "resolved-late")]
seen = []
with local_tournament(Path(sys.argv[1]), real=StandingClock(datetime(2026, 1, 1, tzinfo=UTC))) as sim:
    port = int(sim.url.rpartition(":")[2])
    def send(method, path, body=b"", headers={}):
        connection = http.client.HTTPConnection("127.0.0.1", port)
        try:
            connection.request(method, path, body, {"Host": "simulator", **headers})
            answer = connection.getresponse()
            status, data, told = answer.status, b"", sorted(answer.getheaders())
            try:
                data = answer.read()
            except http.client.IncompleteRead as cut:
                data = cut.partial
            seen.append((method, path, status, told, hashlib.sha256(data).hexdigest()))
            return data
        except (http.client.HTTPException, ConnectionError) as error:
            seen.append((method, path, "unanswered"))
            return b""
        finally:
            connection.close()
    def ask(query, **variables):
        headers = {"Authorization": f"Token {sim.public_id}${sim.secret_key}"}
        data = send("POST", "/", json.dumps({"query": query, "variables": variables}).encode(), headers)
        try:
            return json.loads(data)["data"]
        except (ValueError, KeyError):
            return None
    def path_of(url):
        return "/" + url.split("/", 3)[3]
    sim.disturb(*PLAN)
    for step in range(14):
        sim.advance(timedelta(hours=12))
        for name, model in sim.models.items():
            found = ask('{ dataset(filename: "v5.3/live.parquet") }')
            if found:
                send("GET", path_of(found["dataset"]))
                send("GET", path_of(found["dataset"]), headers={"Range": "bytes=50-"})
            leave = ask("query($f: String!, $m: String) { submissionUploadAuth(filename: $f, tournament: 8,"
                        " modelId: $m) { filename url } }", f=f"{name}.csv", m=model)
            if leave:
                given = leave["submissionUploadAuth"]
                ids = sim.tournament.live_ids(sim.tournament.rounds.current_number(sim.now()))
                rows = "".join(f"{one},{(k + 1) / (len(ids) + 1):.5f}\\n" for k, one in enumerate(ids))
                send("PUT", path_of(given["url"]), f"id,prediction\\n{rows}".encode())
                ask("mutation($f: String!, $m: String!) { createSubmission(filename: $f, tournament: 8, modelId: $m)"
                    " { id } }", f=given["filename"], m=model)
            ask("query($m: ID) { submissions(modelId: $m) { id filename insertedAt selected } }", m=model)
        ask("{ v2Leaderboard { username rank nmrStaked } rounds { number openTime status } }")
    judged = sim.judge()
    print(json.dumps([seen, judged.figures, [one.as_dict() for one in judged.findings]]))
"""


def run(folder: Path, hash_seed: str) -> tuple[list, dict[str, bytes]]:
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "TZ": "Asia/Tokyo" if hash_seed == "2" else "UTC"}
    command = [sys.executable, "-W", "error", "-c", SCRIPT, str(folder)]
    finished = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert finished.returncode == 0, finished.stderr[-3000:]
    files = {name: (folder / name).read_bytes() for name in ("journal.jsonl", "requests.jsonl")}
    return json.loads(finished.stdout), files


def test_the_same_calls_give_the_same_bytes(tmp_path: Path) -> None:
    (first, one), (second, other) = run(tmp_path / "one", "1"), run(tmp_path / "two", "2")
    assert first == second
    assert one == other
    seen, figures, _ = first
    assert len(seen) > 150
    met = {name for name, count in figures.items() if name.startswith("fault:") and count}
    assert len(met) > 8, met
    assert figures["rejected-later"] >= 1
