"""Double-entry books of NMR: every movement leaves one account and enters another, so nothing appears or is lost."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from eraforge.core.errors import Broken, UserError
from eraforge.portfolio.amounts import ZERO, stake_amount, text

OUTSIDE, WALLET, REWARDS, BURNED = "outside", "wallet", "rewards", "burned"
BOTTOMLESS = frozenset({OUTSIDE, REWARDS})


@dataclass(frozen=True, slots=True)
class Posting:
    """One movement of NMR from one account to another, and why."""

    source: str
    target: str
    amount: Decimal
    reason: str


class Books:
    """Accounts of NMR and the journal of all movements.

    `outside` (everything that is not ours) and `rewards` (what the tournament pays from) may fall below zero, no other
    account may. The sum of all balances is always zero.
    """

    def __init__(self) -> None:
        self._balances: dict[str, Decimal] = defaultdict(lambda: ZERO)
        self._journal: list[Posting] = []

    @property
    def journal(self) -> tuple[Posting, ...]:
        """All movements so far, in order."""
        return tuple(self._journal)

    @property
    def balances(self) -> Mapping[str, Decimal]:
        """Every account that ever moved."""
        return dict(self._balances)

    def balance(self, account: str) -> Decimal:
        """NMR in an account; 0 for one that never moved."""
        return self._balances.get(account, ZERO)

    def move(self, source: str, target: str, value: str | int | Decimal, reason: str) -> Decimal:
        """Move an amount; nothing is written when it is zero.

        Raises:
            UserError: `balance-too-small` when the source does not hold it; as `stake_amount`.
        """
        moved = stake_amount(value)
        if moved == 0:
            return moved
        if source not in BOTTOMLESS and self.balance(source) < moved:
            raise UserError(
                "balance-too-small",
                f"{source!r} holds {text(self.balance(source))} NMR, not {text(moved)}.",
                "Move less, or put more in first.",
            )
        self._balances[source] -= moved
        self._balances[target] += moved
        self._journal.append(Posting(source, target, moved, reason))
        return moved

    def check(self) -> None:
        """Prove that nothing was lost.

        Raises:
            Broken: `books-do-not-balance`.
        """
        replayed: dict[str, Decimal] = defaultdict(lambda: ZERO)
        for posting in self._journal:
            replayed[posting.source] -= posting.amount
            replayed[posting.target] += posting.amount
        below = [name for name, held in self._balances.items() if held < 0 and name not in BOTTOMLESS]
        if sum(self._balances.values(), ZERO) != 0 or dict(replayed) != dict(self._balances) or below:
            raise Broken(
                "books-do-not-balance",
                "The NMR books do not add up to their own journal.",
                "Stop, keep the ledger as it is, and report this.",
            )
