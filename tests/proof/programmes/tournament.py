"""A tournament in virtual time that loses calls, answers late and shows late; and processes that die."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np

from eraforge.core.errors import Ambiguous, Transient
from eraforge.core.ports import Submission, Ticket


class Crash(BaseException):
    """The process dies here."""


class VirtualClock:
    """A clock that stands still unless it is told to go on."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.at += timedelta(seconds=max(seconds, 0.0))


@dataclass
class Rates:
    """How often what goes wrong with a call; crashes also strike before and after every write of the ledger."""

    refused: float = 0.04
    before: float = 0.07
    after: float = 0.10
    hang_before: float = 0.04
    hang_after: float = 0.06
    crash_before: float = 0.04
    crash_after: float = 0.05
    crash_step: float = 0.02
    read: float = 0.05


CREATES = ("refused", "before", "after", "hang_before", "hang_after", "crash_before", "crash_after")


@dataclass(frozen=True)
class Created:
    """A submission the tournament made: when it arrived there, and from when on it is shown."""

    filename: str
    model_id: str
    round: int
    arrived: datetime
    visible: datetime


@dataclass
class FaultyTournament:
    """Reader and writer of one account.

    Args:
        clock: the tournament's clock.
        generator: draws every fault.
        most_lag: a submission is shown at most so many seconds after its call ended or was cut.
    """

    clock: VirtualClock
    generator: np.random.Generator
    rates: Rates = field(default_factory=Rates)
    most_lag: float = 6.5
    round: int = 1345
    objects: dict[str, bytes] = field(default_factory=dict)
    created: list[Created] = field(default_factory=list)
    met: dict[str, int] = field(default_factory=dict)
    count: int = 0

    def step(self, name: str) -> None:
        """Die at a step of the ledger now and then."""
        if self.generator.random() < self.rates.crash_step:
            self._meet("crash at the ledger")
            raise Crash

    def authorise(self, arena: object, model_id: str, filename: str) -> Ticket:
        self._read("authorise")
        self.count += 1
        return Ticket(f"{filename.removesuffix('.csv')}-{self.count:06d}.csv", "http://put")

    def put(self, ticket: Ticket, data: bytes) -> None:
        self._read("put")
        self.objects[ticket.filename] = data

    def create(self, arena: object, model_id: str, ticket: Ticket) -> str:
        fault = self._fault()
        self._meet(fault)
        took = float(self.generator.uniform(0.05, 2.0))
        hang = float(self.generator.uniform(20.0, 55.0)) if fault.startswith("hang") else 0.0
        self.clock.sleep(took)
        if fault == "refused":
            raise Transient("no-connection", "There is no connection; nothing happened.", "Try again.")
        if fault in ("none", "after", "hang_after", "crash_after"):
            arrived = self.clock.now() + timedelta(seconds=hang * float(self.generator.random()))
            lag = float(self.generator.uniform(0.0, self.most_lag)) if self.generator.random() < 0.5 else 0.0
            shown = self.clock.now() + timedelta(seconds=hang + lag)
            self.created.append(Created(ticket.filename, model_id, self.round, arrived, shown))
        self.clock.sleep(hang)
        if fault.startswith("crash"):
            raise Crash
        if fault != "none":
            raise Ambiguous("planted", "It may have happened.", "Read back.")
        return f"id-{ticket.filename}"

    def submissions(self, model_id: str) -> list[Submission]:
        self._read("submissions")
        now = self.clock.now()
        shown = [one for one in self.created if one.visible <= now and one.model_id == model_id]
        return [Submission(f"id-{one.filename}", one.filename, one.round, 8, True) for one in shown]

    def submission_bytes(self, submission_id: str) -> bytes:
        self._read("bytes")
        return self.objects[submission_id.removeprefix("id-")]

    def _read(self, name: str) -> None:
        """A call that changes no round: slow, hanging, refused, or the process dies in it."""
        self.clock.sleep(0.2)
        if self.generator.random() >= self.rates.read:
            return
        kinds = ("lost", "hang", "crash") if self.rates.crash_step else ("lost", "hang")
        kind = kinds[int(self.generator.integers(len(kinds)))]
        self._meet(f"{kind} at a read")
        if kind == "crash":
            raise Crash
        self.clock.sleep(20.0 if kind == "hang" else 0.0)
        raise Transient("planted-read", f"{name} was not answered.", "Try again.")

    def _fault(self) -> str:
        drawn = float(self.generator.random())
        for name in CREATES:
            drawn -= getattr(self.rates, name)
            if drawn < 0:
                return name
        return "none"

    def _meet(self, fault: str) -> None:
        self.met[fault] = self.met.get(fault, 0) + 1
