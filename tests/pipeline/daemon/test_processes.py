"""Real daemons, really killed: restarted or taken over, and the tournament holds one submission."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from daemon_desk import ridge, toml

from eraforge.core.clock import SystemClock, monotonic
from eraforge.store.ledger import Ledger

pytestmark = pytest.mark.timeout(400)  # whole daemons start and end here, beside whatever else the machine does
KILLER = Path(__file__).with_name("killed_daemon.py")
KILLED = -9


def start(workspace: Any, folder: Path, *killer: str) -> subprocess.Popen[str]:
    program = [str(KILLER), *killer, "--"] if killer else ["-m", "eraforge"]
    return subprocess.Popen(
        [sys.executable, *program, "run", "--workspace", str(folder)],
        env={**os.environ, **workspace.environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


@contextmanager
def running(workspace: Any, folder: Path, *killer: str) -> Iterator[subprocess.Popen[str]]:
    process = start(workspace, folder, *killer)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def until(what: Any, process: subprocess.Popen[str], seconds: float = 120.0) -> None:
    ends = monotonic() + seconds
    while not what():
        assert process.poll() is None, process.stdout and process.stdout.read()
        assert monotonic() < ends, "it never came to that"
        SystemClock().sleep(0.2)


def confirmed(address: str) -> int:
    with Ledger.open(address) as ledger:
        return len(list(ledger.events(kind="effect.confirmed")))


def created(workspace: Any, number: int) -> int:
    records = workspace.tournament.tournament.records.submissions.values()
    return sum(one.round == number for one in records)


def prepare(workspace: Any, more: str = "") -> Path:
    folder: Path = workspace.folder.parent / "daemon"
    (folder / ".eraforge").mkdir(parents=True)  # so that a ledger can be looked into before the daemon has begun
    text = toml(workspace.tournament, ridge(workspace.tournament), "\n[run]\npoll_seconds = 1.0\n" + more)
    (folder / "eraforge.toml").write_text(text)
    return folder


@pytest.mark.parametrize(("when", "method"), [("before", "create"), ("after", "create")])
def test_a_daemon_killed_in_the_middle_of_a_turn_ends_with_one_submission(
    workspace: Any, when: str, method: str
) -> None:
    folder = prepare(workspace)
    address = f"sqlite:///{folder / '.eraforge' / 'ledger.sqlite'}"
    with running(workspace, folder, when, method) as first:
        assert first.wait(120) == KILLED
    with running(workspace, folder) as second:
        until(lambda: confirmed(address) == 1, second)
        second.send_signal(signal.SIGTERM)
        assert second.wait(30) == 0
        assert second.stdout is not None and "stopped" in second.stdout.read()
    assert created(workspace, 1345) == 1
    with Ledger.open(address) as ledger:
        assert ledger.verify_chain() > 0 and not ledger.open_effects()
        assert [one.name.partition("/")[0] for one in ledger.leases()] == ["left"]


@pytest.mark.slow
def test_a_daemon_asked_to_stop_in_the_middle_of_a_training_goes_on_later(workspace: Any) -> None:
    """What was cut off is no failure of the entry: it is resumed, and nobody is told of trouble."""
    folder = prepare(workspace)
    text = (folder / "eraforge.toml").read_text().replace('"ridge"', '"lightgbm"')
    (folder / "eraforge.toml").write_text(text + "settings = { n_estimators = 1500, learning_rate = 0.01 }\n")
    address = f"sqlite:///{folder / '.eraforge' / 'ledger.sqlite'}"
    with running(workspace, folder) as first:
        until(lambda: "feature" in stages_done(address), first)
        first.send_signal(signal.SIGTERM)
        assert first.wait(30) == 0
    assert "fit" not in stages_done(address)
    with running(workspace, folder) as second:
        until(lambda: confirmed(address) == 1, second)
        second.send_signal(signal.SIGTERM)
        assert second.wait(30) == 0
    with Ledger.open(address) as ledger:
        assert {event.facts["code"] for event in ledger.events(kind="notice")} <= {"answer-confirmed"}
        assert not list(ledger.events(kind="entry.failed"))
    assert created(workspace, 1345) == 1


def stages_done(address: str) -> list[str]:
    with Ledger.open(address) as ledger:
        return [str(event.facts["stage"]) for event in ledger.events(kind="duration")]


def test_hosts_share_one_queue_and_take_over_what_a_killed_one_held(workspace: Any, database: str) -> None:
    """Three daemons on one PostgreSQL; the one that plays is killed while it holds the turn."""
    folder = prepare(workspace, f'\n[store]\nledger = "{database}"\n')
    with (
        running(workspace, folder, "before", "create") as doomed,
        running(workspace, folder, "before", "create") as doomed_too,
        running(workspace, folder) as survivor,
    ):
        until(lambda: confirmed(database) == 1, survivor)
        others = [one.poll() for one in (doomed, doomed_too)]
        assert set(others) <= {None, KILLED}
        for one in (doomed, doomed_too):
            one.kill()
        until(lambda: _hosts_told(database) >= others.count(KILLED), survivor)
        survivor.send_signal(signal.SIGTERM)
        assert survivor.wait(30) == 0
    assert created(workspace, 1345) == 1
    with Ledger.open(database) as ledger:
        assert ledger.verify_chain() > 0 and not ledger.open_effects()


def _hosts_told(address: str) -> int:
    with Ledger.open(address) as ledger:
        return sum(event.facts["code"] == "host-gone" for event in ledger.events(kind="notice"))
