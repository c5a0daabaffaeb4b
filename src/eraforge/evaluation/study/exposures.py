"""What out-of-fold predictions lean on: their correlation with each feature, era by era."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from eraforge.core.panel import ERA, ID, Panel, Sample
from eraforge.core.words import PREDICTION
from eraforge.evaluation.neutral.scores import feature_correlations


@dataclass(frozen=True, eq=False)
class Exposures:
    """Correlations of predictions with features.

    Args:
        eras: (e,) labels; features: (f,) names; table: (e, f) Pearson correlations, NaN for a constant feature.
    """

    eras: tuple[str, ...]
    features: tuple[str, ...]
    table: np.ndarray
    sample: Sample

    def largest(self) -> list[float]:
        """Per era the largest absolute correlation with any feature."""
        return [float(value) for value in np.nanmax(np.abs(self.table), axis=1)]

    def mean_square(self) -> list[float]:
        """Per era the root mean square over features: feature exposure."""
        return [float(value) for value in np.sqrt(np.nanmean(self.table**2, axis=1))]

    def strongest(self, count: int) -> list[tuple[str, float]]:
        """The features with the largest mean correlation either way, and that mean."""
        means = np.nanmean(self.table, axis=0)
        order = np.argsort(-np.abs(means), kind="stable")[:count]
        return [(self.features[place], float(means[place])) for place in order]


def exposures(panel: Panel, predictions: pl.DataFrame, sample: Sample, eras_at_once: int = 16) -> Exposures:
    """Correlate predictions (`era`, `id`, `prediction`) with the panel's features, some eras in memory at a time."""
    eras = predictions.get_column(ERA).unique(maintain_order=True).to_list()
    rows = []
    for batch in panel.where_eras(eras).batches(eras_at_once):
        joined = batch.join(predictions, on=[ERA, ID], how="inner", maintain_order="left")
        for _, part in joined.group_by(ERA, maintain_order=True):
            rows.append(_one_era(part, panel.features))
    return Exposures(tuple(eras), panel.features, np.array(rows), sample)


def _one_era(part: pl.DataFrame, features: Sequence[str]) -> np.ndarray:
    matrix = part.select(features).fill_null(0).to_numpy()
    found: np.ndarray = feature_correlations(part.get_column(PREDICTION).to_numpy(), matrix)[:, 0]
    return found
