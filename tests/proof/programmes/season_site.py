"""Entries of three tournaments in one workspace, the tournaments they play in, and a real daemon between them."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from eraforge.core.clock import SystemClock, monotonic
from eraforge.simulator.faults.fault import RoundFault
from eraforge.simulator.faults.plan import FAULTS
from eraforge.simulator.server.inprocess import LocalTournament

BALANCE, STAKE = Decimal(1000), Decimal("10.000000000000000001")
SHARE, SHARE_OF_REQUESTS = 0.05, 0.008
LONG_FAULTS = {"hanging": {"seconds": 0.05}, "slow-bytes": {"seconds": 0.05, "pieces": 4}}
SCOPES = ("upload_submission", "download_submission", "read_submission_info", "read_user_info")
STOP_SECONDS = 60.0
TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")

HEAD = """
[server]
url = "{url}"
read_seconds = 10.0

[submit]
settle_seconds = 0.1

[run]
poll_seconds = 0.5
parallel = 6
report_weekday = 4

[prices.tokens]
source = "feed"
url = "/prices/crypto/daily.parquet"
"""
ENTRY = """
[entries.{name}]
arena = "{arena}"
account = "{arena}"
model = "{name}"
learner = "ridge"
settings = {{ penalty = {penalty} }}
folds = 0
{more}
"""
KINDS = ('retrain = "never"', 'retrain = "version"', "retrain = 20")
WITH_PRICES = 'prices = "tokens"\nprice_features = ["return_20", "hvol_20"]'


@dataclass(frozen=True)
class Player:
    """One entry: its name (that of its model too), its tournament, its model's identifier and first stake."""

    name: str
    arena: str
    tournament: int
    model_id: str
    stake: Decimal


def fault_plan() -> list[dict[str, Any]]:
    """Every fault there is: each of a round strikes one round in twenty, those of requests together one request in ten.

    The first fault that strikes a request wins, and a request can meet about a dozen of them: those that only few
    requests can meet stand first.
    """
    shares = {name: SHARE if issubclass(fault, RoundFault) else SHARE_OF_REQUESTS for name, fault in FAULTS.items()}
    return [{"name": name, "probability": shares[name], **LONG_FAULTS.get(name, {})} for name in reversed(FAULTS)]


def enrol(running: LocalTournament, entries: int) -> tuple[list[Player], dict[str, str]]:
    """An account a tournament with its share of the models, every second of them staked; the variables of their keys.

    Accounts that are there already, from an earlier part of the season, are given a new key.
    """
    engine, players, keys = running.tournament, [], {}
    for turn, (number, contest) in enumerate(engine.contests.items()):
        arena = contest.arena
        username = f"season_{arena.name}"
        if username not in engine.records.accounts:
            engine.add_account(username, BALANCE)
        token = engine.add_key(username, SCOPES)
        keys[f"{arena.name.upper()}_PUBLIC_ID"] = token.public
        keys[f"{arena.name.upper()}_SECRET_KEY"] = token.secret.reveal()
        for place in range(turn, entries, len(engine.contests)):
            name = f"{arena.name}_{place:02d}"
            known = engine.records.model_named(name, number)
            model = known.id if known else engine.add_model(username, name, STAKE * (place % 2), number)
            players.append(Player(name, arena.name, number, model, STAKE * (place % 2)))
    return players, keys


def configure(folder: Path, url: str, players: list[Player], more: str = "") -> None:
    """Write the workspace's eraforge.toml: entries differ in strength, training policy, damping and prices."""
    (folder / ".eraforge").mkdir(parents=True, exist_ok=True)
    parts = [HEAD.format(url=url) + more]
    for arena in dict.fromkeys(player.arena for player in players):
        parts.append(f'[accounts.{arena}]\nvariable_prefix = "{arena.upper()}_"\n')
        own = [player for player in players if player.arena == arena]
        for place, player in enumerate(own):
            more = KINDS[place % len(KINDS)]
            more += "\ndamp = true" if place == 1 else ""
            more += f"\n{WITH_PRICES}" if place == len(own) - 1 and not player.tournament % 12 else ""
            parts.append(ENTRY.format(name=player.name, arena=arena, penalty=round(0.1 * 1.3**place, 4), more=more))
    (folder / "eraforge.toml").write_text("\n".join(parts))


@dataclass(frozen=True)
class Footprint:
    """What a daemon takes of the machine: bytes of memory, open handles, seconds of processor time.

    Args:
        memory, handles: of the daemon alone; memory_of_workers: of the processes in which its entries compute.
        worked: by all of them.
    """

    memory: int
    memory_of_workers: int
    handles: int
    worked: float


class DaemonProcess:
    """`eraforge run` as a process of its own.

    Args:
        folder: the workspace.
        keys: variables with the keys of its accounts.
        log: where what it says goes.
    """

    def __init__(self, folder: Path, keys: dict[str, str], log: Path) -> None:
        self._said = log.open("ab")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "eraforge", "run", "--workspace", str(folder)],
            env={**os.environ, **keys},
            stdin=subprocess.DEVNULL,
            stdout=self._said,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self.process.poll() is None

    def footprint(self) -> Footprint:
        """What it takes now."""
        workers, own = self.workers(), Path(f"/proc/{self.process.pid}")
        memory, handles = _memory(self.process.pid), len(list((own / "fd").iterdir()))
        worked = sum(_worked(one) for one in (self.process.pid, *workers))
        return Footprint(memory, sum(_memory(one) for one in workers), handles, worked)

    def workers(self) -> list[int]:
        """The processes in which its entries compute."""
        found = []
        for file in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError):  # one that has just ended
                if int(_fields(file)[1]) == self.process.pid:
                    found.append(int(file.parent.name))
        return found

    def work_left(self, folder: Path) -> int:
        """Pieces of work in its queue that are waiting or under way."""
        asked = "SELECT count(*) FROM workflow_status WHERE status IN ('PENDING', 'ENQUEUED')"
        with closing(sqlite3.connect(f"file:{folder / '.eraforge' / 'turns.sqlite'}?mode=ro", uri=True)) as database:
            return int(database.execute(asked).fetchone()[0])

    def stop(self) -> int:
        """Ask it to end, as a service does; its exit status."""
        if self.alive:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(STOP_SECONDS)
        finally:
            if self.alive:
                self.process.kill()
                self.process.wait()
            self._said.close()


def _fields(file: Path) -> list[str]:
    return file.read_text().rpartition(")")[2].split()


def _memory(process: int) -> int:
    with suppress(OSError):
        return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * PAGE
    return 0


def _worked(process: int) -> float:
    """Seconds of processor time of a process and of those it has waited for."""
    with suppress(OSError):
        return sum(int(one) for one in _fields(Path(f"/proc/{process}/stat"))[11:15]) / TICKS
    return 0.0


@contextmanager
def daemon(folder: Path, keys: dict[str, str], log: Path) -> Iterator[DaemonProcess]:
    """A running daemon, stopped afterwards."""
    made = DaemonProcess(folder, keys, log)
    try:
        yield made
    finally:
        made.stop()


def until(what: Any, running: DaemonProcess, seconds: float) -> bool:
    """Wait until `what()` holds, for so many seconds at most; whether it does."""
    ends = monotonic() + seconds
    while not what():
        if not running.alive:
            raise RuntimeError(f"the daemon ended by itself with {running.process.returncode}: see its log")
        if monotonic() > ends:
            return False
        SystemClock().sleep(0.25)
    return True
