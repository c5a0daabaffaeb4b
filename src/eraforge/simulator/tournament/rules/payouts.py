"""What a round pays: `stake * clip(factor * sum(weight * score), -cap, +cap)`, and what each score adds to it.

The amount is that of `portfolio.payouts`, rounded to the nearest wei as the real tournament does. Where stakes are per
round, a model's stake is spread evenly over the rounds that run at once and rounded down, so that the parts never
exceed it; where the stake is continuous, every round holds all of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Decimal, localcontext

from eraforge.core.words import PayoutPolicy
from eraforge.portfolio.amounts import WEI
from eraforge.portfolio.payouts import settle, supplied
from eraforge.simulator.tournament.rules.assumptions import PER_ROUND

PRECISION = 60
ONE = Decimal(1)


def at_risk(stake: Decimal, policy: PayoutPolicy) -> Decimal:
    """The part of a model's stake that one round holds."""
    if policy.staking != PER_ROUND:
        return stake
    with localcontext() as context:
        context.prec = PRECISION
        return (stake / Decimal(policy.live_rounds or 1)).quantize(WEI, ROUND_DOWN)


def with_factor(policy: PayoutPolicy, total_at_risk: Decimal) -> PayoutPolicy:
    """The policy with the payout factor of a round in which that much is at risk."""
    if policy.factor is not None:
        return policy
    if policy.stake_threshold is None:
        return supplied(policy, factor=ONE)
    return supplied(policy, at_risk=total_at_risk)


def split_payout(
    risk: Decimal, scores: Mapping[str, float], policy: PayoutPolicy, churn: float | None = None
) -> dict[str, Decimal]:
    """What each paying score of a round adds to its payout; the parts sum to the payout exactly.

    Args:
        risk: NMR at risk in the round.
        scores: display name to value; a missing score counts as 0.
        policy: with every figure it needs.
        churn: mean neutral churn, where the policy has a penalty; without it no penalty is taken.

    Returns:
        Display name to NMR for every paying score; negative burns.
    """
    values = {name: Decimal(repr(scores.get(name, 0.0))) for name in policy.weights}
    change = Decimal(0) if churn is None else Decimal(repr(churn))
    payout = settle(policy, risk, values, change).change
    weighted = {name: (weight or Decimal(0)) * values[name] for name, weight in policy.weights.items()}
    with localcontext() as context:
        context.prec = PRECISION
        total = sum(weighted.values(), Decimal(0))
        share = payout / total if total else Decimal(0)
        parts = {name: (share * value).quantize(WEI, ROUND_HALF_EVEN) for name, value in weighted.items()}
        last = next(reversed(parts))
        parts[last] += payout - sum(parts.values(), Decimal(0))
        return parts
