"""What no source settles about the rules, as figures that a simulator is started with.

The tables of payout policies leave open what is not known. A local tournament must pay by something: these figures
are its assumptions, they can be set, and they are told to whoever asks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from typing import Any

from eraforge.core.errors import UserError
from eraforge.core.words import PayoutPolicy

CONTINUOUS, PER_ROUND = "continuous", "per_round"
LIVE_ROUNDS = {20: 24, 60: 64}
WEIGHTS = {"neutral_corr": Decimal("0.5"), "neutral_mmc": Decimal(2)}


@dataclass(frozen=True)
class Assumptions:
    """Assumed figures; each is used only where a policy holds none.

    Args:
        weights: multiplier of a score. Sources give 0.5 and 2, or 2 and 4, for neutral CORR and neutral MMC.
        cap: largest share of a stake that a round pays or burns.
        staking: `continuous` or `per_round`.
        score_days: daily scores until a round resolves.
        legacy_stakes: whether `v2ChangeStake` is still taken where stakes are per round. The live API is reported to
            refuse it there; taking it lets clients that know nothing else set the stake of a model.
    """

    weights: Mapping[str, Decimal] = field(default_factory=lambda: dict(WEIGHTS))
    cap: Decimal = Decimal("0.017")
    staking: str = CONTINUOUS
    score_days: int = 60
    legacy_stakes: bool = True

    def complete(self, policy: PayoutPolicy) -> PayoutPolicy:
        """The policy with every open figure filled."""
        weights = {
            name: self.weights.get(name, Decimal(0)) if weight is None else weight
            for name, weight in policy.weights.items()
        }
        days = policy.score_days or self.score_days
        return replace(
            policy,
            weights=weights,
            cap=self.cap if policy.cap is None else policy.cap,
            staking=policy.staking or self.staking,
            score_days=days,
            live_rounds=policy.live_rounds or LIVE_ROUNDS[days],
        )

    def described(self) -> dict[str, Any]:
        """The figures as plain values: what is told and what is written down."""
        return {
            "weights": {name: str(weight) for name, weight in sorted(self.weights.items())},
            "cap": str(self.cap),
            "staking": self.staking,
            "score_days": self.score_days,
            "legacy_stakes": self.legacy_stakes,
        }


def parse_assumptions(text: str) -> Assumptions:
    """Assumptions from `name=value` pairs with commas between them; names of scores set their weights.

    Raises:
        UserError: `assumption-not-understood`.
    """
    weights, found = dict(WEIGHTS), {}
    for pair in filter(None, text.replace(" ", "").split(",")):
        name, _, value = pair.partition("=")
        try:
            if name in weights:
                weights[name] = Decimal(value)
            else:
                found[name] = _READERS[name](value)
        except (KeyError, ValueError, InvalidOperation) as error:
            raise UserError(
                "assumption-not-understood",
                f"The assumption {pair!r} is not understood.",
                f"Write name=value with names among {', '.join([*weights, *_READERS])}.",
            ) from error
    return Assumptions(weights=weights, **found)


def restored(described: Mapping[str, Any]) -> Assumptions:
    """Assumptions from what `described` gave."""
    return Assumptions(
        weights={name: Decimal(weight) for name, weight in described["weights"].items()},
        cap=Decimal(described["cap"]),
        staking=described["staking"],
        score_days=described["score_days"],
        legacy_stakes=described["legacy_stakes"],
    )


def _one_of(*words: str) -> Any:
    return lambda value: words[words.index(value)]


_READERS: dict[str, Any] = {
    "cap": Decimal,
    "staking": _one_of(CONTINUOUS, PER_ROUND),
    "score_days": lambda value: (20, 60)[(20, 60).index(int(value))],
    "legacy_stakes": lambda value: bool(("no", "yes").index(value)),
}
