"""Whole turns as real processes against the simulator over HTTP, and what must be true when they are over."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from eraforge.arenas.classic import CLASSIC
from eraforge.core.calendar import open_day, window
from eraforge.core.clock import SystemClock
from eraforge.simulator.server.inprocess import LocalTournament, local_tournament
from eraforge.simulator.tournament.records import READY_ACCOUNT
from eraforge.store.ledger import Ledger
from eraforge.store.objects import Objects

ROUND = 1345
HERE = Path(__file__).parent
CONFIGURATION = """
[server]
url = "{url}"

[submit]
settle_seconds = 0.0

[entries.linear]
model = "{model}"
learner = "ridge"
folds = 0
"""


@dataclass
class Site:
    """A simulator, the forking process, and a folder for workspaces."""

    folder: Path
    running: LocalTournament
    nursery: subprocess.Popen[str]
    outputs: list[Path] = field(default_factory=list)
    serial: int = 0
    known: dict[str, Any] = field(default_factory=dict)

    def workspace(self) -> Workspace:
        """A fresh folder with a fresh model of the account: nothing is known in it."""
        self.serial += 1
        name = f"proof{self.serial}"
        model_id = self.running.tournament.models.add(READY_ACCOUNT, name, Decimal(0), CLASSIC.tournament)
        folder = self.folder / name
        folder.mkdir()
        (folder / "eraforge.toml").write_text(CONFIGURATION.format(url=self.running.url, model=name))
        return Workspace(self, folder, model_id)

    def start(self, words: list[str], fatal: int = 0) -> int:
        self.outputs.append(self.folder / f"output{len(self.outputs)}")
        self._say({"words": words, "fatal": fatal, "out": str(self.outputs[-1])})
        return int(self._hear()["process"])

    def wait(self, process: int) -> int:
        self._say({"wait": process})
        return int(self._hear()["code"])

    def _say(self, order: dict[str, Any]) -> None:
        assert self.nursery.stdin is not None
        self.nursery.stdin.write(json.dumps(order) + "\n")
        self.nursery.stdin.flush()

    def _hear(self) -> dict[str, Any]:
        assert self.nursery.stdout is not None
        answer: dict[str, Any] = json.loads(self.nursery.stdout.readline())
        return answer


@dataclass
class Workspace:
    """One workspace, its model, and what became of its turn."""

    site: Site
    folder: Path
    model_id: str

    @property
    def words(self) -> list[str]:
        return ["submit", "--entry", "linear", "--json", "--workspace", str(self.folder)]

    def play(self, fatal: int = 0) -> int:
        """Play the turn to its end, or to its death at that step; the exit status."""
        return self.site.wait(self.site.start(self.words, fatal))

    def play_and_kill(self, seconds: float) -> bool:
        """Kill the turn after so many seconds; whether it was still at it."""
        process = self.site.start(self.words)
        SystemClock().sleep(seconds)
        os.kill(process, signal.SIGKILL)  # nobody has waited for it yet: the number is still its own
        return self.site.wait(process) == -signal.SIGKILL

    def steps(self) -> list[str]:
        """The durable steps of the last play that ended by itself."""
        return Path(f"{self.site.outputs[-1]}.steps").read_text().splitlines()

    def state(self) -> dict[str, Any]:
        """What ledger, store and tournament hold in the end; equal for every turn that ended as it should."""
        with Ledger.open(f"sqlite:///{self.folder / '.eraforge' / 'ledger.sqlite'}") as ledger:
            chain = ledger.verify_chain() == ledger.head()[0]
            confirmed = [str(event.facts["payload"]) for event in ledger.events(kind="effect.confirmed")]
            still_open = len(ledger.open_effects())
            stages = {name: ledger.stage_outputs(name) for name in ("check", "predict")}
        objects = Objects(self.folder / ".eraforge" / "objects")
        records = self.site.running.tournament.records.submissions.values()
        held = [one for one in records if one.model_id == self.model_id]
        return {
            "created": len(held),
            "held": [one.digest for one in held],
            "confirmed": confirmed,
            "open": still_open,
            "chain": chain,
            "rotten": len(list(objects.verify())),
            "objects": sorted(objects.digests()),
            "stages": stages,
        }


@contextmanager
def open_site() -> Iterator[Site]:
    """A simulator in the window of round 1345, and a nursery whose children have its keys."""
    with TemporaryDirectory() as name, local_tournament(Path(name) / "tournament") as running:
        opens, _ = window(CLASSIC.calendar, open_day(CLASSIC.calendar, ROUND))
        running.tournament.advance(opens.replace(minute=1))
        keys = {"NUMERAI_PUBLIC_ID": running.public_id, "NUMERAI_SECRET_KEY": running.secret_key}
        with subprocess.Popen(
            [sys.executable, str(HERE / "nursery.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, **keys},
        ) as nursery:
            yield Site(Path(name), running, nursery)
            assert nursery.stdin is not None
            nursery.stdin.close()
