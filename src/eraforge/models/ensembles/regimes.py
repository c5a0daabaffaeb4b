"""Regime buckets: weights of the members for each kind of era, told apart by how their features move together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl

from eraforge.core.panel import ERA, ID, Panel
from eraforge.core.ports import Fitted
from eraforge.core.words import PREDICTION
from eraforge.models import archive
from eraforge.models.ensemble import FOLDER
from eraforge.models.ensembles.evidence import Evidence, gather_evidence
from eraforge.models.eras import labelled_eras
from eraforge.models.members import check_members, member_models, two_kinds
from eraforge.models.ranking import predictions_frame, rank_to_normal
from eraforge.models.rows import require

KIND = "regimes"


@dataclass(frozen=True)
class Regimes:
    """The mean of its members' normal ranks, weighted by how well each did out of fold in eras of the same kind.

    The kind of an era is a bucket of its co-movement: the deviation, over its rows, of the mean of all features. Only
    features are needed for it, so that a live era has one too. A member's weight in a bucket is its mean CORR there,
    drawn towards its mean CORR over all eras by `prior` eras; a negative one counts as 0.

    Args:
        members: name of a member to `{"learner": registered model, "settings": {...}}`.
        buckets: kinds of eras, with as many training eras each.
        prior: eras' worth of the mean over all eras.
        folds: purged walk-forward folds within the training eras.
    """

    members: Mapping[str, Mapping[str, Any]] = field(default_factory=two_kinds)
    buckets: int = 2
    prior: float = 20.0
    folds: int = 3

    def __post_init__(self) -> None:
        check_members(self.members)
        member_models(self.members)  # what is wrong with one is said before anything is read
        require(self.buckets >= 1, "buckets", self.buckets, "a number of buckets from 1")
        require(self.prior > 0, "prior", self.prior, "above 0")
        require(self.folds >= 1, "folds", self.folds, "a number of folds from 1")

    def fit(self, panel: Panel) -> FittedRegimes:
        """Learn each bucket's weights from out-of-fold predictions, then train the members on everything.

        Raises:
            UserError: `too-few-eras-for-inner-folds`, and what the members raise.
        """
        parts = member_models(self.members)
        evidence = gather_evidence(parts, panel, self.folds)
        moved = co_movement(panel.where_eras(labelled_eras(panel)))
        edges = np.quantile([moved[era] for era in sorted(moved)], np.arange(1, self.buckets) / self.buckets)
        weights = self._weights(evidence, np.array([moved[era] for era in evidence.eras]), edges)
        members = {name: part.fit(panel) for name, part in parts.items()}
        return FittedRegimes(members, panel.features, edges, weights)

    def load(self, data: bytes) -> FittedRegimes:
        """The fitted ensemble that `save` wrote.

        Raises:
            DataError: `saved-model-unreadable`, `saved-model-of-another-kind`.
        """
        facts, blobs = archive.unpack(KIND, data)
        members = {name: part.load(blobs[FOLDER + name]) for name, part in member_models(self.members).items()}
        edges, weights = (archive.bytes_array(blobs[f"{name}.npy"]) for name in ("edges", "weights"))
        return FittedRegimes(members, tuple(facts["features"]), edges, weights)

    def _weights(self, evidence: Evidence, moved: np.ndarray, edges: np.ndarray) -> np.ndarray:
        scores, bucket = evidence.scores(), np.searchsorted(edges, moved)
        whole = scores.mean(axis=0)
        rows = []
        for number in range(self.buckets):
            here = scores[bucket == number]
            mean = np.maximum((here.sum(axis=0) + self.prior * whole) / (len(here) + self.prior), 0.0)
            rows.append(mean / mean.sum() if mean.sum() > 0 else np.full(len(whole), 1 / len(whole)))
        return np.stack(rows)


class FittedRegimes:
    """Fitted members, the edges between buckets, (buckets - 1,), and the weights, (buckets, members)."""

    def __init__(
        self, members: Mapping[str, Fitted], features: tuple[str, ...], edges: np.ndarray, weights: np.ndarray
    ) -> None:
        self.members = dict(members)
        self.features = features
        self.edges = edges
        self.weights = weights

    def predict(self, panel: Panel) -> pl.DataFrame:
        """One prediction per row, in the panel's order.

        Raises:
            UserError: `unknown-column` when the panel lacks a feature of the training.
        """
        moved = co_movement(panel.select(features=self.features, targets=()))
        found = [rank_to_normal(member.predict(panel)) for member in self.members.values()]
        ranks = np.column_stack([frame[PREDICTION].to_numpy() for frame in found])
        bucket = {era: int(np.searchsorted(self.edges, value)) for era, value in moved.items()}
        weights = self.weights[found[0][ERA].replace_strict(bucket, return_dtype=pl.Int64).to_numpy()]
        return predictions_frame(found[0].select(ERA, ID), (ranks * weights).sum(axis=1))

    def save(self) -> bytes:
        """A zip of the members' saved forms, the edges and the weights."""
        blobs = {FOLDER + name: part.save() for name, part in self.members.items()}
        blobs |= {"edges.npy": archive.array_bytes(self.edges), "weights.npy": archive.array_bytes(self.weights)}
        return archive.pack(KIND, {"features": list(self.features)}, blobs)


def co_movement(panel: Panel) -> dict[str, float]:
    """Per era the deviation over its rows of the mean of all features."""
    found: dict[str, float] = {}
    for rows in panel.select(targets=()).batches():
        mean = rows.select(ERA, moved=pl.mean_horizontal(pl.col(panel.features).cast(pl.Float64)))
        # rounded, so that no bucket hangs on the order in which the rows were summed
        found |= dict(mean.group_by(ERA).agg(pl.col("moved").std().fill_null(0.0).round(9)).iter_rows())
    return found
