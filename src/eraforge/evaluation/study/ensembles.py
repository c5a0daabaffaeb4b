"""What a blend is made of: how alike its members are, what each is worth alone, and what it loses without each.

Members are columns of one frame, already ranked as the blend ranks them; their shares may change from era to era.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import polars as pl

from eraforge.core.errors import DataError
from eraforge.core.panel import ERA, Sample
from eraforge.evaluation.comparison import Comparison, compare
from eraforge.evaluation.eras import score_eras
from eraforge.evaluation.scores import corr
from eraforge.evaluation.uncertainty import SHORTEST, Overlap

TRUTH = "truth"
LEVEL = 0.9
Shares = Mapping[str, Mapping[str, float]]


@dataclass(frozen=True, slots=True)
class Likeness:
    """Correlation of two members' ranks over the eras that both predicted: its mean, smallest and largest."""

    first: str
    second: str
    mean: float
    low: float
    high: float
    eras: int
    sample: Sample

    def as_dict(self) -> dict[str, Any]:
        """JSON-able form."""
        return {
            "members": [self.first, self.second],
            "mean": self.mean,
            "low": self.low,
            "high": self.high,
            "eras": self.eras,
            "sample": str(self.sample),
        }


@dataclass(frozen=True, slots=True)
class Ablation:
    """A member alone, and the blend with and without it.

    Args:
        member: its name; `share`: its mean share of the blend.
        alone: mean CORR per era of the member, None where it predicted no scored era.
        without: mean CORR per era of the blend of the others, their shares scaled up to a whole.
        loss: what the blend loses without it, on the same eras, with its interval; None where eras are too few.
    """

    member: str
    share: float
    alone: float | None
    without: float | None
    loss: Comparison | None
    sample: Sample

    def as_dict(self) -> dict[str, Any]:
        """JSON-able form."""
        found = None if self.loss is None else self.loss.difference
        told = None if found is None else {"mean": found.mean, "low": found.low, "high": found.high}
        return {
            "member": self.member,
            "share": self.share,
            "alone": self.alone,
            "without": self.without,
            "loss": None if told is None or found is None else {**told, "level": found.level, "eras": found.count},
            "sample": str(self.sample),
        }


def likenesses(ranks: pl.DataFrame, members: Sequence[str], sample: Sample) -> list[Likeness]:
    """How alike each pair of members is, the most alike first; pairs that share no era are left out.

    Args:
        ranks: `era`, `id` and a column of ranks per member, null where a member gave nothing.
        members: names of the columns.
    """
    found = []
    for first, second in combinations(members, 2):
        rows = ranks.select(ERA, first, second).drop_nulls()
        table = rows.group_by(ERA, maintain_order=True).agg(pl.corr(first, second).alias("value"))
        values = table["value"].drop_nans().drop_nulls().to_numpy()
        if len(values):
            span = float(values.min()), float(values.max())
            found.append(Likeness(first, second, float(values.mean()), *span, len(values), sample))
    return sorted(found, key=lambda one: -one.mean)


def blend_scores(ranks: pl.DataFrame, shares: Shares, left_out: str = "") -> dict[str, float]:
    """CORR per era of the weighted mean of the members' ranks.

    Args:
        ranks: `era`, `id`, `truth` and a column of ranks per member.
        shares: per era the share of each member; a member that is not named has none.
        left_out: a member whose share goes to the others.

    Returns:
        Eras in order; those that no member is left for, or that cannot be scored, are not among them.
    """
    scores: dict[str, float] = {}
    for (era,), part in ranks.group_by(ERA, maintain_order=True):
        kept = {name: share for name, share in shares[str(era)].items() if share > 0 and name != left_out}
        if not kept:
            continue
        weights = np.array(list(kept.values())) / sum(kept.values())
        blend = part.select(list(kept)).to_numpy() @ weights
        scores |= _corr(np.full(part.height, str(era)), blend, part[TRUTH].to_numpy())
    return scores


def ablations(ranks: pl.DataFrame, shares: Shares, overlap: Overlap, sample: Sample) -> list[Ablation]:
    """Every member alone and left out, the one that the blend would miss most first.

    Raises:
        DataError: `blend-without-members` when nobody has a share.
    """
    members = sorted({name for weights in shares.values() for name in weights})
    if not members:
        raise DataError("blend-without-members", "No member has a share in this blend.", "Evaluate the ensemble anew.")
    whole = blend_scores(ranks, shares)
    rows = []
    for name in members:
        there = ranks.select(ERA, name, TRUTH).drop_nulls()
        alone = _corr(there[ERA].to_numpy(), there[name].to_numpy(), there[TRUTH].to_numpy()) if there.height else {}
        without = blend_scores(ranks, shares, left_out=name)
        shared = len(set(whole) & set(without))
        loss = compare(whole, without, overlap, sample, level=LEVEL) if shared >= SHORTEST else None
        parts = [weights.get(name, 0.0) / sum(weights.values()) for weights in shares.values()]
        rows.append(Ablation(name, float(np.mean(parts)), _mean(alone), _mean(without), loss, sample))
    return sorted(rows, key=lambda one: -(one.loss.difference.mean if one.loss else -np.inf))


def _corr(eras: np.ndarray, predictions: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    names, scores = score_eras(corr, eras, predictions, truth.astype(np.float64))
    pairs = zip(names, scores[:, 0], strict=True)
    return {str(era): float(score) for era, score in pairs if np.isfinite(score)}


def _mean(scores: Mapping[str, float]) -> float | None:
    return float(np.mean(list(scores.values()))) if scores else None
