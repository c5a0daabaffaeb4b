"""Lasso and elastic net by coordinate descent on sums of products, so that rows are read once and never kept."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import ClassVar

import numpy as np

from eraforge.core.panel import Panel
from eraforge.models.eras import check_weighting
from eraforge.models.linear import FittedRidge, gather, load_linear, one_thread
from eraforge.models.progress import report
from eraforge.models.rows import require, training_rows

ROUNDS = 1000
SETTLED = 1e-7
"""A round that moves no coefficient by more than this share of the largest one ends the descent."""


@dataclass(frozen=True)
class ElasticNet:
    """Linear regression with L1 and L2 penalties, which leaves features out.

    Minimises `|y - Xw - b|^2 / (2 rows) + alpha (share |w|_1 + (1 - share) |w|^2 / 2)`, `alpha = penalty * m / share`,
    where `m` is the smallest alpha that leaves no feature in when `share` is 1. So one value of `penalty` means the
    same for any target, scale and number of rows. The intercept is not penalised.
    Source: Friedman, Hastie, Tibshirani, Regularization Paths for Generalized Linear Models (2010).

    Args:
        penalty: share of the penalty that would leave no feature in, in (0, 1).
        l1_share: how much of the penalty is L1, in (0, 1]; 1 is the lasso.
        era_half_life: eras after which an era counts half as much as the newest; 0 for no forgetting.
        even_eras: give every era the same weight, however many rows it has.
    """

    penalty: float = 0.1
    l1_share: float = 0.5
    era_half_life: float = 0.0
    even_eras: bool = False

    bytes_per_value: ClassVar[float] = 0.0
    """What training holds of every feature value at its peak."""

    def __post_init__(self) -> None:
        require(0 < self.penalty < 1, "penalty", self.penalty, "in (0, 1)")
        require(0 < self.l1_share <= 1, "l1_share", self.l1_share, "in (0, 1]")
        check_weighting(self.era_half_life)

    def fit(self, panel: Panel) -> FittedRidge:
        """Solve for the labelled rows.

        Raises:
            UserError: `panel-without-target`, `panel-without-features`.
            DataError: `nothing-to-learn-from`, `missing-feature-values`, `features-all-constant`.
        """
        rows = training_rows(panel)
        sums = gather(rows, self.era_half_life, self.even_eras)
        scatter, products, mean, label_mean = sums.moments()
        scatter /= sums.rows
        products /= sums.rows
        alpha = self.penalty * float(np.abs(products).max()) / self.l1_share
        with one_thread():
            weights = descend(scatter, products, alpha * self.l1_share, alpha * (1 - self.l1_share))
        return FittedRidge(weights, float(label_mean - mean @ weights), rows.features, asdict(self), self.kind)

    def load(self, data: bytes) -> FittedRidge:
        """The fitted model that `save` wrote.

        Raises:
            DataError: `saved-model-unreadable`, `saved-model-of-another-kind`.
        """
        return load_linear(self.kind, data)

    @property
    def kind(self) -> str:
        """The name under which fitted models are saved."""
        return "elastic_net"


@dataclass(frozen=True)
class Lasso:
    """Linear regression with an L1 penalty, which leaves features out: `elastic_net` with all of the penalty L1.

    Args:
        penalty: share of the penalty that would leave no feature in, in (0, 1).
        era_half_life: eras after which an era counts half as much as the newest; 0 for no forgetting.
        even_eras: give every era the same weight, however many rows it has.
    """

    penalty: float = 0.1
    era_half_life: float = 0.0
    even_eras: bool = False

    bytes_per_value: ClassVar[float] = 0.0
    """What training holds of every feature value at its peak."""

    def __post_init__(self) -> None:
        self._net()

    def fit(self, panel: Panel) -> FittedRidge:
        """Solve for the labelled rows; raises what `elastic_net` raises."""
        found = self._net().fit(panel)
        return FittedRidge(found.weights, found.intercept, found.features, asdict(self), "lasso")

    def load(self, data: bytes) -> FittedRidge:
        """The fitted model that `save` wrote.

        Raises:
            DataError: `saved-model-unreadable`, `saved-model-of-another-kind`.
        """
        return load_linear("lasso", data)

    def _net(self) -> ElasticNet:
        return ElasticNet(self.penalty, 1.0, self.era_half_life, self.even_eras)


def descend(scatter: np.ndarray, products: np.ndarray, l1: float, l2: float) -> np.ndarray:
    """The minimum of `w'Sw/2 - w'p + l1 |w|_1 + l2 |w|^2 / 2`, one coordinate at a time.

    Args:
        scatter: S, (features, features), symmetric.
        products: p, (features,).
    """
    weights = np.zeros(len(products))
    left = products.copy()  # p - S w
    sizes = np.diag(scatter)
    every = np.flatnonzero(sizes > 0)
    places = every
    for round_number in range(ROUNDS):
        largest = 0.0
        for place in places:
            before = weights[place]
            pull = left[place] + sizes[place] * before
            after = np.sign(pull) * max(abs(pull) - l1, 0.0) / (sizes[place] + l2)
            if after != before:
                weights[place] = after
                left -= scatter[place] * (after - before)
                largest = max(largest, abs(after - before))
        report("rounds", round_number + 1, ROUNDS)
        settled = largest <= SETTLED * max(float(np.abs(weights).max()), 1e-300)
        if settled and places is every:
            break
        # the few that are in settle among themselves before all are looked at again
        places = every if settled else np.flatnonzero(weights)
    return weights
