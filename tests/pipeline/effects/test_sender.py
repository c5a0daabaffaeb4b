"""Who may still be sending: this process, a dead one, a living one, another host; and one sender at a time."""

from __future__ import annotations

import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from eraforge.arenas.classic import CLASSIC
from eraforge.core.clock import StandingClock, SystemClock
from eraforge.core.configuration import SubmitTable
from eraforge.core.errors import EraforgeError
from eraforge.core.ports import Submission, Ticket
from eraforge.core.words import Effect, EffectKind, Phase, Predictions, Round, Slot
from eraforge.pipeline.effects import Effects
from eraforge.pipeline.effects.sender import may_be_running, this_process
from eraforge.store.ledger import Ledger

OPENS = datetime(2026, 9, 1, 12, tzinfo=UTC)
ROUND = Round("classic", 1345, OPENS, OPENS + timedelta(hours=1))


def test_the_living_and_the_dead() -> None:
    assert not may_be_running(this_process()) and not may_be_running("")
    code = "from eraforge.pipeline.effects.sender import this_process; print(this_process(), flush=True); input()"
    process = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None and process.stdin is not None
    name = process.stdout.readline().strip()
    assert may_be_running(name)
    host, number, _ = name.rsplit(":", 2)
    assert not may_be_running(f"{host}:{number}:1")  # another process got that number later
    assert may_be_running(f"another-{host}:{number}:1")  # of other hosts nothing is known
    process.kill()
    SystemClock().sleep(0.2)
    assert not may_be_running(name)  # also while nobody has waited for it
    process.communicate()


class Slow:
    """A tournament whose creation takes real time and whose calls are counted."""

    def __init__(self) -> None:
        self.created: list[str] = []
        self.objects: dict[str, bytes] = {}

    def authorise(self, arena: object, model_id: str, filename: str) -> Ticket:
        return Ticket(filename, "http://put")

    def put(self, ticket: Ticket, data: bytes) -> None:
        self.objects[ticket.filename] = data

    def create(self, arena: object, model_id: str, ticket: Ticket) -> str:
        SystemClock().sleep(0.3)
        self.created.append(ticket.filename)
        return f"id-{ticket.filename}"

    def submissions(self, model_id: str) -> list[Submission]:
        return [Submission(f"id-{name}", name, 1345, 8, True) for name in self.created]

    def submission_bytes(self, submission_id: str) -> bytes:
        return self.objects[submission_id.removeprefix("id-")]


def answer(shift: float = 0.0) -> Predictions:
    frame = pl.DataFrame({"id": ["a", "b", "c"], "prediction": np.array([0.1, 0.5, 0.7]) + shift})
    return Predictions(Slot("main", "alpha", "classic", 1345), frame)


@pytest.fixture
def ledger(tmp_path: Path):  # type: ignore[no-untyped-def]
    with Ledger.open(f"sqlite:///{tmp_path / 'ledger.sqlite'}") as opened:
        yield opened


@pytest.mark.parametrize("shift", [0.0, 0.05])
def test_threads_that_want_the_same_slot_send_once(ledger: Ledger, shift: float) -> None:
    server, errors = Slow(), []
    clock = StandingClock(OPENS + timedelta(minutes=5))

    def play(place: int) -> None:
        table = SubmitTable(settle_seconds=0.0)
        effects = Effects("http://127.0.0.1:1", ledger, server, server, clock, table)  # type: ignore[arg-type]
        try:
            effects.submit(answer(shift * place), CLASSIC, ROUND, "m1")
        except EraforgeError as error:
            errors.append(error.code)

    threads = [threading.Thread(target=play, args=(place,)) for place in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(server.created) == 1
    assert errors == ([] if shift == 0 else ["already-submitted"] * 5)


def test_what_another_host_may_still_be_sending_is_waited_for(ledger: Ledger) -> None:
    """Its call could arrive until its deadline: before that, nothing is taken for absent."""
    predictions, server = answer(), Slow()
    clock = StandingClock(OPENS + timedelta(minutes=5))
    from eraforge.core.digest import digest_bytes

    effect = Effect(EffectKind.SUBMIT, predictions.slot, digest_bytes(predictions.csv("id", "prediction")))
    ledger.intend(effect, {"model_id": "m1"}, clock.now())
    deadline = clock.now() + timedelta(seconds=20)
    facts = {"filename": "theirs.csv", "sender": "another-host:1:1"}
    ledger.advance(effect.key, Phase.SENT, facts, clock.now(), deadline=deadline)
    table = SubmitTable(settle_seconds=0.0)
    Effects("http://127.0.0.1:1", ledger, server, server, clock, table).submit(predictions, CLASSIC, ROUND, "m1")  # type: ignore[arg-type]
    again = [event.at for event in ledger.events(kind="effect.intended")][1]
    assert again >= deadline and len(server.created) == 1
