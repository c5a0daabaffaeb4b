"""Ctrl-C and kill -9 of a real process: it ends at once, leaves nobody behind, and the same command goes on."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from rich.console import Console

from eraforge.interfaces.cli.views.play import demo

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks for processes under /proc")

# Three seconds are promised and a fraction of one is usual (docs/measured.md); a machine full of other tests gets more.
PROMPT = 10.0
Start = Callable[..., subprocess.Popen[str]]
DEMO = ["demo", "--scale", "tiny", "--rounds", "1"]


def start(folder: Path, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "eraforge", *DEMO, *words, "-w", str(folder)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def children(pid: int) -> list[int]:
    """Processes started by that process which still live."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            text = entry.read_text()
        except OSError:
            continue
        state, parent = text.rpartition(")")[2].split()[:2]
        if int(parent) == pid and state != "Z":
            found.append(int(entry.parent.name))
    return found


def gone(pids: list[int], within: float) -> bool:
    ends = time.monotonic() + within
    while time.monotonic() < ends:
        if not any(alive(pid) for pid in pids):
            return True
        time.sleep(0.05)
    return False


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def wait_until(told: Callable[[], bool], process: subprocess.Popen[str], within: float = 60.0) -> None:
    ends = time.monotonic() + within
    while not told():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < ends
        time.sleep(0.02)


def asked(database: Path, query: str) -> int:
    """A number from a database that may not be there yet."""
    if not database.exists():
        return 0
    try:
        with sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=5) as connection:
            return int(connection.execute(query).fetchone()[0])
    except sqlite3.OperationalError:
        return 0


def in_training(folder: Path) -> bool:
    """The first turn has its checked data, so it trains now."""
    ledger = folder / "eraforge-demo" / ".eraforge" / "ledger.sqlite"
    return asked(ledger, "SELECT count(*) FROM stages WHERE name = 'check'") > 0


def in_virtual_days(folder: Path) -> bool:
    """Scores have begun to arrive, so the clock is being moved."""
    ledger = folder / "eraforge-demo" / ".eraforge" / "ledger.sqlite"
    return asked(ledger, "SELECT count(*) FROM scores") > 0


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Start]:
    """Starts demos, and ends whatever a failing test leaves of them."""
    started: list[subprocess.Popen[str]] = []

    def go(*words: str) -> subprocess.Popen[str]:
        started.append(start(tmp_path, *words))
        return started[-1]

    yield go
    for process in started:
        for pid in [process.pid, *children(process.pid)]:
            if alive(pid):
                os.kill(pid, signal.SIGKILL)
        process.communicate()


def interrupt(process: subprocess.Popen[str]) -> tuple[float, str, str]:
    """Ctrl-C as a terminal sends it: to the whole group. Seconds until the end, and what was said."""
    family = children(process.pid)
    assert family, "the tournament is not running"
    began = time.monotonic()
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=30)
    took = time.monotonic() - began
    assert gone(family, PROMPT), "the tournament was left behind"
    return took, out, err


def finish(folder: Path) -> None:
    process = start(folder, "--json")
    out, err = process.communicate(timeout=110)
    assert process.returncode == 0, out + err
    facts = json.loads(out)
    assert facts["rounds"] == [1345] and all(row["live"][0]["resolved"] for row in facts["entries"])
    console = Console(width=40, force_terminal=False)
    with console.capture() as capture:
        demo(facts, console)
    assert max(map(len, capture.get().splitlines())) <= 40
    ledger = folder / "eraforge-demo" / ".eraforge" / "ledger.sqlite"
    assert asked(ledger, "SELECT count(*) FROM events WHERE kind = 'effect.confirmed'") == 3


def test_ctrl_c_ends_at_once_and_says_that_nothing_is_lost(running: Start, tmp_path: Path) -> None:
    process = running()
    wait_until(lambda: in_training(tmp_path), process)
    took, out, err = interrupt(process)
    assert process.returncode == 130 and took < PROMPT
    assert "Traceback" not in err and "the same command continues" in err and out == ""


@pytest.mark.slow
@pytest.mark.parametrize("moment", [in_training, in_virtual_days])
def test_the_same_command_finishes_what_ctrl_c_stopped(
    running: Start, tmp_path: Path, moment: Callable[[Path], bool]
) -> None:
    process = running("--json")
    wait_until(lambda: moment(tmp_path), process)
    took, out, err = interrupt(process)
    assert process.returncode == 130 and took < PROMPT
    assert json.loads(out)["error"]["code"] == "interrupted" and err == ""
    finish(tmp_path)


def test_kill_9_takes_the_tournament_with_it(running: Start, tmp_path: Path) -> None:
    process = running()
    wait_until(lambda: in_training(tmp_path), process)
    family = children(process.pid)
    assert family
    process.kill()
    try:
        assert gone([process.pid, *family], PROMPT)
    finally:
        for pid in filter(alive, family):
            os.kill(pid, signal.SIGKILL)


def test_ctrl_c_while_a_tournament_is_served_stops_it(tmp_path: Path) -> None:
    words = ["simulator", "serve", "--scale", "tiny", "--port", "0", "--json", "--state", str(tmp_path / "state")]
    process = subprocess.Popen(
        [sys.executable, "-m", "eraforge", *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    assert "url" in json.loads(process.stdout.readline())
    began = time.monotonic()
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert time.monotonic() - began < PROMPT and "Traceback" not in err
    assert process.returncode in (0, 130)
