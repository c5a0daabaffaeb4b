"""What a person approves by its digest: a level for a model's stake, or a claim, with the state it was made for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from eraforge.core.digest import digest_value
from eraforge.core.errors import UserError
from eraforge.portfolio.amounts import nmr, stake_amount, text


@dataclass(frozen=True, slots=True)
class StakeLimits:
    """What no plan may go beyond, in NMR: the largest stake of one model, and the largest single move."""

    most_stake: Decimal
    most_move: Decimal


@dataclass(frozen=True, slots=True)
class StakePlan:
    """One move of one stake.

    Args:
        account, arena, model: whose stake.
        round: the round that was current when it was made.
        current: the stake it was made for; another one when it is to be sent makes the plan void.
        target: the stake wanted.
        made: when, in UTC; two plans of the same move are two plans.
    """

    account: str
    arena: str
    model: str
    round: int
    current: Decimal
    target: Decimal
    made: datetime

    @property
    def change(self) -> Decimal:
        """NMR to add (positive) or release (negative)."""
        return self.target - self.current

    @property
    def digest(self) -> str:
        """SHA-256 of everything in the plan: what a person approves."""
        return digest_value(self)

    def as_dict(self) -> dict[str, str | int]:
        """The plan as plain facts; amounts are decimal texts of NMR."""
        return {
            "account": self.account,
            "arena": self.arena,
            "model": self.model,
            "round": self.round,
            "current": text(self.current),
            "target": text(self.target),
            "change": text(self.change),
            "made": self.made.isoformat(),
            "digest": self.digest,
        }


@dataclass(frozen=True, slots=True)
class ClaimPlan:
    """Bringing home what one round's stake has become.

    Args:
        account, arena, model: whose stake.
        round: the round that locked it.
        payout, burn: what it won and lost; other figures when it is to be sent make the plan void.
        made: when, in UTC; two plans of the same claim are two plans.
    """

    account: str
    arena: str
    model: str
    round: int
    payout: Decimal
    burn: Decimal
    made: datetime

    @property
    def digest(self) -> str:
        """SHA-256 of everything in the plan: what a person approves."""
        return digest_value("claim", self)

    def as_dict(self) -> dict[str, str | int]:
        """The plan as plain facts; amounts are decimal texts of NMR."""
        return {
            "account": self.account,
            "arena": self.arena,
            "model": self.model,
            "round": self.round,
            "payout": text(self.payout),
            "burn": text(self.burn),
            "made": self.made.isoformat(),
            "digest": self.digest,
        }


def plan_of(facts: dict[str, str | int]) -> StakePlan | ClaimPlan:
    """The plan behind its plain facts."""
    whose = str(facts["account"]), str(facts["arena"]), str(facts["model"]), int(facts["round"])
    made = datetime.fromisoformat(str(facts["made"]))
    if "payout" in facts:
        return ClaimPlan(*whose, nmr(str(facts["payout"])), nmr(str(facts["burn"])), made)
    return StakePlan(*whose, nmr(str(facts["current"])), nmr(str(facts["target"])), made)


def require_within(plan: StakePlan, limits: StakeLimits) -> None:
    """Refuse a plan that moves nothing, or that goes beyond the limits.

    Raises:
        UserError: `stake-already-there`, `stake-over-limit`, `stake-move-over-limit`.
    """
    stake_amount(plan.target)
    if plan.change == 0:
        raise UserError(
            "stake-already-there", f"The stake of {plan.model} is {_short(plan.target)} NMR already.", "Done."
        )
    if plan.change > 0 and plan.target > limits.most_stake:
        raise UserError(
            "stake-over-limit",
            f"{_short(plan.target)} NMR on {plan.model} is more than the limit of {_short(limits.most_stake)}.",
            "Plan a smaller stake, or raise `stake.most_stake` in eraforge.toml.",
        )
    if abs(plan.change) > limits.most_move:
        raise UserError(
            "stake-move-over-limit",
            f"A move of {_short(abs(plan.change))} NMR is larger than the limit of {_short(limits.most_move)}.",
            "Move in smaller steps, or raise `stake.most_move` in eraforge.toml.",
        )


def _short(amount: Decimal) -> str:
    """An amount without trailing zeros, for people."""
    told = text(amount)
    return told.rstrip("0").rstrip(".")
