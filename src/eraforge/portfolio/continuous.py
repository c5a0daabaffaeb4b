"""Continuous staking, the older regime: one stake per model is at risk in every overlapping round.

A release waits until the last round that was live when it was asked for has resolved. What is pending still burns but
does not earn. Payouts join the stake, or go to the wallet when the model takes its profit.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from eraforge.core.errors import UserError
from eraforge.portfolio.amounts import EXACT, ZERO, nmr, stake_amount
from eraforge.portfolio.books import BURNED, OUTSIDE, REWARDS, WALLET, Books

STAKE = "stake"


@dataclass(frozen=True, slots=True)
class Release:
    """An amount on its way out: it leaves when round `due` has resolved."""

    due: int
    account: str


@dataclass(frozen=True, slots=True)
class AtRisk:
    """What a round found when it closed: the stake that earns and burns, and the pending part that only burns."""

    earning: Decimal
    pending: Decimal


class ContinuousStake:
    """The stake of one model under continuous staking, on double-entry books.

    Args:
        take_profit: payouts go to the wallet instead of joining the stake.
    """

    def __init__(self, take_profit: bool = False, books: Books | None = None) -> None:
        self.books = books if books is not None else Books()
        self.take_profit = take_profit
        self._rounds: dict[int, AtRisk] = {}
        self._releases: list[Release] = []
        self._asked = 0

    @property
    def live(self) -> tuple[int, ...]:
        """Rounds that have closed and not resolved, in order."""
        return tuple(sorted(self._rounds))

    @property
    def due(self) -> int | None:
        """The round that the last release waits for, or None when nothing waits."""
        return max((release.due for release in self._releases), default=None)

    @property
    def pending(self) -> Decimal:
        """NMR waiting to be released."""
        return sum((self.books.balance(release.account) for release in self._releases), ZERO)

    def increase(self, value: str | Decimal) -> None:
        """Add to the stake from the wallet, and to the wallet from outside what it lacks."""
        wanted = stake_amount(value)
        self.books.move(OUTSIDE, WALLET, max(wanted - self.books.balance(WALLET), ZERO), "deposit")
        self.books.move(WALLET, STAKE, wanted, "stake increased")

    def release(self, value: str | Decimal) -> int | None:
        """Ask for part of the stake back. Returns the round it waits for, or None when no round is live.

        Raises:
            UserError: `balance-too-small` when the stake is smaller.
        """
        wanted = stake_amount(value)
        if not self._rounds:
            self.books.move(STAKE, WALLET, wanted, "released")
            return None
        self._asked += 1
        release = Release(max(self._rounds), f"pending/{self._asked}")
        self.books.move(STAKE, release.account, wanted, "release asked for")
        self._releases.append(release)
        return release.due

    def cancel_releases(self) -> Decimal:
        """Put every amount that waits to be released back into the stake. Returns how much."""
        back = ZERO
        for release in self._releases:
            back += self.books.move(release.account, STAKE, self.books.balance(release.account), "release cancelled")
        self._releases = []
        return back

    def close(self, round_number: int, on_time: bool = True) -> AtRisk:
        """A round closes: write down what it puts at risk, nothing without a valid submission on time.

        Raises:
            UserError: `round-closed-twice`.
        """
        if round_number in self._rounds:
            raise UserError("round-closed-twice", f"Round {round_number} has closed already.", "Close it once.")
        risk = AtRisk(self.books.balance(STAKE), self.pending) if on_time else AtRisk(ZERO, ZERO)
        self._rounds[round_number] = risk
        return risk

    def resolve(self, round_number: int, rate: Decimal) -> Decimal:
        """A round resolves at a rate (share of the stake, from `payouts.settle`). Returns payout less burn, in NMR.

        A burn never takes more than is left; releases that waited for this round and have no earlier round before them
        are paid out.

        Raises:
            UserError: `round-not-live`.
        """
        risk = self._rounds.pop(round_number, None)
        if risk is None:
            raise UserError("round-not-live", f"Round {round_number} is not live.", "Close it first, resolve it once.")
        if rate > 0:
            paid = nmr(EXACT.multiply(risk.earning, rate))
            change = self.books.move(REWARDS, WALLET if self.take_profit else STAKE, paid, "payout")
        else:
            change = -self._burn(risk, -rate)
        self._pay_out()
        return change

    def _burn(self, risk: AtRisk, share: Decimal) -> Decimal:
        lost = min(nmr(EXACT.multiply(risk.earning, share)), self.books.balance(STAKE))
        self.books.move(STAKE, BURNED, lost, "burn")
        left = nmr(EXACT.multiply(risk.pending, share))
        for release in self._releases:
            part = min(left, self.books.balance(release.account))
            self.books.move(release.account, BURNED, part, "burn of a pending release")
            left, lost = left - part, lost + part
        return lost

    def _pay_out(self) -> None:
        oldest = min(self._rounds, default=None)
        waiting = []
        for release in self._releases:
            if oldest is None or release.due < oldest:
                self.books.move(release.account, WALLET, self.books.balance(release.account), "released")
            else:
                waiting.append(release)
        self._releases = waiting
