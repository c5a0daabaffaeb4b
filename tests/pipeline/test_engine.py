"""kill -9 anywhere, start again: the same final state, with one submission."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from eraforge.core.errors import EraforgeError, Transient
from eraforge.core.words import Entry
from eraforge.pipeline.engine import Engine, Fetched
from eraforge.store.ledger import Ledger

HARNESS = Path(__file__).with_name("killed_at.py")
KILLED = -9


def play(workspace: Any, fatal: int, folder: Path, steps: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **workspace.environment}
    if steps is not None:
        environment["ERAFORGE_STEPS"] = str(steps)
    words = ["submit", "--entry", "linear", "--json", "--workspace", str(folder)]
    return subprocess.run(
        [sys.executable, str(HARNESS), str(fatal), "--", *words],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )


def fresh_folder(workspace: Any, name: str, number: int) -> Path:
    """A new workspace folder for the next round: nothing of an earlier one is known in it."""
    workspace.move_to_round(number)
    folder = Path(workspace.folder.parent / name)
    folder.mkdir()
    (folder / "eraforge.toml").write_text((workspace.folder / "eraforge.toml").read_text())
    return folder


def end_state(folder: Path, number: int) -> dict[str, Any]:
    """What the ledger says in the end, and that its chain and objects hold."""
    with Ledger.open(f"sqlite:///{folder / '.eraforge' / 'ledger.sqlite'}") as ledger:
        assert ledger.verify_chain() > 0
        assert not ledger.open_effects()
        phases = [event.kind for event in ledger.events() if event.kind == "effect.confirmed"]
    return {"confirmed": len(phases), "round": number}


def created(workspace: Any, number: int) -> int:
    """How many submissions of the round the tournament ever created for the model, by its own journal."""
    query = "query($modelId: String) { model(modelId: $modelId) { submissions { filename round { number } } } }"
    model_id = workspace.tournament.models[sorted(workspace.tournament.models)[0]]
    token = f"Token {workspace.tournament.public_id}${workspace.tournament.secret_key}"
    answer = httpx.post(
        workspace.tournament.url,
        json={"query": query, "variables": {"modelId": model_id}},
        headers={"Authorization": token},
    ).json()
    return sum(one["round"]["number"] == number for one in answer["data"]["model"]["submissions"])


def survive(workspace: Any, fatal: int, number: int) -> str:
    """Kill at the step, start again, and require the undisturbed end; returns the receipt's digest."""
    folder = fresh_folder(workspace, f"killed-{fatal}", number)
    first = play(workspace, fatal, folder)
    assert first.returncode == KILLED, f"step {fatal} was not reached: {first.stdout[-300:]} {first.stderr[-300:]}"
    second = play(workspace, 0, folder)
    assert second.returncode == 0, second.stdout + second.stderr
    assert end_state(folder, number) == {"confirmed": 1, "round": number}
    assert created(workspace, number) == 1
    facts = json.loads(second.stdout)
    digest: str = facts["entries"][0]["outcome"]["receipt"]["digest"]
    return digest


def count_steps(workspace: Any, tmp_path: Path) -> list[str]:
    folder = fresh_folder(workspace, "undisturbed", 1345)
    run = play(workspace, 0, folder, tmp_path / "steps")
    assert run.returncode == 0, run.stdout + run.stderr
    assert end_state(folder, 1345) == {"confirmed": 1, "round": 1345}
    return (tmp_path / "steps").read_text().splitlines()


def test_a_turn_killed_around_its_submission_ends_as_if_undisturbed(workspace: Any, tmp_path: Path) -> None:
    steps = count_steps(workspace, tmp_path)
    chosen = [
        1 + steps.index("before NumeraiWriter.create"),
        1 + steps.index("after NumeraiWriter.create"),
        1 + steps.index("after NumeraiWriter.put"),
        len(steps) // 3,
    ]
    for number, fatal in enumerate(chosen, 1346):
        survive(workspace, fatal, number)


@pytest.mark.slow
def test_a_turn_killed_at_every_step_ends_as_if_undisturbed(workspace: Any, tmp_path: Path) -> None:
    steps = count_steps(workspace, tmp_path)
    for fatal in range(1, len(steps) + 1):
        survive(workspace, fatal, 1345 + fatal)


def test_an_old_sqlite_is_taught_the_fractions_of_seconds_that_the_engine_asks_for(tmp_path: Path) -> None:
    """SQLite before 3.42 answers NULL, and under Python 3.12 no turn could begin."""
    import sqlalchemy

    from eraforge.core.clock import SystemClock
    from eraforge.pipeline.engine import _fractions_of_seconds

    def asked(name: str) -> float | None:
        engine = sqlalchemy.create_engine(f"sqlite:///{tmp_path / name}")
        with engine.connect() as connection:
            connection.execute(sqlalchemy.text("create table t (x integer, at bigint default (unixepoch('subsec')))"))
            connection.execute(sqlalchemy.text("insert into t (x) values (1)"))
            found = connection.execute(sqlalchemy.text("select at from t")).scalar()
        engine.dispose()
        return found

    with _fractions_of_seconds():
        told = asked("taught.sqlite")
    assert told is not None and abs(told - SystemClock().now().timestamp()) < 60


class Handle:
    """A turn of a line: it says it began, waits to be let through its download and ends when told."""

    def __init__(self, entry: Entry, fetched: Fetched, error: EraforgeError | None = None) -> None:
        self.entry, self.fetched, self.error = entry, fetched, error
        self.began, self.downloaded, self.over = threading.Event(), threading.Event(), threading.Event()

    def get_result(self) -> dict[str, Any]:
        self.began.set()
        if self.error is not None:
            raise self.error
        assert self.downloaded.wait(20)
        self.fetched.tell(self.entry, 1)
        assert self.over.wait(20)
        return {"entry": self.entry.name}


def lines(names: str, failing: str = "") -> tuple[Engine, dict[str, Handle], list[list[Entry]]]:
    fetched = Fetched()
    entries = [Entry(name, "main", name, "classic", "ridge") for name in names]
    stopped = Transient("server-away", "It is away.", "Wait.")
    handles = {one.name: Handle(one, fetched, stopped if one.name == failing else None) for one in entries}
    engine = Engine(None, {}, fetched)  # type: ignore[arg-type]
    engine.start = lambda entry, number: handles[entry.name]  # type: ignore[assignment, method-assign, return-value]
    return engine, handles, [[one] for one in entries]


def test_a_line_begins_when_the_one_before_it_has_its_files_and_no_later() -> None:
    engine, handles, sides = lines("ab")
    done: list[str] = []
    with ThreadPoolExecutor(1) as pool:
        played = pool.submit(engine.play_lines, sides, 1, lambda entry: done.append(entry.name))
        assert handles["a"].began.wait(20)
        assert not handles["b"].began.wait(0.3)
        handles["a"].downloaded.set()
        assert handles["b"].began.wait(20)
        for name in "ba":
            handles[name].downloaded.set()
            handles[name].over.set()
        assert played.result(20) == {"a": {"entry": "a"}, "b": {"entry": "b"}}
    assert sorted(done) == ["a", "b"]


def test_a_line_that_stops_before_it_has_its_files_holds_up_no_other() -> None:
    engine, handles, sides = lines("ab", failing="a")
    handles["b"].downloaded.set()
    handles["b"].over.set()
    with pytest.raises(Transient) as caught:
        engine.play_lines(sides, 1, lambda entry: None)
    assert caught.value.code == "server-away"
    assert handles["b"].began.is_set()
