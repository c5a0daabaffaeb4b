"""How much a fitted model needs each feature: what its CORR loses when the feature's values are dealt out anew.

Breiman 2001, "Random Forests", section 10, with two changes for this field: values are permuted within an era, so that
nothing moves through time, and the loss is of CORR per era on eras the model never saw.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from eraforge.core.panel import ERA, ID, Panel, Sample
from eraforge.core.ports import Fitted, Progress
from eraforge.core.words import PREDICTION
from eraforge.evaluation.eras import score_eras
from eraforge.evaluation.scores import corr


@dataclass(frozen=True, slots=True)
class Importance:
    """What a feature is worth to a model.

    Args:
        loss: mean loss of CORR per era without it; negative when the model is better off without.
        error: naive standard error of that mean over the eras of all folds.
        by_fold: the mean loss in each fold, in time order: importance that comes and goes is seen here.
    """

    feature: str
    loss: float
    error: float
    by_fold: tuple[float, ...]
    sample: Sample

    def as_dict(self) -> dict[str, Any]:
        """JSON-able form."""
        return {
            "feature": self.feature,
            "loss": self.loss,
            "error": self.error,
            "by_fold": list(self.by_fold),
            "sample": str(self.sample),
        }


def permutation_losses(
    fitted: Fitted,
    panel: Panel,
    eras: Sequence[str],
    features: Sequence[str],
    seed: int,
    progress: Progress | None = None,
) -> np.ndarray:
    """(features, eras) loss of CORR when the values of one feature are permuted within each era.

    Args:
        fitted: a model that saw none of the eras.
        panel: the history; its main target is what CORR is taken against, on the rows that have one.
        eras: eras to score on, whose target is known.
        features: the features to permute.
        seed: of the permutations, which are the same for every feature of a number.
    """
    rows = panel.where_eras(eras).collect()
    labels = rows.get_column(ERA).to_numpy()
    truth = rows.get_column(panel.target.name).cast(pl.Float64).to_numpy()
    there = np.isfinite(truth)

    def scored(frame: pl.DataFrame) -> np.ndarray:
        made = fitted.predict(_unlabelled(panel, frame, eras)).get_column(PREDICTION).to_numpy()
        names, values = score_eras(corr, labels[there], made[there], truth[there])
        place = {str(name): row for row, name in enumerate(names)}
        return np.array([values[place[era], 0] for era in eras])

    whole = scored(rows)
    order = _permutation(labels, np.random.default_rng(seed))
    losses = np.empty((len(features), len(eras)))
    for row, name in enumerate(features):
        shuffled = rows.with_columns(rows.get_column(name)[order].alias(name))
        losses[row] = whole - np.nan_to_num(scored(shuffled))
        if progress is not None:
            progress("importance", row + 1, len(features))
    return losses


def importances(features: Sequence[str], losses: Sequence[np.ndarray], sample: Sample) -> list[Importance]:
    """The importances, largest first, from the (features, eras) losses of each fold."""
    whole = np.concatenate(losses, axis=1)
    means, count = whole.mean(axis=1), whole.shape[1]
    errors = whole.std(axis=1, ddof=1) / np.sqrt(count) if count > 1 else np.full(len(features), np.nan)
    folds = [fold.mean(axis=1) for fold in losses]
    found = [
        Importance(name, float(means[row]), float(errors[row]), tuple(float(fold[row]) for fold in folds), sample)
        for row, name in enumerate(features)
    ]
    return sorted(found, key=lambda one: -one.loss)


def _unlabelled(panel: Panel, frame: pl.DataFrame, eras: Sequence[str]) -> Panel:
    chosen = panel.where_eras(eras).select(targets=())
    return replace(chosen, frame=frame.lazy().select(ERA, ID, *panel.features))


def _permutation(labels: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """(rows,) a permutation that moves every row within its own era."""
    order = np.arange(len(labels))
    for era in np.unique(labels):
        rows = np.flatnonzero(labels == era)
        order[rows] = random.permutation(rows)
    return order
