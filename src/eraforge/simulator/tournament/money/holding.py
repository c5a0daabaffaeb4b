"""What one model has staked: a continuous stake and positions per round, each on double-entry books of its own."""

from __future__ import annotations

from decimal import Decimal

from eraforge.core.words import PayoutPolicy
from eraforge.portfolio.amounts import EXACT, ZERO, nmr
from eraforge.portfolio.books import BURNED, OUTSIDE, REWARDS, WALLET, Books
from eraforge.portfolio.continuous import STAKE, AtRisk, ContinuousStake
from eraforge.portfolio.payouts import Settlement
from eraforge.portfolio.per_round import IDLE, Position, RoundStakes
from eraforge.simulator.tournament.rules.assumptions import PER_ROUND
from eraforge.simulator.tournament.rules.payouts import at_risk

NOT_HELD = frozenset({OUTSIDE, REWARDS, BURNED})


class Holding:
    """The NMR of one model.

    Under continuous staking one stake is at risk in every round. Under per-round staking the model's total is spread
    evenly over the rounds that run at once: what a round does not hold is idle, and positions that have resolved are
    restaked when the model plays its next round.

    Positions that the owner staked by hand are the owner's to claim; they take no part in that.

    Args:
        model_id: whose it is.
    """

    def __init__(self, model_id: str) -> None:
        self.model_id = model_id
        self.continuous, self.rounds = ContinuousStake(), RoundStakes()
        self.take_profit = False
        self.waiting = ZERO
        self.kinds: dict[int, str | None] = {}
        self.by_hand: set[int] = set()

    @property
    def both(self) -> tuple[Books, Books]:
        """The books of the continuous stake and of the positions."""
        return self.continuous.books, self.rounds.books

    @property
    def total(self) -> Decimal:
        """NMR held, whether idle, locked, resolved and unclaimed, or waiting to be released."""
        return sum((_held(books) for books in self.both), ZERO)

    @property
    def pending(self) -> Decimal:
        """NMR asked back and not released yet."""
        return self.continuous.pending + self.waiting

    @property
    def stake(self) -> Decimal:
        """What is staked on: resolved positions at their worth, less what is on its way out or set aside for burns."""
        changes = sum((one.settlement.change for one in self.unclaimed() if one.settlement is not None), ZERO)
        return max(self.total + changes - self.pending - self.rounds.deferred(self.model_id), ZERO)

    @property
    def burned(self) -> Decimal:
        """NMR burned so far."""
        return sum((books.balance(BURNED) for books in self.both), ZERO)

    @property
    def minted(self) -> Decimal:
        """NMR paid so far."""
        return -sum((books.balance(REWARDS) for books in self.both), ZERO)

    def position(self, number: int) -> Position | None:
        """The model's position in a round."""
        return next((one for one in self.rounds.positions if one.round == number), None)

    def increase(self, value: Decimal, kind: str | None) -> None:
        """Take in that much from the account's wallet."""
        if kind == PER_ROUND:
            self.rounds.deposit(value)
        else:
            self.continuous.increase(value)

    def release(self, value: Decimal, kind: str | None) -> None:
        """Ask for that much back; what no round holds leaves at once, the rest as rounds resolve."""
        wanted = min(value, self.stake)
        if kind == PER_ROUND:
            free = min(wanted, self.rounds.books.balance(IDLE))
            self.rounds.withdraw(free)
            self.waiting += wanted - free
        else:
            self.continuous.release(min(wanted, self.continuous.books.balance(STAKE)))

    def cancel(self) -> Decimal:
        """Take back every release that has not happened. Returns how much stays."""
        kept = self.continuous.cancel_releases() + self.waiting
        self.waiting = ZERO
        return kept

    def swept(self) -> Decimal:
        """What has come free for the account's wallet since the last time; it leaves the holding."""
        left = ZERO
        for books in self.both:
            left += books.move(WALLET, OUTSIDE, books.balance(WALLET), "to the account")
        return left

    def close(self, number: int, policy: PayoutPolicy, counts: bool) -> AtRisk:
        """A round closes: what it puts at risk, nothing unless a submission counts with its stake."""
        self.kinds[number] = policy.staking
        self.continuous.take_profit = self.take_profit
        if policy.staking != PER_ROUND:
            return self.continuous.close(number, counts)
        position = self.position(number)
        if position is None and counts:
            position = self._enter(number, at_risk(self._spread(), policy))
        return AtRisk(position.stake if position is not None and counts else ZERO, ZERO)

    def resolve(self, number: int, settlement: Settlement | None, policy_now: PayoutPolicy) -> None:
        """A round resolves; `settlement` is None where nothing was at risk."""
        if self.kinds.pop(number, PER_ROUND) != PER_ROUND:
            self.continuous.resolve(number, ZERO if settlement is None else settlement.rate)
            self._move_over(policy_now)
        else:
            position = self.position(number)
            if position is not None and settlement is not None:
                self.rounds.resolve(number, self.model_id, settlement)
        self._let_go()

    def stake_by_hand(self, number: int, value: Decimal) -> None:
        """Take in that much and lock it for a round."""
        self.rounds.deposit(value)
        self.rounds.stake(number, self.model_id, value)
        self.by_hand.add(number)

    def restake_by_hand(self, number: int, into: int, value: Decimal | None) -> None:
        """Claim a resolved position and lock an amount for another round; what is left over comes free."""
        settled = self.position(number)
        position = self.rounds.restake(number, self.model_id, into, value)
        self.by_hand.add(into)
        if number in self.by_hand and settled is not None and settled.settlement is not None:
            self.rounds.withdraw(max(settled.settlement.claimable - position.stake, ZERO))

    def claim(self, number: int) -> None:
        """Claim a resolved position without restaking it; its burn and any deferred one are final."""
        returned = self.rounds.claim(number, self.model_id)
        if number in self.by_hand:
            self.rounds.withdraw(returned)
        else:
            self._take_profit(number)
            self._let_go()

    def unclaimed(self) -> list[Position]:
        """Resolved positions that nobody has claimed, oldest first."""
        return [one for one in self.rounds.positions if one.settlement is not None and not one.claimed]

    def _spread(self) -> Decimal:
        """What is spread over the rounds: idle, locked, and what resolved positions are worth."""
        worth = sum(
            (
                one.stake if one.settlement is None else one.settlement.claimable
                for one in self.rounds.positions
                if not one.claimed and one.round not in self.by_hand
            ),
            ZERO,
        )
        return max(self.rounds.books.balance(IDLE) + worth - self.waiting, ZERO)

    def _enter(self, number: int, wanted: Decimal) -> Position | None:
        """Lock the round's part; positions that have resolved are claimed, the last of them by restaking."""
        resolved = [one for one in self.unclaimed() if one.round not in self.by_hand]
        for one in resolved[:-1]:
            self.rounds.claim(one.round, self.model_id)
        if resolved:
            position = self.rounds.restake(resolved[-1].round, self.model_id, number, wanted)
        elif wanted:
            position = self.rounds.stake(number, self.model_id, wanted)
        else:
            return None
        for one in resolved:
            self._take_profit(one.round)
        self._let_go()
        return position

    def _take_profit(self, number: int) -> None:
        position = self.position(number)
        if self.take_profit and position is not None and position.settlement is not None:
            self.rounds.withdraw(min(position.settlement.payout, self.rounds.books.balance(IDLE)))

    def _let_go(self) -> None:
        """Releases that wait take what has come free; what has burned meanwhile is waited for no longer."""
        free = min(self.waiting, self.rounds.books.balance(IDLE))
        self.rounds.withdraw(free)
        self.waiting = min(self.waiting - free, _held(self.rounds.books))

    def _move_over(self, policy_now: PayoutPolicy) -> None:
        """Once a tournament stakes per round, each continuous round that resolves hands its part of the stake over."""
        if policy_now.staking == PER_ROUND:
            books = self.continuous.books
            part = nmr(EXACT.divide(books.balance(STAKE), Decimal(len(self.continuous.live) + 1)))
            self.rounds.deposit(books.move(STAKE, OUTSIDE, part, "to per-round staking"))


def _held(books: Books) -> Decimal:
    return sum((held for name, held in books.balances.items() if name not in NOT_HELD), ZERO)
