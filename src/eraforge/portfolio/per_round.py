"""Per-round staking: a stake is locked for one round, resolved, then claimed or restaked.

What a resolved position holds goes back to the idle account on a claim. When it is restaked instead, its burn is not
yet final: it is set aside as the model's deferred burn, later payouts of the model undo it first, and a claim without
restaking makes it final. Positions that nobody claims are claimed by the tournament.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from eraforge.core.errors import UserError
from eraforge.portfolio.amounts import ZERO, stake_amount
from eraforge.portfolio.books import BURNED, OUTSIDE, REWARDS, WALLET, Books
from eraforge.portfolio.payouts import Settlement

IDLE = "idle"


@dataclass(frozen=True, slots=True)
class Position:
    """The stake of one model in one round. `settlement` is None until the round resolved; `claimed` ends it."""

    round: int
    model: str
    stake: Decimal
    settlement: Settlement | None = None
    claimed: bool = False


class RoundStakes:
    """All per-round positions of one account in one tournament, on double-entry books."""

    def __init__(self, books: Books | None = None) -> None:
        self.books = books if books is not None else Books()
        self._positions: dict[tuple[int, str], Position] = {}

    @property
    def positions(self) -> tuple[Position, ...]:
        """Every position ever opened, in order of opening."""
        return tuple(self._positions.values())

    def deferred(self, model: str) -> Decimal:
        """NMR set aside for burns of the model that are not final."""
        return self.books.balance(f"deferred/{model}")

    def deposit(self, value: str | Decimal) -> None:
        """Bring NMR from the wallet into the idle account, and into the wallet from outside what it lacks."""
        wanted = stake_amount(value)
        lacking = max(wanted - self.books.balance(WALLET), ZERO)
        self.books.move(OUTSIDE, WALLET, lacking, "deposit")
        self.books.move(WALLET, IDLE, wanted, "to the idle account")

    def withdraw(self, value: str | Decimal) -> None:
        """Take idle NMR back to the wallet. What is locked cannot be taken.

        Raises:
            UserError: `balance-too-small`.
        """
        self.books.move(IDLE, WALLET, stake_amount(value), "to the wallet")

    def stake(self, round_number: int, model: str, value: str | Decimal) -> Position:
        """Lock an amount for a round, or what is idle when that is less.

        Raises:
            UserError: `position-exists`; as `stake_amount`.
        """
        if (round_number, model) in self._positions:
            raise UserError(
                "position-exists",
                f"{model!r} already has a stake in round {round_number}.",
                "A round takes one stake per model; it cannot be changed.",
            )
        taken = min(stake_amount(value), self.books.balance(IDLE))
        self.books.move(IDLE, _locked(round_number, model), taken, "locked for the round")
        position = Position(round_number, model, taken)
        self._positions[round_number, model] = position
        return position

    def resolve(self, round_number: int, model: str, settlement: Settlement) -> Position:
        """Write down what the round did to its stake. Nothing is paid or burned before the claim.

        Raises:
            UserError: `position-unknown`, `position-resolved`, `position-stake-differs`.
        """
        position = self._find(round_number, model)
        if position.settlement is not None:
            raise UserError("position-resolved", f"Round {round_number} of {model!r} is resolved.", "Claim it once.")
        if settlement.stake != position.stake:
            raise UserError(
                "position-stake-differs",
                f"The settlement is of {settlement.stake} NMR, the position of {position.stake}.",
                "Settle the stake that was locked.",
            )
        return self._keep(replace(position, settlement=settlement))

    def claim(self, round_number: int, model: str) -> Decimal:
        """Take what is left of a resolved position to the idle account; its burn and the deferred burn are final.

        Raises:
            UserError: `position-unknown`, `position-unresolved`, `position-claimed`.
        """
        position, settlement = self._claimable(round_number, model)
        lock = _locked(round_number, model)
        self._pay(settlement, model, lock)
        self.books.move(lock, BURNED, settlement.burn, "burn")
        self.books.move(f"deferred/{model}", BURNED, self.deferred(model), "deferred burn made final")
        returned = self.books.move(lock, IDLE, self.books.balance(lock), "claim")
        self._keep(replace(position, claimed=True))
        return returned

    def restake(self, round_number: int, model: str, into: int, value: str | Decimal | None = None) -> Position:
        """Claim a resolved position and lock an amount for another round in one step; its burn is deferred.

        Args:
            into: the round to stake in.
            value: how much; all that is left of the position when None.

        Raises:
            UserError: as `claim` and `stake`; nothing has moved then.
        """
        position, settlement = self._claimable(round_number, model)
        wanted = settlement.claimable if value is None else stake_amount(value)
        if (into, model) in self._positions:
            raise UserError(
                "position-exists", f"{model!r} already has a stake in round {into}.", "Claim without restaking."
            )
        lock = _locked(round_number, model)
        self._pay(settlement, model, lock)
        self.books.move(lock, f"deferred/{model}", settlement.burn, "burn deferred")
        self.books.move(lock, IDLE, self.books.balance(lock), "claim")
        self._keep(replace(position, claimed=True))
        return self.stake(into, model, wanted)

    def _pay(self, settlement: Settlement, model: str, lock: str) -> None:
        netted = min(settlement.payout, self.deferred(model))
        self.books.move(f"deferred/{model}", lock, netted, "deferred burn undone by a payout")
        self.books.move(REWARDS, lock, settlement.payout - netted, "payout")

    def _find(self, round_number: int, model: str) -> Position:
        position = self._positions.get((round_number, model))
        if position is None:
            raise UserError(
                "position-unknown", f"{model!r} has no stake in round {round_number}.", "Look at the positions."
            )
        return position

    def _claimable(self, round_number: int, model: str) -> tuple[Position, Settlement]:
        position = self._find(round_number, model)
        if position.settlement is None:
            raise UserError(
                "position-unresolved", f"Round {round_number} of {model!r} has not resolved.", "Wait until it has."
            )
        if position.claimed:
            raise UserError("position-claimed", f"Round {round_number} of {model!r} is claimed.", "Nothing is left.")
        return position, position.settlement

    def _keep(self, position: Position) -> Position:
        self._positions[position.round, position.model] = position
        return position


def _locked(round_number: int, model: str) -> str:
    return f"locked/{round_number}/{model}"
