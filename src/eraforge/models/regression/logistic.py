"""Logistic regression: the label as the probability of going up."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import ClassVar

import numpy as np

from eraforge.core.errors import DataError
from eraforge.core.panel import Panel
from eraforge.models.eras import check_weighting
from eraforge.models.linear import CENTRE, FittedRidge, load_linear
from eraforge.models.regression.blocks import minimise, read_rows
from eraforge.models.rows import require, training_rows

KIND = "logistic"


@dataclass(frozen=True)
class Logistic:
    """Logistic regression on the label as a probability: cross-entropy, with an L2 penalty on standardised features.

    Labels are brought to [0, 1] by the least and the greatest of the training; a label of 0.75 counts as three quarters
    of a one and a quarter of a zero. A prediction is the log odds.

    Args:
        penalty: L2 penalty on the weights of standardised features.
        rounds: iterations of L-BFGS at most.
        era_half_life: eras after which an era counts half as much as the newest; 0 for no forgetting.
        even_eras: give every era the same weight, however many rows it has.
    """

    penalty: float = 0.01
    rounds: int = 200
    era_half_life: float = 0.0
    even_eras: bool = False

    bytes_per_value: ClassVar[float] = 2.0
    """What training holds of every feature value at its peak."""

    def __post_init__(self) -> None:
        require(self.penalty > 0, "penalty", self.penalty, "above 0")
        require(self.rounds >= 1, "rounds", self.rounds, "a number of rounds from 1")
        check_weighting(self.era_half_life)

    def fit(self, panel: Panel) -> FittedRidge:
        """Solve for the labelled rows.

        Raises:
            UserError: `panel-without-target`, `panel-without-features`.
            DataError: `nothing-to-learn-from`, `missing-feature-values`, `features-all-constant`, `label-constant`.
        """
        rows = read_rows(training_rows(panel), self.era_half_life, self.even_eras)
        low, high = float(rows.truth.min()), float(rows.truth.max())
        if low == high:
            raise DataError("label-constant", f"Every label is {low}.", "Give the model rows whose labels differ.")
        solution = minimise(
            replace(rows, truth=(rows.truth - low) / (high - low)), cross_entropy, self.penalty, None, self.rounds
        )
        weights = solution[:-1] / rows.scale
        intercept = float(solution[-1] - (rows.mean - CENTRE) @ weights)
        return FittedRidge(weights, intercept, panel.features, asdict(self), KIND)

    def load(self, data: bytes) -> FittedRidge:
        """The fitted model that `save` wrote.

        Raises:
            DataError: `saved-model-unreadable`, `saved-model-of-another-kind`.
        """
        return load_linear(KIND, data)


def cross_entropy(scores: np.ndarray, truth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """`log(1 + exp(score)) - truth * score` and its derivative, each (rows,)."""
    from scipy.special import expit

    return np.logaddexp(0.0, scores) - truth * scores, expit(scores) - truth
