"""Plays a season: moves the tournaments' clock from window to window while a real daemon lives by it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from time import process_time

from eraforge.arenas.classic import CLASSIC
from eraforge.core.calendar import open_day, round_number, window
from eraforge.core.clock import SystemClock, monotonic
from eraforge.core.words import Phase, Round
from eraforge.pipeline.daemon.chores import AFTER_HOUR, SYNCED
from eraforge.pipeline.notices.office import TOLD
from eraforge.simulator.server.inprocess import LocalTournament
from eraforge.simulator.tournament.engine import START
from eraforge.store.atomic import write_atomic
from eraforge.store.ledger import Ledger
from programmes.season_site import DaemonProcess, Player, fault_plan, until

FIRST = round_number(CLASSIC.calendar, START.date())  # the round that opens next in a fresh tournament
MINUTE = timedelta(minutes=1)
QUIET_SECONDS, LONGEST_SECONDS, CHORE_SECONDS = 1.2, 900.0, 240.0
SMALL_LEAP, LARGE_LEAP, NEAR = timedelta(seconds=30), timedelta(minutes=4), timedelta(minutes=16)
STAKED_EVERY = 10
STEP = Decimal("1.000000000000000001")


@dataclass
class Sample:
    """What one round took.

    Args:
        life: which of the daemon's processes it was, from 1; a season played in parts has several.
        seconds: of real time.
        worked, simulated: seconds of processor time, by the daemon with its workers and by the simulator.
        memory, workers: bytes held by the daemon and by the processes in which its entries compute.
        handles: files the daemon holds open.
        ledger: bytes of the ledger and of the record of turns.
    """

    round: int
    life: int
    seconds: float
    worked: float
    simulated: float
    memory: int
    workers: int
    handles: int
    ledger: int


@dataclass
class Notes:
    """What is known of the season so far, kept in one file that is replaced as a whole after each round."""

    path: Path
    samples: list[Sample] = field(default_factory=list)
    ended: int = 0
    lives: int = 0

    @classmethod
    def read(cls, path: Path) -> Notes:
        """The notes at that path; empty ones where there are none."""
        if not path.exists():
            return cls(path)
        told = json.loads(path.read_text())
        return cls(path, [Sample(**one) for one in told["samples"]], told["ended"], told["lives"])

    def write(self) -> None:
        """Keep them."""
        told = {"samples": [asdict(one) for one in self.samples], "ended": self.ended, "lives": self.lives}
        write_atomic(self.path, json.dumps(told).encode())


@dataclass
class Season:
    """The tournaments, the daemon that plays in them, and its ledger, which is only read here, up to event `read`."""

    running: LocalTournament
    daemon: DaemonProcess
    ledger: Ledger
    players: list[Player]
    notes: Notes
    workspace: Path
    read: int = 0

    def play(self, rounds: int) -> None:
        """Play until that many rounds of each tournament are over, the ones noted before among them.

        No fault strikes in the last one, so that the daemon can read what earlier evenings kept from it.
        """
        until(self._awake, self.daemon, LONGEST_SECONDS)
        last = FIRST + rounds - 1
        first = FIRST + len(self.notes.samples)
        for number in range(first, last + 1):
            if number in (first, last):
                self.running.disturb(*([] if number == last else fault_plan()))
            began, before, simulated = monotonic(), self.daemon.footprint().worked, process_time()
            self._advance(window(CLASSIC.calendar, open_day(CLASSIC.calendar, number))[0] + MINUTE)
            self._fill(number)
            if number % STAKED_EVERY == 0:
                self._restake(number)
            self._have_chores_done(number)
            found = self.daemon.footprint()
            files = [self.workspace / ".eraforge" / name for name in ("ledger.sqlite", "turns.sqlite")]
            sample = Sample(
                round=number,
                life=self.notes.lives,
                seconds=round(monotonic() - began, 1),
                worked=round(found.worked - before, 2),
                simulated=round(process_time() - simulated, 2),
                memory=found.memory,
                workers=found.memory_of_workers,
                handles=found.handles,
                ledger=sum(file.stat().st_size for file in files),
            )
            self.notes.samples.append(sample)
            self.notes.write()
            print(f"round {number}: {sample}", flush=True)

    def _awake(self) -> bool:
        """Whether the daemon has begun to look: it holds a lease then."""
        process = str(self.daemon.process.pid)
        return any(process in one.holder.split(":") for one in self.ledger.leases())

    def _window(self, player: Player, number: int) -> Round:
        return self.running.tournament.contests[player.tournament].rounds.get(number)

    def _confirmed(self, number: int) -> set[str]:
        """Names of the entries whose answer for the round is confirmed in the daemon's ledger, or held for a person."""
        left = [one for one in self.ledger.open_effects() if one.effect.slot.round == number]
        held = {one.effect.slot.model for one in left if one.phase is Phase.HELD}
        return held | {one.slot.model for one in self.ledger.submissions(round_number=number) if one.effect}

    def _fill(self, number: int) -> None:
        """Let the clock run beside real time while a window is open and waits; leap where the daemon waits too."""
        ends = monotonic() + LONGEST_SECONDS
        self.running.run(1.0)
        while True:
            confirmed, now = self._confirmed(number), self.running.now()
            empty = [one for one in self.players if one.name not in confirmed]
            waiting = [self._window(one, number) for one in empty if self._window(one, number).closes > now]
            if not waiting:
                break
            opens = min(one.opens for one in waiting)
            if opens > now:
                self._advance(opens + MINUTE)
                continue
            closes = min(one.closes for one in waiting)
            count = len(confirmed)
            quiet = not until(lambda count=count: len(self._confirmed(number)) > count, self.daemon, QUIET_SECONDS)
            if quiet and (not self._busy() or monotonic() > ends):
                self._leap(closes - now)
        self.running.run(None)

    def _busy(self) -> bool:
        """Whether the daemon has work that is not done: then it needs real time, not a later hour."""
        return self.daemon.work_left(self.workspace) > 0

    def _leap(self, left: timedelta) -> None:
        """Nothing happens for a while: let virtual time pass, in small steps once the deadline is near."""
        self.running.advance(min(LARGE_LEAP, left - NEAR) if left > NEAR + SMALL_LEAP else SMALL_LEAP)

    def _have_chores_done(self, number: int) -> None:
        """On the evening of the round's day: scores and payouts are read, what is due is trained."""
        day = open_day(CLASSIC.calendar, number)
        self._advance(self._evening(day))
        evening, asked = self.running.now().date(), set[str]()
        until(lambda: self._asked(evening, asked) >= len(self.players), self.daemon, CHORE_SECONDS)
        until(lambda: not self._busy(), self.daemon, CHORE_SECONDS)

    def _evening(self, day: date) -> datetime:
        return datetime.combine(day, time(AFTER_HOUR, 50), UTC)

    def _asked(self, evening: date, asked: set[str]) -> int:
        """Entries whose scores were asked for that evening, whether or not the tournament answered."""
        head, _ = self.ledger.head()
        for event in self.ledger.events(kind=SYNCED, after=self.read):
            asked |= {event.subject} if event.at.date() == evening else set()
        for event in self.ledger.events(kind=TOLD, after=self.read):
            code, _, rest = event.subject.partition("/")
            name, _, day = rest.partition("/")
            asked |= {name} if (code, day) == ("scores-failed", str(evening)) else set()
        self.read = head
        SystemClock().sleep(1.0)
        return len(asked)

    def _restake(self, number: int) -> None:
        """The owner of a staked model changes its stake, at the tournament's own site."""
        staked = [one for one in self.players if one.stake]
        player = staked[number // STAKED_EVERY % len(staked)]
        engine = self.running.tournament
        owner = engine.records.accounts[engine.records.models[player.model_id].username]
        token = next(one for one in owner.tokens if "stake" in one.scopes)
        session = engine.session(f"Token {token.public}${token.secret.reveal()}")
        kind = "decrease" if number // STAKED_EVERY % 3 == 0 else "increase"
        value = str(STEP + Decimal(number % 1000) / 1000)
        asked = [one.facts.get("value") for one in engine.records.orders if one.facts.get("model") == player.model_id]
        if value not in asked:  # a round that is gone on with was restaked before
            engine.stakes.change(session, player.model_id, kind, value)

    def _advance(self, moment: datetime) -> None:
        if moment > self.running.now():
            self.running.advance(moment)
