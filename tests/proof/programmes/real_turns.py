"""Whole turns as real processes against the simulator over HTTP, and what must be true when they are over."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from typing import Any

from eraforge.arenas.classic import CLASSIC
from eraforge.core.calendar import open_day, window
from eraforge.simulator.server.inprocess import LocalTournament, local_tournament
from eraforge.simulator.tournament.records import READY_ACCOUNT
from eraforge.store.ledger import Ledger
from eraforge.store.objects import Objects

ROUND = 1345
HERE = Path(__file__).parent
ALONE = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "NUMBA_NUM_THREADS", "POLARS_MAX_THREADS"), "1")
"""Variables that keep libraries from starting threads in the nursery when it imports them."""
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

    def start(self, words: list[str], step: int = 0, part: str = "", delay: float = 0, blind: bool = False) -> int:
        """Fork a process for the command; see nursery.py for the ways it may die, and for what it is blind to."""
        self.outputs.append(self.folder / f"output{len(self.outputs)}")
        order = {"words": words, "step": step, "part": part, "delay": delay, "blind": blind}
        self._say({**order, "out": str(self.outputs[-1])})
        return int(self._hear()["process"])

    def wait(self, process: int) -> int:
        self._say({"wait": process})
        return int(self._hear()["code"])

    def wait_any(self) -> tuple[int, int]:
        """Wait for whichever process ends next; its number and exit status."""
        self._say({"wait": -1})
        heard = self._hear()
        return int(heard["process"]), int(heard["code"])

    def preload(self) -> None:
        """Have the nursery import what the last process had to import."""
        self._say({"import": sorted(Path(f"{self.outputs[-1]}.modules").read_text().split())})
        assert self._hear()["threads"] == [], "the nursery runs threads: it must fork nothing"

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
    outputs: list[Path] = field(default_factory=list)

    @property
    def words(self) -> list[str]:
        return ["submit", "--entry", "linear", "--json", "--workspace", str(self.folder)]

    def start(self, step: int = 0, part: str = "", delay: float = 0, blind: bool = False) -> int:
        """Begin to play the turn; the process."""
        process = self.site.start(self.words, step, part, delay, blind)
        self.outputs.append(self.site.outputs[-1])
        return process

    def play(self, step: int = 0) -> int:
        """Play the turn to its end, or to its death at that durable step; the exit status."""
        return self.site.wait(self.start(step))

    def steps(self) -> list[str]:
        """The durable steps of the last play that ended by itself."""
        return Path(f"{self.site.outputs[-1]}.steps").read_text().splitlines()

    def keep(self) -> Path:
        """A copy of the workspace and of what its processes printed that outlives the proof, to look for causes in."""
        kept = Path(mkdtemp(prefix=f"eraforge-{self.folder.name}-"))
        shutil.copytree(self.folder, kept, dirs_exist_ok=True)
        for number, output in enumerate(self.outputs):
            shutil.copy(output, kept / f"output{number}")
            shutil.copy(f"{output}.marks", kept / f"marks{number}")
        return kept

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
            env={**os.environ, **keys, **ALONE},
        ) as nursery:
            yield Site(Path(name), running, nursery)
            assert nursery.stdin is not None
            nursery.stdin.close()
