"""Commands about stakes in any order, with faults, crashes and time: no move unapproved, twice, or over its limits."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import numpy as np

from eraforge.arenas.classic import CLASSIC
from eraforge.core.clock import StandingClock
from eraforge.core.errors import Broken, EraforgeError, UserError
from eraforge.pipeline.effects.money.approvals import Approvals
from eraforge.portfolio.stake_plan import StakePlan, require_within
from programmes.by_path import load
from programmes.figures import Figure, Proof
from programmes.memory_ledger import MemoryLedger
from programmes.tournament import Crash

FULL = 1_000_000
NOW = datetime(2026, 9, 1, 12, 5, tzinfo=UTC)
SEQUENCE = 50  # commands before a new account begins
FAULTS = ("none", "none", "lost", "unanswered", "nothing", "refused", "crash", "crash after")
COMMANDS, SHARES = ("plan", "approve", "move", "wait", "lag"), (0.25, 0.2, 0.4, 0.1, 0.05)
CRASH_STEP = 0.01


@dataclass
class Account:
    """One account whose stake is moved about, and what its bank saw."""

    generator: np.random.Generator
    money: Any
    seen: Counter[str]
    clock: StandingClock = field(default_factory=lambda: StandingClock(NOW))
    plans: list[StakePlan] = field(default_factory=list)
    approved: dict[str, datetime] = field(default_factory=dict)
    sent: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.ledger = MemoryLedger(self._step)
        self.bank = self.money.Bank()
        self.reckless = False

    def _step(self, name: str) -> None:
        if self.generator.random() < CRASH_STEP:
            raise Crash

    def do(self, command: str) -> None:
        """One command; whatever stops it is what a person would be told."""
        try:
            getattr(self, command)()
        except (EraforgeError, Crash, self.money.Crash) as error:
            self.seen["crashes"] += not isinstance(error, EraforgeError)
            self.seen["broken"] += isinstance(error, Broken)

    def plan(self) -> None:
        self.clock.sleep(1)
        level = max(self.bank.visible + int(self.generator.integers(-35, 36)), Decimal(0))
        plan = StakePlan("main", "classic", "alpha", 1345, self.bank.visible, level, self.clock.now())
        try:
            require_within(plan, self.money.LIMITS)
        except UserError:
            self.seen["plans over a limit refused"] += 1
            return
        Approvals(self.ledger).remember(plan, self.clock.now())
        self.plans.append(plan)

    def approve(self) -> None:
        if self.plans:
            plan = self.plans[int(self.generator.integers(len(self.plans)))]
            expires = Approvals(self.ledger).approve(plan, 1, self.clock.now())
            self.approved[plan.digest] = expires

    def move(self) -> None:
        if not self.plans:
            return
        plan = self.plans[-1 - int(self.generator.integers(min(len(self.plans), 3)))]
        self.bank.faults = [str(self.generator.choice(FAULTS))]
        before, moment = len(self.bank.calls), self.clock.now()
        try:
            self.money.door(self.ledger, self.bank, self.clock).move_stake(plan, CLASSIC, "m1")
        finally:
            for change in self.bank.calls[before:]:
                self._judge(plan, change, moment)

    def wait(self) -> None:
        self.clock.sleep(60 * int(self.generator.integers(1, 50)))

    def lag(self) -> None:
        self.bank.lag = bool(self.generator.random() < 0.5)
        self.bank.catch_up()

    def _judge(self, plan: StakePlan, change: Decimal, moment: datetime) -> None:
        self.seen["moves"] += 1
        self.seen["unapproved"] += not self._was_approved(plan, moment)
        self.seen["doubled"] += plan.digest in self.sent
        within = abs(change) <= self.money.LIMITS.most_move and plan.target <= self.money.LIMITS.most_stake
        self.seen["over limit"] += not within or change != plan.change
        self.sent.add(plan.digest)

    def _was_approved(self, plan: StakePlan, moment: datetime) -> bool:
        """By the log of what the person did, not by what the product remembers."""
        given = list(self.ledger.events(kind="stake.approved", subject=plan.digest))
        return bool(given) and moment < datetime.fromisoformat(str(given[-1].facts["expires"]))


def prove(scale: int, first: int = 1) -> Proof:
    """Give `scale` commands, in sequences of fifty."""
    money, seen = load("pipeline/effects/test_money.py"), Counter[str]()
    for number in range(scale // SEQUENCE):
        generator = np.random.default_rng(first + number)
        account = Account(generator, money, seen)
        for command in generator.choice(COMMANDS, size=SEQUENCE, p=SHARES):
            account.do(str(command))
        stake = account.bank.stake_now
        seen["sums off"] += stake != money.Bank().stake_now + sum(account.bank.applied, Decimal(0))
    figures = (
        Figure("P10", "moves without a fresh approval", seen["unapproved"], "== 0", seen["moves"]),
        Figure("P10", "plans carried out twice", seen["doubled"], "== 0", seen["moves"]),
        Figure("P10", "moves over a limit", seen["over limit"], "== 0", seen["moves"]),
        Figure("P11", "stakes that are not the sum of their moves", seen["sums off"], "== 0", scale // SEQUENCE),
        Figure("P10", "faults of our own on the way", seen["broken"], "== 0"),
        Figure("P10", "stake moves asked of the bank", seen["moves"], ">= 1"),
        Figure("P10", "plans over a limit refused", seen["plans over a limit refused"], ">= 1"),
        Figure("P10", "crashes", seen["crashes"], ">= 1"),
    )
    about = "planning, approving, moving, waiting in any order; lost and unanswered calls, lagging reads, crashes"
    return Proof("stakes", about, scale, FULL, f"{first}-{first + scale // SEQUENCE - 1}", figures)
