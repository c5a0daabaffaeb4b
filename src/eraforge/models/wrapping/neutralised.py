"""Neutralisation: predictions from which a proportion of what is linear in the features is taken away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from eraforge.core.errors import DataError
from eraforge.core.panel import ERA, Panel
from eraforge.core.ports import Fitted, Model
from eraforge.core.words import PREDICTION
from eraforge.models import archive
from eraforge.models.ranking import predictions_frame, rank_to_normal
from eraforge.models.rows import require
from eraforge.models.wrapping.inner import Wrapping
from eraforge.models.wrapping.linear_part import chosen, linear_part

KIND = "neutralised"
INNER = "inner"


@dataclass(frozen=True)
class Neutralised(Wrapping):
    """A model whose predictions, as normal ranks, lose a proportion of their linear part in each era.

    The settings of the inner model are those of every wrapping model (`learner`, `settings`).
    Source: Numerai's feature neutralisation, `scores - proportion * exposures @ (pinv(exposures) @ scores)`.

    Args:
        proportion: how much of the linear part goes, in [0, 1].
        features: patterns of the features to be neutral to (a group, say); all where there is none.
    """

    proportion: float = 0.5
    features: Sequence[str] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        require(0 <= self.proportion <= 1, "proportion", self.proportion, "in [0, 1]")

    def parts(self) -> dict[str, Model]:
        """The inner model.

        Raises:
            UserError: `unknown-plugin`, `model-setting`.
        """
        return {INNER: self.inner()}

    def fit(self, panel: Panel) -> FittedNeutralised:
        """Train the inner model."""
        return self.combine({INNER: self.inner().fit(panel)})

    def combine(self, fitted: Mapping[str, Fitted]) -> FittedNeutralised:
        """Around an inner model that is already fitted.

        Raises:
            DataError: `ensemble-members-differ` when it is not given.
        """
        if set(fitted) != {INNER}:
            raise DataError(
                "ensemble-members-differ",
                f"The fitted parts {sorted(fitted)} are not one inner model.",
                "Give it alone.",
            )
        return FittedNeutralised(fitted[INNER], self.proportion, tuple(self.features))

    def load(self, data: bytes) -> FittedNeutralised:
        """The fitted model that `save` wrote.

        Raises:
            DataError: `saved-model-unreadable`, `saved-model-of-another-kind`.
        """
        _, blobs = archive.unpack(KIND, data)
        return self.combine({INNER: self.inner().load(blobs[INNER])})


class FittedNeutralised:
    """A fitted inner model, the proportion, and the patterns of the features."""

    def __init__(self, inner: Fitted, proportion: float, patterns: tuple[str, ...]) -> None:
        self.inner = inner
        self.proportion = proportion
        self.patterns = patterns

    def predict(self, panel: Panel) -> pl.DataFrame:
        """One prediction per row, in the panel's order.

        Raises:
            UserError: `unknown-column` when the panel lacks a feature of the inner model, `no-such-features`.
        """
        ranks = rank_to_normal(self.inner.predict(panel))
        values = ranks[PREDICTION].to_numpy().copy()
        features = chosen(panel.features, self.patterns)
        places = ranks.with_row_index("place")[["place", ERA]].partition_by(ERA, as_dict=True)
        for batch in panel.select(features=features, targets=()).batches():
            for (era,), rows in batch.partition_by(ERA, as_dict=True).items():
                here = places[era,]["place"].to_numpy()
                values[here] -= self.proportion * linear_part(rows, features, values[here])
        return predictions_frame(ranks, values)

    def save(self) -> bytes:
        """A zip of the inner model's own saved form."""
        facts = {"proportion": self.proportion, "features": list(self.patterns)}
        return archive.pack(KIND, facts, {INNER: self.inner.save()})


def neutral_labels(panel: Panel, features: Sequence[str], proportion: float, penalty: float) -> pl.DataFrame:
    """The main target without a proportion of its linear part in each era.

    Args:
        panel: labelled rows.

    Returns:
        The panel's keys and the target under its name, float64.
    """
    target = panel.target.name
    parts = []
    for batch in panel.batches():
        for rows in batch.partition_by(ERA, maintain_order=True):
            truth = rows[target].cast(pl.Float64).to_numpy()
            truth = truth - proportion * linear_part(rows, features, truth, penalty)
            parts.append(rows.select(ERA, "id").with_columns(pl.Series(target, np.asarray(truth), dtype=pl.Float64)))
    return pl.concat(parts)
