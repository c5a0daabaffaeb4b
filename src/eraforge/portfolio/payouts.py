"""Payout and burn of one round, from a policy, a stake and final scores, in exact decimals.

    payout = stake * clip(factor * sum(weight * score), -cap, +cap)

A policy with a churn penalty multiplies what is positive by the penalty. Source of the formula and the figures: the
tournament's documentation, restated in `docs/payouts.md`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from eraforge.core.errors import Held, UserError
from eraforge.core.words import ChurnPenalty, PayoutPolicy
from eraforge.portfolio.amounts import EXACT, ZERO, amount, nmr, stake_amount

Figure = str | int | Decimal


@dataclass(frozen=True, slots=True)
class Settlement:
    """What one round does to one stake. Amounts are NMR, exact to the wei.

    Args:
        policy: name of the policy it was reckoned with.
        stake: NMR at risk.
        score: weighted sum of the scores.
        rate: share of the stake that is paid (positive) or burned (negative).
        payout: NMR paid, zero or more.
        burn: NMR burned, zero or more.
    """

    policy: str
    stake: Decimal
    score: Decimal
    rate: Decimal
    payout: Decimal
    burn: Decimal

    @property
    def change(self) -> Decimal:
        """Payout less burn."""
        return self.payout - self.burn

    @property
    def claimable(self) -> Decimal:
        """What is left of the stake and its payout."""
        return self.stake + self.payout - self.burn


def supplied(
    policy: PayoutPolicy,
    *,
    weights: Mapping[str, Figure] | None = None,
    factor: Figure | None = None,
    cap: Figure | None = None,
    at_risk: Figure | None = None,
    staking: str | None = None,
) -> PayoutPolicy:
    """The policy with the figures a caller knows put in place of those its row does not hold.

    Args:
        weights: multipliers, for scores the row leaves open or that each model chose.
        factor: the round's payout factor. Without it, `at_risk` and the row's stake threshold give it:
            min(1, threshold / at_risk).
        cap: largest share paid or burned.
        at_risk: NMR at risk in the whole round.
        staking: `continuous` or `per_round`.

    Raises:
        UserError: `payout-figure-is-known` when a figure differs from the one the row holds.
    """
    merged = dict(policy.weights)
    for score, weight in (weights or {}).items():
        merged[score] = _fill(f"weight of {score}", merged.get(score), amount(weight))
    found_factor = policy.factor
    if factor is not None:
        found_factor = _fill("factor", policy.factor, amount(factor))
    elif found_factor is None and at_risk is not None and policy.stake_threshold is not None:
        total = stake_amount(at_risk)
        found_factor = min(Decimal(1), EXACT.divide(policy.stake_threshold, total)) if total else Decimal(1)
    found_cap = policy.cap if cap is None else _fill("cap", policy.cap, amount(cap))
    return replace(
        policy,
        weights=merged,
        factor=found_factor,
        cap=found_cap,
        staking=policy.staking if staking is None else staking,
    )


def _fill(name: str, held: Decimal | None, given: Decimal) -> Decimal:
    if held is not None and held != given:
        raise UserError(
            "payout-figure-is-known",
            f"The {name} of this policy is {held}, not {given}.",
            "Leave the figure out, or build a policy of your own.",
        )
    return given


def required(policy: PayoutPolicy) -> tuple[dict[str, Decimal], Decimal, Decimal]:
    """Weights, factor and cap of a policy that holds all of them.

    Raises:
        Held: `payout-figure-unknown`, naming every missing figure.
    """
    missing = [f"weight of {name}" for name, weight in policy.weights.items() if weight is None]
    if not policy.weights:
        missing.append("weights")
    missing += [name for name, held in (("factor", policy.factor), ("cap", policy.cap)) if held is None]
    weights = {name: weight for name, weight in policy.weights.items() if weight is not None}
    if missing or policy.factor is None or policy.cap is None:
        raise Held(
            "payout-figure-unknown",
            f"The policy {policy.name!r} does not hold: {', '.join(missing)}.",
            "Read them from the round's score configurations, or supply them yourself; they are not guessed.",
        )
    return weights, policy.factor, policy.cap


def churn_factor(penalty: ChurnPenalty | None, churn: Figure | None) -> Decimal:
    """What a positive payout is multiplied by: 1 up to the threshold, 2 / (1 + exp(scale * (churn - threshold))) above.

    The same as `neutral_churn_penalty` of numerai-tools 0.7.2.

    Raises:
        Held: `payout-churn-unknown` when the policy has a penalty and no churn is given.
    """
    if penalty is None:
        return Decimal(1)
    if churn is None:
        raise Held(
            "payout-churn-unknown",
            "This policy lowers positive payouts by the model's churn, which is not given.",
            "Supply the mean neutral churn of the submission.",
        )
    above = amount(churn) - penalty.threshold
    if above <= 0:
        return Decimal(1)
    return EXACT.divide(Decimal(2), 1 + EXACT.exp(EXACT.multiply(penalty.scale, above)))


def settle(
    policy: PayoutPolicy, stake: Figure, scores: Mapping[str, Figure], churn: Figure | None = None
) -> Settlement:
    """Payout and burn of one stake in one round.

    Args:
        policy: with all its figures; see `supplied`.
        stake: NMR at risk.
        scores: final score per display name; every paying score with a weight other than zero must be there.
        churn: mean neutral churn, where the policy has a penalty.

    Raises:
        Held: `payout-figure-unknown`, `payout-churn-unknown`.
        UserError: `payout-score-missing`, and as `amount`.
    """
    weights, factor, cap = required(policy)
    missing = [name for name, weight in weights.items() if weight != 0 and name not in scores]
    if missing:
        raise UserError(
            "payout-score-missing",
            f"The round pays on {', '.join(missing)}, for which no score is given.",
            "Wait for the final scores, or leave the round out.",
        )
    score = ZERO
    for name, weight in weights.items():
        if weight != 0:
            score = EXACT.add(score, EXACT.multiply(weight, amount(scores[name])))
    rate = min(max(EXACT.multiply(factor, score), -cap), cap)
    if rate > 0:
        rate = EXACT.multiply(rate, churn_factor(policy.churn_penalty, churn))
    held = stake_amount(stake)
    change = nmr(EXACT.multiply(held, rate))
    return Settlement(policy.name, held, score, rate, max(change, ZERO), max(-change, ZERO))


def per_round_stake(policy: PayoutPolicy, total: Figure) -> Decimal:
    """What one round gets of a total that is spread over all overlapping rounds.

    Raises:
        Held: `payout-figure-unknown` when the number of overlapping rounds is not known.
    """
    if policy.live_rounds is None:
        raise Held(
            "payout-figure-unknown",
            f"The policy {policy.name!r} does not hold the number of overlapping rounds.",
            "Name the stake per round itself.",
        )
    return nmr(EXACT.divide(stake_amount(total), Decimal(policy.live_rounds)))
