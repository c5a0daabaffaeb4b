"""What a round pays: `stake * clip(factor * sum(weight * score), -cap, +cap)`, in Decimal to 18 digits.

Stakes are per round: a model's stake is spread evenly over the 64 rounds that run at once, and a round's part is
fixed when its window closes. What is paid is rounded to the nearest wei, as the real tournament does; what is staked
is rounded down, so that the parts never exceed the stake.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Decimal, localcontext

from eraforge.core.words import ScoreConfig

CONCURRENT_ROUNDS = 64
WEI = Decimal("1e-18")
PRECISION = 60


def at_risk(stake: Decimal) -> Decimal:
    """The part of a model's stake that one round holds."""
    with localcontext() as context:
        context.prec = PRECISION
        return (stake / CONCURRENT_ROUNDS).quantize(WEI, ROUND_DOWN)


def split_payout(risk: Decimal, scores: Mapping[str, float], configs: tuple[ScoreConfig, ...]) -> dict[str, Decimal]:
    """What each paying score of a round adds to its payout; the parts sum to the payout exactly.

    Args:
        risk: NMR at risk in the round.
        scores: display name to value; a missing score counts as 0.
        configs: the round's scores.

    Returns:
        Display name to NMR for every paying score; negative burns.
    """
    paying = [config for config in configs if config.is_payout]
    with localcontext() as context:
        context.prec = PRECISION
        weighted = {
            config.display_name: config.multiplier * Decimal(repr(scores.get(config.display_name, 0.0)))
            for config in paying
        }
        factor = next((config.payout_factor for config in paying if config.payout_factor is not None), Decimal(1))
        cap = min(config.clip for config in paying if config.clip is not None)
        total = factor * sum(weighted.values(), Decimal(0))
        bounded = min(max(total, -cap), cap)
        payout = (risk * bounded).quantize(WEI, ROUND_HALF_EVEN)
        share = risk * factor * (bounded / total if total else Decimal(0))
        parts = {name: (share * value).quantize(WEI, ROUND_HALF_EVEN) for name, value in weighted.items()}
        last = paying[-1].display_name
        parts[last] += payout - sum(parts.values(), Decimal(0))
        return parts
