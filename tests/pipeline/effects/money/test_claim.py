"""Claims: only what was approved, at the figures it was approved for, once; a person where it is unsure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from eraforge.arenas.classic import CLASSIC
from eraforge.core.clock import StandingClock
from eraforge.core.configuration import SubmitTable
from eraforge.core.errors import Ambiguous, EraforgeError, Held, Refused, Transient, UserError
from eraforge.core.ports import Claim
from eraforge.core.words import EffectKind, Phase, Round
from eraforge.pipeline.effects import Effects
from eraforge.pipeline.effects.money.approvals import Approvals
from eraforge.portfolio.stake_plan import ClaimPlan
from eraforge.store.ledger import Ledger

NOW = datetime(2026, 12, 1, 12, 5, tzinfo=UTC)
ROUND = Round("classic", 1345, NOW - timedelta(days=90), NOW - timedelta(days=90, minutes=-60))
MINE = Claim("m1", 1345, Decimal("0.25"), Decimal(0), {"proof": ["0xab"]})
OTHERS = [Claim("m2", 1345, Decimal(1), Decimal(0), {}), Claim("m1", 1344, Decimal(0), Decimal(2), {})]


class Crash(BaseException):
    """The process dies here."""


@dataclass
class Chain:
    """The tournament and the contract in one: what is left to claim, and every claim that was sent."""

    left: list[Claim] = field(default_factory=lambda: [*OTHERS, MINE])
    fault: str = "none"
    address: str = "0xAb"
    sent: list[Claim] = field(default_factory=list)
    forgets: bool = False

    def wallet(self) -> str:
        return self.address

    def claims(self, arena: object, staker: str) -> list[Claim]:
        assert staker == "0xAb"
        return list(self.left)

    def claim(self, *given: Any) -> Any:
        """The wallet's call, or the proof of one position: told apart by what is handed over."""
        if not isinstance(given[0], Claim):
            return None if self.forgets else MINE
        self.sent.append(given[0])
        if self.fault in ("lost", "nothing", "no", "crash"):
            raise {
                "lost": Ambiguous("planted", "It may have happened.", "Read back."),
                "nothing": Transient("planted", "There was no connection.", "Again."),
                "no": Refused("planted", "Paused.", "Wait."),
                "crash": Crash(),
            }[self.fault]
        self.left.remove(given[0])
        if self.fault == "unanswered":
            raise Ambiguous("planted", "It may have happened.", "Read back.")
        if self.fault == "crash after":
            raise Crash
        return "0xtransaction"


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger.open(f"sqlite:///{tmp_path / 'ledger.sqlite'}") as opened:
        yield opened


def door(ledger: Ledger, chain: Chain, at: datetime = NOW, wallet: bool = True, money: bool = True) -> Effects:
    table = SubmitTable(settle_seconds=0.0, read_backs=3)
    one: Any = chain
    sends, moves = (lambda: one) if wallet else None, (lambda: one) if money else None
    return Effects("http://127.0.0.1:1", ledger, one, one, StandingClock(at), table, moves, sends)


def planned(ledger: Ledger, made: datetime = NOW, approved: bool = True, **figures: Decimal) -> ClaimPlan:
    figures = {"payout": MINE.payout, "burn": MINE.burn, **figures}
    plan = ClaimPlan("main", "classic", "alpha", 1345, figures["payout"], figures["burn"], made)
    Approvals(ledger).remember(plan, made)
    assert Approvals(ledger).plan(plan.digest) == plan
    if approved:
        Approvals(ledger).approve(plan, 24, made)
    return plan


def test_what_was_approved_is_claimed_once(ledger: Ledger) -> None:
    chain, plan = Chain(), planned(ledger)
    facts = door(ledger, chain).claim(plan, CLASSIC, "m1")
    assert facts["claimed"] is True
    assert "0xtransaction" in str([event.facts for event in ledger.events(kind="step")])
    assert door(ledger, chain).claim(plan, CLASSIC, "m1")["claimed"] is True
    assert chain.sent == [MINE] and chain.left == OTHERS and not ledger.open_effects()


@pytest.mark.parametrize("fault", ["unanswered", "crash after"])
def test_what_was_applied_and_not_answered_is_found_and_never_doubled(ledger: Ledger, fault: str) -> None:
    chain, plan = Chain(fault=fault), planned(ledger)
    try:
        door(ledger, chain).claim(plan, CLASSIC, "m1")
    except Crash:
        door(ledger, chain).claim(plan, CLASSIC, "m1")
    assert chain.sent == [MINE] and not ledger.open_effects()


@pytest.mark.parametrize("fault", ["lost", "crash"])
def test_what_may_have_happened_and_is_not_seen_waits_for_a_person(ledger: Ledger, fault: str) -> None:
    chain, plan = Chain(fault=fault), planned(ledger)
    for _ in range(3):
        with pytest.raises((Held, Crash)):
            door(ledger, chain).claim(plan, CLASSIC, "m1")
    with pytest.raises(Held):
        door(ledger, chain).claim(plan, CLASSIC, "m1")
    assert chain.sent == [MINE]


def test_a_list_without_it_is_no_proof_that_it_was_claimed(ledger: Ledger) -> None:
    """A server that no longer knows the position at all may have lost its memory."""
    chain, plan = Chain(fault="crash"), planned(ledger)
    with pytest.raises(Crash):
        door(ledger, chain).claim(plan, CLASSIC, "m1")
    chain.left, chain.forgets = [], True
    with pytest.raises(Held):
        door(ledger, chain).claim(plan, CLASSIC, "m1")


@pytest.mark.parametrize("fault", ["no", "nothing"])
def test_a_no_ends_the_plan_and_lets_the_next_one_in(ledger: Ledger, fault: str) -> None:
    chain, plan = Chain(fault=fault), planned(ledger)
    for _ in range(2):
        with pytest.raises((Refused, Transient)):
            door(ledger, chain).claim(plan, CLASSIC, "m1")
    assert len(chain.sent) == 1
    chain.fault = "none"
    door(ledger, chain).claim(planned(ledger, made=NOW + timedelta(seconds=1)), CLASSIC, "m1")
    assert chain.left == OTHERS


@pytest.mark.parametrize(
    ("chain", "given", "code"),
    [
        (Chain(), {"approved": False}, "plan-not-approved"),
        (Chain(), {"made": NOW - timedelta(hours=25)}, "approval-expired"),
        (Chain(), {"payout": Decimal("0.24")}, "plan-void"),
        (Chain(), {"burn": Decimal("0.01")}, "plan-void"),
        (Chain(left=list(OTHERS)), {}, "plan-void"),
    ],
)
def test_nothing_is_sent_that_may_not_be(ledger: Ledger, chain: Chain, given: dict[str, Any], code: str) -> None:
    with pytest.raises(Refused) as caught:
        door(ledger, chain).claim(planned(ledger, **given), CLASSIC, "m1")
    assert caught.value.code == code and not chain.sent and not ledger.open_effects()


@pytest.mark.parametrize(
    ("address", "wallet", "money", "code"),
    [("0xAb", False, True, "no-wallet"), ("", True, True, "no-wallet"), ("0xAb", True, False, "stakes-are-off")],
)
def test_without_wallet_or_leave_nothing_begins(
    ledger: Ledger, address: str, wallet: bool, money: bool, code: str
) -> None:
    chain = Chain(address=address)
    with pytest.raises(UserError) as caught:
        door(ledger, chain, wallet=wallet, money=money).claim(planned(ledger), CLASSIC, "m1")
    assert caught.value.code == code and not chain.sent and not ledger.open_effects()


def test_only_those_of_the_wallet_are_listed(ledger: Ledger) -> None:
    assert door(ledger, Chain()).claims(CLASSIC) == [*OTHERS, MINE]
    assert door(ledger, Chain(address="")).claims(CLASSIC) == []


@pytest.mark.parametrize("fault", ["crash", "crash after"])
def test_one_found_open_at_start_is_traced_and_never_sent(ledger: Ledger, fault: str) -> None:
    chain, plan = Chain(fault=fault), planned(ledger)
    with pytest.raises(Crash):
        door(ledger, chain).claim(plan, CLASSIC, "m1")
    (record,) = ledger.open_effects()
    assert record.effect.kind is EffectKind.CLAIM
    effects = door(ledger, chain)
    conduct = effects.trace(record, CLASSIC, ROUND)
    assert conduct is not None
    try:
        effects.resolve(conduct)
    except EraforgeError as held:
        assert (fault, held.code) == ("crash", "effect-absent")
    settled = ledger.effect(record.key)
    assert settled is not None and chain.sent == [MINE]
    assert settled.phase is (Phase.HELD if fault == "crash" else Phase.CONFIRMED)
