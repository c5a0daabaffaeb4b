"""A daemon that is asked how it is while it plays: its figures are those of the ledger and of its last look."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from daemon_desk import Series, desk, prometheus_samples, ridge, toml

from eraforge.core.clock import SystemClock, monotonic
from eraforge.pipeline.daemon.service.condition import Condition
from eraforge.pipeline.daemon.service.figures import Figures


def test_figures_tell_a_window_from_open_to_filled(tmp_path: Path, tournament: Any) -> None:
    one, two = ridge(tournament), ridge(tournament, 1, "absent", 'settings = { alpha = "no number" }')
    with desk(tmp_path / "d", tournament, toml(tournament, one + two, "\n[run]\nfailures = 1\n")) as run:
        stop = threading.Event()
        condition = Condition(run.tools.configuration.run, lambda: run.daemon._hosts.renewed, stop)
        run.daemon.saw = condition.saw
        entries = [run.tools.configuration.entry(name) for name in ("linear", "absent")]
        figures = Figures(run.tools, entries, condition)
        assert value(figures, "eraforge_ready") == 0
        opens, closes = run.open_round(1345)
        run.settle(1345)
        run.wait(lambda: value(figures, "eraforge_entry_quarantined", entry="absent") == 1)
        where = {"account": "main", "arena": "classic"}
        assert value(figures, "eraforge_window_round", **where) == 1345
        assert value(figures, "eraforge_window_open", **where) == 1
        left = (closes - run.tools.clock.now()).total_seconds()
        assert value(figures, "eraforge_window_seconds_to_close", **where) == pytest.approx(left, abs=10)
        assert value(figures, "eraforge_window_entries_waiting", **where) == 1
        assert value(figures, "eraforge_window_entries_in_danger", **where) == 0 and condition.ready().ok
        assert value(figures, "eraforge_windows_filled_total", by="answer") == 1
        assert value(figures, "eraforge_effects_total", phase="confirmed") == 1
        assert value(figures, "eraforge_effects_open") == 0
        assert value(figures, "eraforge_notices_total", code="entry-quarantined", severity="error") == 1
        assert value(figures, "eraforge_stage_seconds_count", entry="linear", stage="submit") == 1
        assert value(figures, "eraforge_ledger_events_total") == run.tools.ledger.verify_chain()
        run.advance_to(closes.replace(minute=closes.minute) - (closes - opens) / 20)
        run.daemon.tick()
        assert value(figures, "eraforge_window_entries_in_danger", **where) == 1
        assert condition.ready().reasons == ("round 1345 of absent is in danger",)
        run.advance_to(closes)
        run.daemon.tick()
        assert value(figures, "eraforge_windows_missed_total") == 1 and condition.ready().ok
        page = figures.page()
    names = {name for name, _ in prometheus_samples(page)}
    assert {"eraforge_disk_free_bytes", "eraforge_resident_bytes", "eraforge_open_files", "eraforge_info"} <= names
    assert all(name.startswith("eraforge_") for name in names)


def value(figures: Figures, name: str, **labels: str) -> float | None:
    series: Series = (name, tuple(sorted(labels.items())))
    return prometheus_samples(figures.page()).get(series)


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def test_a_real_process_asked_to_stop_is_unready_first_and_then_gone(workspace: Any, tmp_path: Path) -> None:
    folder, log = tmp_path / "served", tmp_path / "run.jsonl"
    folder.mkdir()
    more = "\n[run]\npoll_seconds = 1.0\n"
    (folder / "eraforge.toml").write_text(toml(workspace.tournament, ridge(workspace.tournament), more))
    port = free_port()
    words = ["run", "-w", str(folder), "--listen", f"127.0.0.1:{port}", "--log", str(log)]
    process = subprocess.Popen(
        [sys.executable, "-m", "eraforge", *words],
        env={**os.environ, **workspace.environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        until(lambda: status(port, "/ready") == 200, process)
        page = httpx.get(f"http://127.0.0.1:{port}/metrics", timeout=20).text
        assert prometheus_samples(page)["eraforge_ready", ()] == 1
        process.send_signal(signal.SIGTERM)
        seen = []
        while process.poll() is None:
            seen.append(status(port, "/ready"))
        assert process.returncode == 0
        assert 503 in seen and 200 not in seen[seen.index(503) :], seen
    finally:
        if process.poll() is None:
            process.kill()
        output = process.communicate()[0]
    assert "stopped" in output and "may also stake" in output  # the practice key may do all
    told = [json.loads(line) for line in log.read_text().splitlines()]
    assert told[-1]["sentence"].startswith("stopped") and "round.seen" in {one["kind"] for one in told}
    texts = output + log.read_text() + page
    assert not [key for key in workspace.environment.values() if key in texts]


def status(port: int, path: str) -> int | None:
    asked = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        asked.request("GET", path)
        return asked.getresponse().status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        asked.close()


def until(what: Any, process: subprocess.Popen[str], seconds: float = 90.0) -> None:
    ends = monotonic() + seconds
    while not what():
        assert process.poll() is None and monotonic() < ends, "it never came to that"
        SystemClock().sleep(0.1)


def test_a_key_that_cannot_submit_is_told_before_the_window(tmp_path: Path, tournament: Any) -> None:
    body = {"username": "practice", "scopes": ["read_user_info", "read_submission_info"]}
    key = httpx.post(f"{tournament.url}/control/keys", json=body).raise_for_status().json()
    weak = replace(tournament, public_id=key["public_id"], secret_key=key["secret_key"])
    with desk(tmp_path / "d", weak, toml(weak, ridge(weak))) as run:
        run.daemon.tick()
        run.daemon.tick()
        assert run.codes().count("key-cannot-submit") == 1
        assert "upload_submission" in next(one for one in run.sentences() if "key-cannot" in one)
