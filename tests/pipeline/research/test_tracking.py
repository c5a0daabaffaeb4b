"""Export to an MLflow server: whole, once, and told when it cannot be. The server is MLflow's own where it is there."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import pytest

from eraforge.core.errors import Refused, Transient, UserError
from eraforge.pipeline.research.tracking import TrackingServer

LINEAR = '[entry]\nlearner = "ridge"\ntarget = "target_ender_20"\nsettings = { penalty = 0.5 }\n'


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@pytest.fixture
def mlflow(tmp_path: Path) -> Iterator[str]:
    """The address of a real MLflow server in a process of its own."""
    command = os.environ.get("ERAFORGE_MLFLOW") or shutil.which("mlflow")
    if not command:
        pytest.skip("no `mlflow` command here; name one in ERAFORGE_MLFLOW (its pins are not ours)")
    port = free_port()
    place = f"sqlite:///{tmp_path / 'mlflow.sqlite'}"
    words = [command, "server", "--host", "127.0.0.1", "--port", str(port), "--backend-store-uri", place]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    log = (tmp_path / "mlflow.log").open("wb")
    process = subprocess.Popen([*words, "--workers", "1"], cwd=tmp_path, env=environment, stdout=log, stderr=log)
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(600):
            if process.poll() is not None:
                raise AssertionError((tmp_path / "mlflow.log").read_text()[-2000:])
            try:
                if httpx.get(f"{address}/health", timeout=1).is_success:
                    break
            except httpx.HTTPError:
                time.sleep(0.2)
        yield address
    finally:
        process.terminate()
        process.wait(20)
        log.close()


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_an_experiment_arrives_whole_and_once(workspace: Any, mlflow: str) -> None:
    (workspace.folder / "plain.toml").write_text(f'note = "as plain as it gets"\n{LINEAR}')
    shown = workspace.perform("experiment run", file="plain.toml")
    first = workspace.perform("experiment export", name=[], to=mlflow)
    assert [row["added"] for row in first["experiments"]] == [True]
    again = workspace.perform("experiment export", name=["plain"], to=mlflow)
    assert again["experiments"] == [{**first["experiments"][0], "added": False}]
    api = f"{mlflow}/api/2.0/mlflow"
    run = httpx.get(f"{api}/runs/get", params={"run_id": first["experiments"][0]["run"]}).json()["run"]
    assert run["info"]["status"] == "FINISHED" and run["info"]["run_name"] == "plain"
    metrics = {row["key"]: row["value"] for row in run["data"]["metrics"]}
    assert metrics["CORR_mean"] == pytest.approx(shown["corr"]) and metrics["CORR_low"] < metrics["CORR_high"]
    parameters = {row["key"]: row["value"] for row in run["data"]["params"]}
    assert parameters["entry.learner"] == "ridge" and parameters["entry.settings.penalty"] == "0.5"
    assert parameters["file.train"] == shown["reads"]["files"]["train"]
    tags = {row["key"]: row["value"] for row in run["data"]["tags"]}
    assert tags["eraforge.id"] == shown["id"] and tags["sample"] == "validation" and "simulator" in tags["synthetic"]
    asked = {"run_id": run["info"]["run_id"], "metric_key": "CORR_per_era", "max_results": 1000}
    steps = httpx.get(f"{api}/metrics/get-history", params=asked).json()["metrics"]
    scored = [value for value in shown["report"]["scores"][0]["eras"].values() if value is not None]
    assert [row["value"] for row in sorted(steps, key=lambda row: row["step"])] == pytest.approx(scored)


class Forbids(BaseHTTPRequestHandler):
    """A server that lets nobody in, and remembers how they asked."""

    seen: list[str] = []  # noqa: RUF012  of the class on purpose

    def do_GET(self) -> None:
        self.seen.append(self.headers.get("Authorization", ""))
        self.send_response(403)
        self.end_headers()
        self.wfile.write(b'{"message": "not you"}')

    def log_message(self, *_: object) -> None:
        pass


def test_a_server_that_refuses_is_told_without_the_password() -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Forbids)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        address = f"http://somebody:hidden@127.0.0.1:{server.server_port}"
        with TrackingServer(address, {"MLFLOW_TRACKING_TOKEN": "words"}) as there, pytest.raises(Refused) as caught:
            there.experiment("any")
    finally:
        server.shutdown()
        server.server_close()
    assert "403 not you" in caught.value.sentence and "hidden" not in str(caught.value.as_dict())
    assert Forbids.seen == ["Bearer words"]


def test_a_server_that_is_not_there_and_an_address_that_is_none() -> None:
    with TrackingServer(f"http://127.0.0.1:{free_port()}", {}) as there, pytest.raises(Transient, match="not answer"):
        there.experiment("any")
    with pytest.raises(UserError, match="no address"):
        TrackingServer("localhost:5000", {})
