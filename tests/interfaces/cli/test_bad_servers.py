"""Tournaments that cannot be reached, do not serve a file or break off: nothing is lost, the same command goes on."""

from __future__ import annotations

import socket
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from eraforge.core.clock import SystemClock
from eraforge.simulator.exchange.replies import Reply, text
from eraforge.simulator.server.files import DatasetFiles
from eraforge.simulator.server.handler import Handler

VERBS = (
    "round",
    "status",
    "data pull",
    "data check",
    "train",
    "evaluate",
    "predict",
    "scores",
    "submit",
    "payout forecast",
)


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses between repetitions pass at once."""
    monkeypatch.setattr(SystemClock, "sleep", lambda self, seconds: None)


@pytest.fixture
def nowhere() -> str:
    """An address at which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"


@pytest.mark.parametrize("verb", VERBS)
def test_a_server_that_cannot_be_reached(played: Any, patient: None, nowhere: str, verb: str) -> None:
    folder = played.folder(played.toml().replace(played.tournament.url, nowhere))
    told = played.cli.fails_for_a_machine if verb in ("data check", "train", "evaluate") else played.cli.fails
    code = "server-time-unknown" if verb in ("round", "status") else "no-connection"
    error = told(*verb.split(), "-w", str(folder), code=code)
    assert error["exit_code"] == 4


def test_the_doctor_says_what_cannot_be_reached_and_what_is_sound(played: Any, patient: None, nowhere: str) -> None:
    folder = played.folder(played.toml().replace(played.tournament.url, nowhere))
    answer = played.cli("doctor", "--json", "-w", str(folder))
    sound = {one["name"]: one["ok"] for one in answer.facts["findings"]}
    assert answer.code == 4 and sound["ledger"] and sound["objects"] and not sound["server"]


def test_a_live_file_that_is_not_listed(played: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    world = played.tournament.tournament.world
    names = tuple(name for name in world.filenames() if not name.endswith("live.parquet"))
    monkeypatch.setattr(type(world), "filenames", lambda self: names)
    error = played.cli.fails("submit", "-w", str(played.folder()), code="dataset-not-offered")
    assert error["exit_code"] == 3 and "live.parquet" in error["sentence"]


def serve_live_as(monkeypatch: pytest.MonkeyPatch, change: Any) -> None:
    real = DatasetFiles.path

    def path(self: DatasetFiles, stamp: str, filename: str, *, stale: bool = False) -> Path | None:
        found = real(self, stamp, filename, stale=stale)
        return change(found) if found is not None and filename.endswith("/live.parquet") else found

    monkeypatch.setattr(DatasetFiles, "path", path)


def test_a_live_file_that_answers_404_and_comes_later(played: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = played.folder()
    with monkeypatch.context() as fault:
        serve_live_as(fault, lambda found: None)
        error = played.cli.fails("submit", "-w", str(folder), code="file-not-served")
    assert error["exit_code"] == 3 and "live.parquet" in error["sentence"]
    answer = played.cli("submit", "-w", str(folder))
    assert answer.code == 0 and "train.parquet" not in answer.stderr, "what had come was fetched again"
    assert len(played.cli.confirmed(folder)) == 1


def test_a_parquet_cut_on_the_server_is_not_believed(played: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def half(found: Path) -> Path:
        cut = found.with_name("cut.parquet")
        cut.write_bytes(found.read_bytes()[: found.stat().st_size // 2])
        return cut

    folder = played.folder()
    with monkeypatch.context() as fault:
        serve_live_as(fault, half)
        error = played.cli.fails("data", "pull", "-w", str(folder), code="file-damaged")
    assert "live.parquet" in error["sentence"]
    assert played.cli("data", "check", "-w", str(folder)).code == 0


def test_what_arrived_before_the_line_broke_is_kept(
    played: Any, patient: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server sends 100 kB of the training data, hangs up, and is down from then on; later it is back."""
    sent: list[str] = []
    real = Handler._send

    def of_training(handler: Handler, reply: Reply) -> bool:
        asked_for_all = handler.headers.get("Range") != "bytes=0-0"
        return asked_for_all and reply.file is not None and reply.file.name == "train.parquet"

    def breaking(self: Handler, reply: Reply) -> None:
        if not of_training(self, reply):
            real(self, reply)
        elif sent:
            real(self, text(503, "down"))
        else:
            sent.append("train.parquet")
            real(self, replace(reply, sent=100_000))

    folder = played.folder()
    with monkeypatch.context() as fault:
        fault.setattr(Handler, "_send", breaking)
        error = played.cli.fails_for_a_machine("data", "pull", "-w", str(folder), code="file-server-down")
        assert error["exit_code"] == 4
        (part,) = (folder / ".eraforge" / "downloads").glob("*train.parquet")
        assert part.stat().st_size == 100_000
        asked: list[str] = []

        def back(self: Handler, reply: Reply) -> None:
            if of_training(self, reply):
                asked.append(self.headers.get("Range") or "everything")
            real(self, reply)

        fault.setattr(Handler, "_send", back)
        assert played.cli("data", "pull", "-w", str(folder)).code == 0
    assert "bytes=100000-" in asked and "everything" not in asked
