"""Per-round and continuous staking: worked cases, and NMR conserved over any sequence."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eraforge.arenas.policies import CLASSIC_POLICIES
from eraforge.core.errors import Broken, UserError
from eraforge.portfolio.amounts import ZERO
from eraforge.portfolio.books import BURNED, REWARDS, WALLET, Books
from eraforge.portfolio.continuous import STAKE, ContinuousStake
from eraforge.portfolio.payouts import settle
from eraforge.portfolio.per_round import IDLE, RoundStakes

NOW = CLASSIC_POLICIES[-1]
OURS = (WALLET, IDLE, STAKE)


def _resolve(stakes: RoundStakes, number: int, model: str, rate: str) -> None:
    position = next(one for one in stakes.positions if (one.round, one.model) == (number, model))
    done = settle(NOW, position.stake, {"corr60": Decimal(rate) / 3, "mmc60": 0})
    stakes.resolve(number, model, done)


def test_a_claim_returns_stake_and_payout() -> None:
    stakes = RoundStakes()
    stakes.deposit("10")
    assert stakes.stake(1343, "a", "4").stake == 4
    _resolve(stakes, 1343, "a", "0.3")
    assert stakes.claim(1343, "a") == Decimal("5.2")
    assert stakes.books.balance(IDLE) == Decimal("11.2")
    assert stakes.books.balance(REWARDS) == Decimal("-1.2")


def test_what_is_idle_limits_a_stake_and_locked_nmr_cannot_be_withdrawn() -> None:
    stakes = RoundStakes()
    stakes.deposit("3")
    assert stakes.stake(1, "a", "5").stake == 3
    with pytest.raises(UserError, match="not 1"):
        stakes.withdraw("1")


def test_a_deferred_burn_is_undone_by_later_payouts_first() -> None:
    stakes = RoundStakes()
    stakes.deposit("10")
    stakes.stake(1, "a", "10")
    _resolve(stakes, 1, "a", "-0.3")
    assert stakes.restake(1, "a", into=2).stake == 7
    assert stakes.deferred("a") == 3
    _resolve(stakes, 2, "a", "0.5")
    assert stakes.restake(2, "a", into=3).stake == Decimal("10.5")
    assert stakes.deferred("a") == 0
    assert stakes.books.balance(REWARDS) == Decimal("-0.5")
    assert stakes.books.balance(BURNED) == 0


def test_a_claim_without_restaking_makes_the_deferred_burn_final() -> None:
    stakes = RoundStakes()
    stakes.deposit("20")
    for number in (1, 2):
        stakes.stake(number, "a", "10")
    _resolve(stakes, 1, "a", "-0.3")
    _resolve(stakes, 2, "a", "0.1")
    stakes.restake(1, "a", into=3)
    assert stakes.claim(2, "a") == 11
    assert stakes.deferred("a") == 0
    assert stakes.books.balance(BURNED) == 2
    with pytest.raises(UserError, match="claimed"):
        stakes.claim(2, "a")


def test_one_position_per_round_and_model_and_no_claim_before_its_time() -> None:
    stakes = RoundStakes()
    stakes.deposit("20")
    stakes.stake(1, "a", "1")
    for wrong in (lambda: stakes.stake(1, "a", "1"), lambda: stakes.claim(1, "a"), lambda: stakes.claim(2, "a")):
        with pytest.raises(UserError):
            wrong()
    _resolve(stakes, 1, "a", "0.1")
    stakes.stake(2, "a", "1")
    before = stakes.books.journal
    with pytest.raises(UserError, match="already"):
        stakes.restake(1, "a", into=2)
    assert stakes.books.journal == before
    with pytest.raises(UserError, match="of 5"):
        stakes.resolve(2, "a", settle(NOW, 5, {"corr60": 0, "mmc60": 0}))


def test_a_release_waits_for_the_last_live_round_burns_but_does_not_earn() -> None:
    stake = ContinuousStake()
    stake.increase("100")
    stake.close(1)
    assert stake.release("40") == 1
    risk = stake.close(2)
    assert (risk.earning, risk.pending) == (60, 40)
    assert stake.resolve(2, Decimal("-0.05")) == Decimal(-5)
    assert stake.pending == 38
    assert stake.resolve(1, Decimal("0.05")) == 5
    assert stake.pending == 0
    assert stake.books.balance(WALLET) == 38
    assert stake.books.balance(STAKE) == 62


def test_profit_taken_goes_to_the_wallet_and_a_missed_round_risks_nothing() -> None:
    stake = ContinuousStake(take_profit=True)
    stake.increase("10")
    stake.close(1)
    stake.close(2, on_time=False)
    assert stake.resolve(2, Decimal("-0.05")) == 0
    assert stake.resolve(1, Decimal("0.05")) == Decimal("0.5")
    assert (stake.books.balance(STAKE), stake.books.balance(WALLET)) == (10, Decimal("0.5"))
    assert stake.release("10") is None
    with pytest.raises(UserError, match="not live"):
        stake.resolve(1, Decimal(0))


ACTION = st.tuples(st.integers(0, 5), st.integers(0, 5), st.sampled_from("ab"), st.decimals(-2, 2, places=4))


def _act(stakes: RoundStakes, act: int, number: int, model: str, figure: Decimal) -> None:
    verbs = [
        lambda: stakes.deposit(figure),
        lambda: stakes.withdraw(figure),
        lambda: stakes.stake(number, model, figure * 10),
        lambda: _resolve(stakes, number, model, str(figure)),
        lambda: stakes.claim(number, model),
        lambda: stakes.restake(number, model, into=number + 1),
    ]
    verbs[act]()


@given(st.lists(ACTION, max_size=40))
@settings(max_examples=120, deadline=None)
def test_per_round_nmr_is_conserved_over_any_sequence(actions: Sequence[tuple[int, int, str, Decimal]]) -> None:
    stakes = RoundStakes()
    stakes.deposit("50")
    for action in actions:
        before = stakes.books.journal
        try:
            _act(stakes, *action)
        except (UserError, StopIteration):
            assert stakes.books.journal == before
        stakes.books.check()
    paid = -stakes.books.balance(REWARDS)
    settled = [one.settlement for one in stakes.positions if one.settlement is not None and one.claimed]
    undone = sum((one.amount for one in stakes.books.journal if "undone" in one.reason), ZERO)
    assert paid + undone == sum((one.payout for one in settled), ZERO)
    deferred = sum((stakes.deferred(model) for model in "ab"), ZERO)
    assert stakes.books.balance(BURNED) + deferred + undone == sum((one.burn for one in settled), ZERO)


@given(st.lists(ACTION, max_size=60), st.booleans())
@settings(max_examples=120, deadline=None)
def test_continuous_nmr_is_conserved_over_any_sequence(
    actions: Sequence[tuple[int, int, str, Decimal]], profit: bool
) -> None:
    stake = ContinuousStake(take_profit=profit)
    stake.increase("50")
    changes = ZERO
    for act, number, _, figure in actions:
        with suppress(UserError):
            if act == 0:
                stake.increase(figure)
            elif act == 1:
                stake.release(figure * 5)
            elif act in (2, 3):
                stake.close(number, on_time=act == 2)
            else:
                changes += stake.resolve(number, min(max(figure, Decimal("-0.25")), Decimal("0.25")))
        stake.books.check()
    assert changes == -stake.books.balance(REWARDS) - stake.books.balance(BURNED)


def test_books_that_were_tampered_with_are_noticed() -> None:
    books = Books()
    books.move("outside", WALLET, "5", "deposit")
    books._balances[WALLET] += Decimal("0.000000000000000001")
    with pytest.raises(Broken):
        books.check()
