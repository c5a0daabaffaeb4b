"""Stakes that a round takes by itself: leave for what was approved, the wallet once, a person where it is unsure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from eraforge.arenas.classic import CLASSIC
from eraforge.core.clock import StandingClock
from eraforge.core.configuration import SubmitTable
from eraforge.core.errors import Ambiguous, EraforgeError, Held, Refused, Transient, UserError
from eraforge.core.ports import Authorisation, Submission
from eraforge.core.words import Round
from eraforge.pipeline.effects import Effects
from eraforge.pipeline.effects.money.approvals import Approvals
from eraforge.portfolio.stake_plan import StakePlan
from eraforge.store.ledger import Ledger

NOW = datetime(2026, 9, 1, 12, 5, tzinfo=UTC)
ROUND = Round("classic", 1345, NOW - timedelta(minutes=5), NOW + timedelta(minutes=55))
LATER = Round("classic", 1345, NOW + timedelta(minutes=5), NOW + timedelta(minutes=65))
EARLIER = Round("classic", 1342, ROUND.opens, ROUND.closes)


class Crash(BaseException):
    """The process dies here."""


@dataclass
class Chain:
    """The tournament, its leave and the contract in one: every stake that was asked for, and what became of it."""

    total: Decimal = Decimal(10)
    answers: list[Submission] = field(
        default_factory=lambda: [Submission("old", "o.csv", 1344, 8, True), Submission("s1", "s.csv", 1345, 8, True)]
    )
    fault: str = "none"
    address: str = "0xAb"
    leaves: list[Decimal] = field(default_factory=list)
    sent: list[Decimal] = field(default_factory=list)
    changes: list[Decimal] = field(default_factory=list)
    forged: dict[str, Any] = field(default_factory=dict)

    def wallet(self) -> str:
        return self.address

    def submissions(self, model_id: str) -> list[Submission]:
        return self.answers

    def stake(self, *given: Any) -> Any:
        """The reader's level, or the wallet's call: told apart by what is handed over."""
        if not isinstance(given[0], Authorisation):
            return self.total
        leave, amount = given
        assert amount <= leave.most and leave.fields["signature"] == "sign here"
        self.sent.append(amount)
        if self.fault == "lost":
            raise Ambiguous("planted", "It may have happened.", "Read back.")
        if self.fault == "nothing":
            raise Transient("planted", "There was no connection.", "Again.")
        if self.fault == "no":
            raise Refused("planted", "Not enough.", "Less.")
        if self.fault == "crash":
            raise Crash
        self.total += amount
        if self.fault == "unanswered":
            raise Ambiguous("planted", "It may have happened.", "Read back.")
        if self.fault == "crash after":
            raise Crash
        return "0xtransaction"

    def change_stake(self, arena: object, model_id: str, change: Decimal) -> None:
        self.changes.append(change)
        self.total += change

    def authorise_stake(self, submission_id: str, staker: str, most: Decimal) -> Authorisation:
        if self.fault == "no leave":
            raise Refused("planted", "Submission is not eligible.", "Submit.")
        self.leaves.append(most)
        nonce, ends = str(len(self.leaves)), NOW + timedelta(minutes=10)
        given = Authorisation(submission_id, 1345, staker.lower(), most, nonce, ends, {"signature": "sign here"})
        return replace(given, **self.forged)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger.open(f"sqlite:///{tmp_path / 'ledger.sqlite'}") as opened:
        yield opened


def door(ledger: Ledger, chain: Chain, at: datetime = NOW, wallet: bool = True) -> Effects:
    table = SubmitTable(settle_seconds=0.0, read_backs=3)
    one: Any = chain
    sends = (lambda: one) if wallet else None
    return Effects("http://127.0.0.1:1", ledger, one, one, StandingClock(at), table, lambda: one, sends)


def planned(ledger: Ledger, target: int = 15, made: datetime = NOW, approved: bool = True) -> StakePlan:
    plan = StakePlan("main", "classic", "alpha", 1345, Decimal(10), Decimal(target), made)
    Approvals(ledger).remember(plan, made)
    if approved:
        Approvals(ledger).approve(plan, 24, made)
    return plan


def test_an_increase_is_locked_once_for_what_was_approved(ledger: Ledger) -> None:
    chain, plan = Chain(), planned(ledger)
    facts = door(ledger, chain).move_stake(plan, CLASSIC, "m1", ROUND)
    assert (facts["submission_id"], facts["nonce"], facts["stake"]) == ("s1", "1", "15.000000000000000000")
    assert "0xtransaction" in str([event.facts for event in ledger.events(kind="step")])
    door(ledger, chain).move_stake(plan, CLASSIC, "m1", ROUND)
    assert (chain.leaves, chain.sent, chain.changes) == ([Decimal(5)], [Decimal(5)], [])


def test_the_rule_of_the_round_decides_how_it_is_staked(ledger: Ledger) -> None:
    """Rounds before per-round staking, and every decrease, go by the change of the one stake."""
    chain = Chain()
    door(ledger, chain).move_stake(planned(ledger), CLASSIC, "m1", EARLIER)
    door(ledger, chain).move_stake(
        _approved(ledger, StakePlan("main", "classic", "beta", 1345, Decimal(15), Decimal(12), NOW)),
        CLASSIC,
        "m2",
        ROUND,
    )
    assert (chain.changes, chain.sent) == ([Decimal(5), Decimal(-3)], [])


def _approved(ledger: Ledger, plan: StakePlan) -> StakePlan:
    Approvals(ledger).remember(plan, NOW)
    Approvals(ledger).approve(plan, 24, NOW)
    return plan


@pytest.mark.parametrize("fault", ["unanswered", "crash after"])
def test_what_was_applied_and_not_answered_is_found_and_never_doubled(ledger: Ledger, fault: str) -> None:
    chain, plan = Chain(fault=fault), planned(ledger)
    try:
        door(ledger, chain).move_stake(plan, CLASSIC, "m1", ROUND)
    except Crash:
        door(ledger, chain).move_stake(plan, CLASSIC, "m1", ROUND)
    assert chain.sent == [Decimal(5)] and chain.total == 15 and not ledger.open_effects()


@pytest.mark.parametrize("fault", ["lost", "crash"])
def test_what_may_have_happened_and_is_not_there_waits_for_a_person(ledger: Ledger, fault: str) -> None:
    chain, plan = Chain(fault=fault), planned(ledger)
    for _ in range(3):
        with pytest.raises((Held, Crash)):
            door(ledger, chain).move_stake(plan, CLASSIC, "m1", ROUND)
    with pytest.raises(Held):
        door(ledger, chain).move_stake(plan, CLASSIC, "m1", ROUND)
    assert chain.sent == [Decimal(5)] and len(chain.leaves) == 1


@pytest.mark.parametrize(("fault", "sent"), [("no leave", 0), ("no", 1), ("nothing", 1)])
def test_a_no_ends_the_plan_and_lets_the_next_one_in(ledger: Ledger, fault: str, sent: int) -> None:
    chain, plan = Chain(fault=fault), planned(ledger)
    for _ in range(2):
        with pytest.raises((Refused, Transient)):
            door(ledger, chain).move_stake(plan, CLASSIC, "m1", ROUND)
    assert len(chain.sent) == sent
    chain.fault = "none"
    door(ledger, chain).move_stake(planned(ledger, made=NOW + timedelta(seconds=1)), CLASSIC, "m1", ROUND)
    assert chain.total == 15


@pytest.mark.parametrize(
    ("chain", "played", "approved", "code"),
    [
        (Chain(), ROUND, False, "plan-not-approved"),
        (Chain(total=Decimal(11)), ROUND, True, "plan-void"),
        (Chain(answers=[]), ROUND, True, "nothing-to-stake-on"),
        (Chain(answers=[Submission("old", "o.csv", 1344, 8, True)]), ROUND, True, "nothing-to-stake-on"),
        (Chain(answers=[Submission("s1", "s.csv", 1345, 8, False)]), ROUND, True, "nothing-to-stake-on"),
        (Chain(), LATER, True, "window-not-open"),
        (Chain(), replace(ROUND, closes=NOW + timedelta(seconds=30)), True, "window-closed"),
    ],
)
def test_nothing_is_asked_for_that_may_not_be(
    ledger: Ledger, chain: Chain, played: Round, approved: bool, code: str
) -> None:
    with pytest.raises(Refused) as caught:
        door(ledger, chain).move_stake(planned(ledger, approved=approved), CLASSIC, "m1", played)
    assert caught.value.code == code and not chain.leaves and not chain.sent and not ledger.open_effects()


@pytest.mark.parametrize(
    "forged", [{"most": Decimal(50)}, {"submission_id": "s2"}, {"round": 1346}, {"staker": "0xthief"}]
)
def test_leave_for_anything_else_is_not_used(ledger: Ledger, forged: dict[str, Any]) -> None:
    chain = Chain(forged=forged)
    with pytest.raises(Refused) as caught:
        door(ledger, chain).move_stake(planned(ledger), CLASSIC, "m1", ROUND)
    assert caught.value.code == "leave-is-for-another" and not chain.sent


@pytest.mark.parametrize(("address", "wallet"), [("0xAb", False), ("", True)])
def test_without_a_wallet_nothing_begins(ledger: Ledger, address: str, wallet: bool) -> None:
    chain = Chain(address=address)
    with pytest.raises(UserError) as caught:
        door(ledger, chain, wallet=wallet).move_stake(planned(ledger), CLASSIC, "m1", ROUND)
    assert caught.value.code == "no-wallet" and not chain.leaves


def test_what_it_takes_to_use_a_leave_is_written_down_nowhere(ledger: Ledger) -> None:
    for fault in ("none", "lost", "no"):
        chain, made = Chain(fault=fault), NOW + timedelta(seconds=len(fault))
        try:
            door(ledger, chain).move_stake(planned(ledger, made=made), CLASSIC, "m1", ROUND)
        except EraforgeError:
            continue
    assert len(list(ledger.events())) > 10
    assert not [event for event in ledger.events() if "sign here" in str(event.facts)]
    assert "sign here" not in repr(Chain().authorise_stake("s1", "0xAb", Decimal(1)))
