"""Stakes, claims, orders and webhooks: a person approves, the machine carries out once and never guesses."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from eraforge.arenas.classic import CLASSIC
from eraforge.core.clock import StandingClock
from eraforge.core.configuration import SubmitTable
from eraforge.core.errors import Ambiguous, Broken, EraforgeError, Held, Refused, Transient, UserError
from eraforge.core.words import Effect, EffectKind, Phase, Slot
from eraforge.pipeline.effects import Effects
from eraforge.pipeline.effects.money.approvals import Approvals
from eraforge.portfolio.stake_plan import StakeLimits, StakePlan, require_within
from eraforge.store.ledger import Ledger

NOW = datetime(2026, 9, 1, 12, 5, tzinfo=UTC)
LIMITS = StakeLimits(Decimal(100), Decimal(30))


class Crash(BaseException):
    """The process dies here."""


@dataclass
class Bank:
    """A tournament's stakes: what was asked of it, with the faults that a history chooses."""

    stake_now: Decimal = Decimal(10)
    visible: Decimal = Decimal(10)
    calls: list[Decimal] = field(default_factory=list)
    applied: list[Decimal] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    lag: bool = False
    webhooks: list[str] = field(default_factory=list)
    placed: dict[str, dict[str, Any]] = field(default_factory=dict)
    placements: int = 0

    def stake(self, arena: object, model: str) -> Decimal:
        return self.visible

    def catch_up(self) -> None:
        self.visible = self.stake_now

    def change_stake(self, arena: object, model_id: str, change: Decimal) -> None:
        self.calls.append(change)
        self._through(lambda: self._apply(change))

    def set_webhook(self, model_id: str, address: str) -> None:
        self._through(lambda: self.webhooks.append(address))

    def place(self, key: str, request: Any) -> str:
        self.placements += 1
        self._through(lambda: self.placed.__setitem__(key, dict(request)))
        return f"name of {key[:6]}"

    def find(self, key: str) -> Any:
        return self.placed.get(key)

    def _apply(self, change: Decimal) -> None:
        self.stake_now += change
        self.applied.append(change)
        if not self.lag:
            self.catch_up()

    def _through(self, change: Any) -> None:
        fault = self.faults.pop(0) if self.faults else "none"
        if fault == "lost":
            raise Ambiguous("planted", "lost before the server", "read back")
        if fault == "nothing":
            raise Transient("planted-nothing", "no connection", "again")
        if fault == "refused":
            raise Refused("planted-no", "not enough", "less")
        if fault == "crash":
            raise Crash
        change()
        if fault == "unanswered":
            raise Ambiguous("planted", "applied, not answered", "read back")
        if fault == "crash after":
            raise Crash


@pytest.fixture
def ledger(tmp_path: Path):  # type: ignore[no-untyped-def]
    with Ledger.open(f"sqlite:///{tmp_path / 'ledger.sqlite'}") as opened:
        yield opened


def door(ledger: Ledger, bank: Bank, clock: Any = None) -> Effects:
    table = SubmitTable(settle_seconds=0.0, read_backs=3)
    return Effects("http://127.0.0.1:1", ledger, bank, bank, clock or StandingClock(NOW), table, lambda: bank)  # type: ignore[arg-type, return-value]


def planned(
    ledger: Ledger, current: int = 10, target: int = 15, made: datetime = NOW, approved: bool = True
) -> StakePlan:
    plan = StakePlan("main", "classic", "alpha", 1345, Decimal(current), Decimal(target), made)
    approvals = Approvals(ledger)
    approvals.remember(plan, made)
    if approved:
        approvals.approve(plan, 24, made)
    return plan


def test_an_approved_plan_moves_the_stake_once(ledger: Ledger) -> None:
    bank, plan = Bank(), planned(ledger)
    assert door(ledger, bank).move_stake(plan, CLASSIC, "m1")["stake"] == "15.000000000000000000"
    door(ledger, bank).move_stake(plan, CLASSIC, "m1")  # single use: asked again, it says what was done
    assert bank.applied == [Decimal(5)]


@pytest.mark.parametrize(("age", "approved", "code"), [(1, False, "plan-not-approved"), (25, True, "approval-expired")])
def test_nothing_moves_without_a_fresh_approval(ledger: Ledger, age: int, approved: bool, code: str) -> None:
    bank, plan = Bank(), planned(ledger, approved=approved)
    with pytest.raises(Refused) as caught:
        door(ledger, bank, StandingClock(NOW + timedelta(hours=age))).move_stake(plan, CLASSIC, "m1")
    assert caught.value.code == code and not bank.calls and not ledger.open_effects()


def test_a_plan_made_for_another_state_is_void(ledger: Ledger) -> None:
    bank, plan = Bank(stake_now=Decimal(11), visible=Decimal(11)), planned(ledger)
    with pytest.raises(Refused) as caught:
        door(ledger, bank).move_stake(plan, CLASSIC, "m1")
    assert caught.value.code == "plan-void" and not bank.calls


def test_what_may_have_happened_is_read_back_and_never_sent_again(ledger: Ledger) -> None:
    bank, plan = Bank(faults=["unanswered"]), planned(ledger)
    door(ledger, bank).move_stake(plan, CLASSIC, "m1")
    assert bank.applied == [Decimal(5)]
    lost, second = Bank(faults=["lost"]), planned(ledger, made=NOW + timedelta(seconds=1))
    for _ in range(3):
        with pytest.raises(Held):
            door(ledger, lost).move_stake(second, CLASSIC, "m1")
    assert len(lost.calls) == 1 and not lost.applied


def test_a_slow_server_cannot_make_it_double(ledger: Ledger) -> None:
    bank, plan = Bank(lag=True), planned(ledger)
    with pytest.raises(Held):
        door(ledger, bank).move_stake(plan, CLASSIC, "m1")
    bank.catch_up()
    with pytest.raises(Held):
        door(ledger, bank).move_stake(plan, CLASSIC, "m1")
    assert bank.applied == [Decimal(5)]


def test_an_open_change_keeps_every_other_change_of_the_model_away(ledger: Ledger) -> None:
    bank, plan = Bank(faults=["crash"]), planned(ledger)
    with pytest.raises(Crash):
        door(ledger, bank).move_stake(plan, CLASSIC, "m1")
    other = StakePlan("main", "classic", "alpha", 1346, Decimal(10), Decimal(20), NOW)
    Approvals(ledger).remember(other, NOW)
    Approvals(ledger).approve(other, 24, NOW)
    with pytest.raises(UserError) as caught:
        door(ledger, bank).move_stake(other, CLASSIC, "m1")
    assert caught.value.code == "effect-under-way" and len(bank.calls) == 1


def test_a_process_that_stood_still_before_it_sent_sends_nothing(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Others take its call for over once its deadline has passed: it must not begin one then."""
    bank, plan, clock, advance = Bank(), planned(ledger), StandingClock(NOW), ledger.advance

    def slow(key: str, phase: Phase, *given: Any, **named: Any) -> Any:
        record = advance(key, phase, *given, **named)
        if phase is Phase.SENT:
            clock.sleep(SubmitTable().call_seconds)  # the machine was suspended here
        return record

    monkeypatch.setattr(ledger, "advance", slow)
    with pytest.raises(Held):
        door(ledger, bank, clock).move_stake(plan, CLASSIC, "m1")
    assert not bank.calls and not bank.applied


def test_another_level_than_the_planned_one_waits_for_a_person(ledger: Ledger) -> None:
    """The bank moved something else than was asked for, and says that all went well."""

    class Careless(Bank):
        def change_stake(self, arena: object, model_id: str, change: Decimal) -> None:
            super().change_stake(arena, model_id, change / 2)

    bank, plan = Careless(), planned(ledger)
    for code in ("stake-is-another", "effect-held"):
        with pytest.raises(Held) as caught:
            door(ledger, bank).move_stake(plan, CLASSIC, "m1")
        assert caught.value.code == code
    assert len(bank.calls) == 1


def test_a_plan_that_no_longer_is_what_its_digest_says_is_not_found(ledger: Ledger) -> None:
    """Planted: somebody wrote another target under the digest that was approved."""
    plan = StakePlan("main", "classic", "alpha", 1345, Decimal(10), Decimal(15), NOW)
    ledger.record("stake.planned", plan.digest, {**plan.as_dict(), "target": "99"}, NOW)
    with pytest.raises(UserError) as caught:
        Approvals(ledger).plan(plan.digest[:12])
    assert caught.value.code == "plan-changed"


def test_stakes_are_off_unless_asked_for(ledger: Ledger) -> None:
    bank = Bank()
    effects = Effects("http://127.0.0.1:1", ledger, bank, bank, StandingClock(NOW), SubmitTable())  # type: ignore[arg-type]
    with pytest.raises(UserError) as caught:
        effects.move_stake(planned(ledger), CLASSIC, "m1")
    assert caught.value.code == "stakes-are-off"


@pytest.mark.parametrize(
    ("current", "target", "code"),
    [(10, 10, "stake-already-there"), (90, 101, "stake-over-limit"), (10, 41, "stake-move-over-limit"), (10, 40, "")],
)
def test_limits(current: int, target: int, code: str) -> None:
    plan = StakePlan("main", "classic", "alpha", 1, Decimal(current), Decimal(target), NOW)
    try:
        require_within(plan, LIMITS)
        assert code == ""
    except UserError as error:
        assert error.code == code


def test_a_plan_changed_after_its_approval_is_another_plan(ledger: Ledger) -> None:
    plan = planned(ledger)
    larger = StakePlan("main", "classic", "alpha", 1345, plan.current, Decimal(99), plan.made)
    assert larger.digest != plan.digest
    with pytest.raises(Refused) as caught:
        door(ledger, Bank()).move_stake(larger, CLASSIC, "m1")
    assert caught.value.code == "plan-not-approved"


class StakeMachine(RuleBasedStateMachine):
    """Any order of planning, approving, moving, faults, crashes and time: each move had its own fresh approval."""

    ledger: Ledger
    serial = 0

    @initialize()
    def begin(self) -> None:
        StakeMachine.serial += 1
        self.model = f"model{StakeMachine.serial}"
        self.bank = Bank()
        self.clock = StandingClock(NOW)
        self.plans: list[StakePlan] = []
        self.approved: dict[str, datetime] = {}
        self.expected = 0

    @rule(level=st.integers(0, 40))
    def plan(self, level: int) -> None:
        self.clock.sleep(1)
        plan = StakePlan("main", "classic", self.model, 1345, self.bank.visible, Decimal(level), self.clock.now())
        try:
            require_within(plan, LIMITS)
        except UserError:
            return
        Approvals(self.ledger).remember(plan, self.clock.now())
        self.plans.append(plan)

    @rule(pick=st.integers(0, 5))
    def approve(self, pick: int) -> None:
        if self.plans:
            plan = self.plans[pick % len(self.plans)]
            self.approved[plan.digest] = Approvals(self.ledger).approve(plan, 1, self.clock.now())

    @rule(
        pick=st.integers(0, 5),
        fault=st.sampled_from(["none", "lost", "unanswered", "nothing", "refused", "crash", "crash after"]),
    )
    def move(self, pick: int, fault: str) -> None:
        if not self.plans:
            return
        plan, before = self.plans[pick % len(self.plans)], len(self.bank.calls)
        self.bank.faults = [fault]
        try:
            door(self.ledger, self.bank, self.clock).move_stake(plan, CLASSIC, "m1")
        except (EraforgeError, Crash) as error:
            assert not isinstance(error, Broken), error
        called = self.bank.calls[before:]
        assert called in ([], [plan.change])
        if called:
            assert self.clock.now() < self.approved[plan.digest]
            self.sent = getattr(self, "sent", [])
            assert plan.digest not in self.sent, "a plan was sent twice"
            self.sent.append(plan.digest)

    @rule(minutes=st.integers(1, 50))
    def wait(self, minutes: int) -> None:
        self.clock.sleep(60 * minutes)

    @rule(lag=st.booleans())
    def lag(self, lag: bool) -> None:
        self.bank.lag = lag
        self.bank.catch_up()

    @invariant()
    def within_limits(self) -> None:
        assert self.bank.stake_now <= LIMITS.most_stake


def test_no_order_of_commands_moves_a_stake_unapproved_or_twice(ledger: Ledger) -> None:
    StakeMachine.ledger = ledger
    options = settings(max_examples=25, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck))
    run_state_machine_as_test(StakeMachine, settings=options)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", [EffectKind.ORDER, EffectKind.CLAIM])
def test_orders_and_claims_are_placed_once_under_our_own_key(ledger: Ledger, kind: EffectKind) -> None:
    generator = np.random.default_rng(5)
    for number in range(40):
        bank = Bank(faults=list(generator.choice(["none", "unanswered", "crash after", "lost"], size=3)))
        slot, request = Slot("main", "alpha", "classic", number), {"symbol": "X", "units": number}
        for _ in range(5):
            try:
                door(ledger, bank).request(kind, slot, request, NOW + timedelta(hours=1), bank)
            except (Crash, Held):
                continue
        assert bank.placements == 1 and set(bank.placed) <= {Effect(kind, slot, "").key}


def test_an_order_that_has_expired_is_never_placed(ledger: Ledger) -> None:
    bank, slot = Bank(), Slot("main", "alpha", "classic", 1)
    for _ in range(2):
        with pytest.raises(Refused):
            door(ledger, bank).request(EffectKind.ORDER, slot, {"units": 1}, NOW, bank)
    assert bank.placements == 0 and not ledger.open_effects()


def test_a_webhook_is_set_and_set_again_without_harm(ledger: Ledger) -> None:
    bank, slot = Bank(faults=["unanswered"]), Slot("main", "alpha", "classic", 0)
    door(ledger, bank).set_webhook(slot, "m1", "http://127.0.0.1:1/hook")
    assert set(bank.webhooks) == {"http://127.0.0.1:1/hook"}
    assert not ledger.open_effects()
    assert Phase.CONFIRMED in {record.phase for record in [ledger.effect(_key(ledger))] if record}


def _key(ledger: Ledger) -> str:
    return next(str(event.facts["key"]) for event in ledger.events(kind="effect.confirmed"))
