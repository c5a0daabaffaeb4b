"""The fixtures that strangers use, as they use them; and that one starts in under a second."""

import subprocess
import sys
from pathlib import Path

STRANGER = """
import time
from datetime import timedelta

import pandas as pd
import pytest
import requests

pytest_plugins = ["eraforge.simulator.testing"]


def test_a_round(numerai_simulator, numerai_client, tmp_path):
    numerai_simulator.advance()
    assert numerai_client.get_current_round() == 1345
    live = pd.read_parquet(numerai_client.download_dataset("v5.3/live.parquet", str(tmp_path / "live.parquet")))
    frame = pd.DataFrame({"id": live.index, "prediction": [(i + 1) / (len(live) + 1) for i in range(len(live))]})
    numerai_client.upload_predictions(df=frame, model_id=numerai_simulator.models["practice_a"])
    numerai_simulator.advance(timedelta(days=8))
    assert numerai_client.submission_scores(numerai_simulator.models["practice_a"])
    assert not numerai_simulator.judge().of("double")


def test_a_fault_is_met(numerai_simulator, numerai_client):
    numerai_simulator.disturb({"name": "token-expired", "on": [1]})
    with pytest.raises(Exception):
        numerai_client.get_models()
    assert set(numerai_client.get_models()) == {"practice_a", "practice_b", "practice_c"}
    assert [line["fault"] for line in numerai_simulator.requests()] == ["token-expired", None]


def test_the_clock_runs(numerai_simulator):
    before = numerai_simulator.now()
    numerai_simulator.run(3600.0)
    time.sleep(0.05)
    assert numerai_simulator.now() > before
    numerai_simulator.run(None)
    assert numerai_simulator.now() == numerai_simulator.now()
"""

START = """
import tempfile, time
from pathlib import Path
from eraforge.simulator.server.inprocess import local_tournament
import httpx
seconds = []
for _ in range(2):
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        with local_tournament(Path(folder)) as running:
            httpx.post(running.url, json={"query": "{ listDatasets }"}).raise_for_status()
            seconds.append(time.perf_counter() - started)
print(min(seconds))
"""


def test_a_stranger_uses_the_fixtures(tmp_path: Path) -> None:
    (tmp_path / "test_stranger.py").write_text(STRANGER)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "error", str(tmp_path)]
    run = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert run.returncode == 0, run.stdout[-3000:] + run.stderr[-1000:]
    assert "3 passed" in run.stdout


def test_it_starts_in_under_a_second() -> None:
    run = subprocess.run([sys.executable, "-c", START], capture_output=True, text=True, check=True)
    assert float(run.stdout) < 1.0
