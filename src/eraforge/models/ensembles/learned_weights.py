"""Ensembles whose weights are learned: optimised within limits, picked greedily, or following who was right of late."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from eraforge.core.panel import Panel
from eraforge.core.ports import Fitted
from eraforge.models.ensemble import FittedAverage, load_average
from eraforge.models.ensembles.evidence import Evidence, gather_evidence
from eraforge.models.ensembles.objectives import check_objective, value
from eraforge.models.members import check_members, member_models, two_kinds
from eraforge.models.rows import require


@dataclass(frozen=True)
class LearnedWeights:
    """What these ensembles share: members, and the inner folds their weights are learned from.

    Args:
        members: name of a member to `{"learner": registered model, "settings": {...}}`.
        folds: purged walk-forward folds within the training eras.
    """

    members: Mapping[str, Mapping[str, Any]] = field(default_factory=two_kinds)
    folds: int = 3

    kind: ClassVar[str] = ""
    """The name under which fitted ensembles are saved."""

    def __post_init__(self) -> None:
        check_members(self.members)
        member_models(self.members)  # what is wrong with one is said before anything is read
        require(self.folds >= 1, "folds", self.folds, "a number of folds from 1")

    def weights(self, evidence: Evidence) -> np.ndarray:
        """The share of each member, (members,), not negative, with sum 1."""
        raise TypeError(f"{type(self).__name__} learns no weights")

    def fit(self, panel: Panel) -> FittedAverage:
        """Learn the weights from out-of-fold predictions, then train the members that have one on everything.

        Raises:
            UserError: `too-few-eras-for-inner-folds`, and what the members raise.
        """
        parts = member_models(self.members)
        found = self.weights(gather_evidence(parts, panel, self.folds))
        weights = {name: float(share) for name, share in zip(parts, found, strict=True) if share > 0}
        fitted: dict[str, Fitted] = {name: parts[name].fit(panel) for name in weights}
        return FittedAverage(fitted, weights, self.kind)

    def load(self, data: bytes) -> FittedAverage:
        """The fitted ensemble that `save` wrote; its members are loaded by the members of this one.

        Raises:
            DataError: `saved-model-unreadable`, `saved-model-of-another-kind`, `ensemble-members-differ`.
        """
        return load_average(self.kind, member_models(self.members), data)


@dataclass(frozen=True)
class Optimised(LearnedWeights):
    """The weights that were best out of fold, none negative and none above a limit.

    A blend's CORR is taken as the weighted sum of its members' over the deviation of the blended ranks, so that the
    optimum is found by its gradient.

    Args:
        objective: `sharpe` or `mean` of the blend's per-era CORR.
        max_weight: limit of one member's share; at least an equal share.
    """

    objective: str = "sharpe"
    max_weight: float = 1.0

    kind: ClassVar[str] = "optimised"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_objective(self.objective, self.folds)
        least = 1 / len(self.members)
        require(least <= self.max_weight <= 1, "max_weight", self.max_weight, f"between {least:.3g} and 1")

    def weights(self, evidence: Evidence) -> np.ndarray:
        """See `LearnedWeights.weights`."""
        from scipy.optimize import minimize

        scores = evidence.scores()
        likeness = np.corrcoef(evidence.ranks, rowvar=False).reshape(len(evidence.names), -1)
        count = len(evidence.names)

        def loss(weights: np.ndarray) -> float:
            size = np.sqrt(max(float(weights @ likeness @ weights), 1e-12))
            return -value(scores @ weights / size, self.objective)

        start = np.full(count, 1 / count)
        found = minimize(
            loss,
            start,
            method="SLSQP",
            bounds=[(0.0, self.max_weight)] * count,
            constraints={"type": "eq", "fun": lambda weights: weights.sum() - 1},
        ).x
        found = np.where(found < 1e-6, 0.0, found)
        best: np.ndarray = found / found.sum()
        return best if loss(best) < loss(start) else start


@dataclass(frozen=True)
class Greedy(LearnedWeights):
    """Members picked one at a time, again and again, each time the one that makes the blend best out of fold.

    Source: Caruana and others, Ensemble Selection from Libraries of Models (2004), with replacement.

    Args:
        objective: `mean` or `sharpe` of the blend's per-era CORR.
        picks: how often a member is picked; a member's share is how often it was.
    """

    objective: str = "mean"
    picks: int = 10

    kind: ClassVar[str] = "greedy"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_objective(self.objective, self.folds)
        require(self.picks >= 1, "picks", self.picks, "a number of picks from 1")

    def weights(self, evidence: Evidence) -> np.ndarray:
        """See `LearnedWeights.weights`."""
        counts = np.zeros(len(evidence.names))
        for _ in range(self.picks):
            tried = [value(evidence.blend(counts + one), self.objective) for one in np.eye(len(counts))]
            counts[int(np.argmax(tried))] += 1
        shares: np.ndarray = counts / counts.sum()
        return shares


@dataclass(frozen=True)
class Dynamic(LearnedWeights):
    """Weights that follow who was right of late: the exponential of each member's CORR, summed with forgetting.

    Source: Cesa-Bianchi, Lugosi, Prediction, Learning, and Games (2006), the exponentially weighted forecaster.

    Args:
        half_life: eras after which a score counts half as much.
        rate: how strongly the weights follow the sums; 0 keeps them equal.
    """

    half_life: float = 26.0
    rate: float = 5.0

    kind: ClassVar[str] = "dynamic"

    def __post_init__(self) -> None:
        super().__post_init__()
        require(self.half_life > 0, "half_life", self.half_life, "above 0")
        require(self.rate >= 0, "rate", self.rate, "at least 0")

    def weights(self, evidence: Evidence) -> np.ndarray:
        """See `LearnedWeights.weights`."""
        scores = evidence.scores()
        age = np.arange(len(scores))[::-1]
        sums = 0.5 ** (age / self.half_life) @ scores
        raised = np.exp(self.rate * (sums - sums.max()))
        shares: np.ndarray = raised / raised.sum()
        return shares
