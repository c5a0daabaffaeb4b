"""What a blend is chosen by."""

from __future__ import annotations

import numpy as np

from eraforge.models.rows import require

OBJECTIVES = ("mean", "sharpe")


def check_objective(objective: str, folds: int) -> None:
    """Check the settings `objective` and `folds`.

    Raises:
        UserError: `model-setting`.
    """
    require(objective in OBJECTIVES, "objective", objective, f"one of {', '.join(OBJECTIVES)}")
    require(folds >= 1, "folds", folds, "a number of folds from 1")


def value(scores: np.ndarray, objective: str) -> float:
    """The mean of per-era scores, or their mean over their deviation."""
    mean = float(scores.mean())
    return mean if objective == "mean" else mean / (float(scores.std()) + 1e-9)
