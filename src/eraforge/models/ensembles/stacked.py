"""Stacking: a model that learns from what its members predict of eras they have not seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl

from eraforge.core.panel import ERA, ID, Panel
from eraforge.core.ports import Fitted
from eraforge.core.words import PREDICTION
from eraforge.models import archive
from eraforge.models.ensemble import FOLDER
from eraforge.models.ensembles.evidence import gather_evidence
from eraforge.models.members import check_members, made, member_models, two_kinds
from eraforge.models.ranking import rank_to_normal
from eraforge.models.rows import require

KIND = "stacked"
TOP = "top"


@dataclass(frozen=True)
class Stacked:
    """A model whose features are its members' normal ranks, learned from their out-of-fold predictions.

    Args:
        members: name of a member to `{"learner": registered model, "settings": {...}}`.
        learner: registered model that learns from the members' ranks.
        settings: its settings.
        folds: purged walk-forward folds within the training eras.
    """

    members: Mapping[str, Mapping[str, Any]] = field(default_factory=two_kinds)
    learner: str = "ridge"
    settings: Mapping[str, Any] = field(default_factory=dict)
    folds: int = 3

    def __post_init__(self) -> None:
        check_members(self.members)
        member_models(self.members)  # what is wrong with one is said before anything is read
        made(self.learner, self.settings)
        require(self.folds >= 1, "folds", self.folds, "a number of folds from 1")

    def fit(self, panel: Panel) -> FittedStacked:
        """Gather out-of-fold predictions, learn from them, then train the members on everything.

        Raises:
            UserError: `too-few-eras-for-inner-folds`, and what the models raise.
        """
        parts = member_models(self.members)
        evidence = gather_evidence(parts, panel, self.folds)
        rows = evidence.keys.with_columns(pl.Series(panel.target.name, evidence.truth))
        top = made(self.learner, self.settings).fit(stacked_panel(panel, rows, list(parts), evidence.ranks))
        return FittedStacked({name: part.fit(panel) for name, part in parts.items()}, top)

    def load(self, data: bytes) -> FittedStacked:
        """The fitted ensemble that `save` wrote.

        Raises:
            DataError: `saved-model-unreadable`, `saved-model-of-another-kind`.
        """
        _, blobs = archive.unpack(KIND, data)
        parts = member_models(self.members)
        members = {name: parts[name].load(blobs[FOLDER + name]) for name in parts}
        return FittedStacked(members, made(self.learner, self.settings).load(blobs[TOP]))


class FittedStacked:
    """Fitted members, and the fitted model of their ranks."""

    def __init__(self, members: Mapping[str, Fitted], top: Fitted) -> None:
        self.members = dict(members)
        self.top = top

    def predict(self, panel: Panel) -> pl.DataFrame:
        """One prediction per row, in the panel's order.

        Raises:
            UserError: `unknown-column` when the panel lacks a feature of a member.
        """
        found = [rank_to_normal(member.predict(panel)) for member in self.members.values()]
        ranks = np.column_stack([frame[PREDICTION].to_numpy() for frame in found])
        return self.top.predict(stacked_panel(panel.select(targets=()), found[0], list(self.members), ranks))

    def save(self) -> bytes:
        """A zip of the saved forms of the members and of the model of their ranks."""
        blobs = {FOLDER + name: part.save() for name, part in self.members.items()}
        return archive.pack(KIND, {}, {**blobs, TOP: self.top.save()})


def stacked_panel(panel: Panel, rows: pl.DataFrame, names: Sequence[str], ranks: np.ndarray) -> Panel:
    """The members' ranks as the features of some of a panel's rows.

    Args:
        rows: `era`, `id` and the targets of the rows.
        names: the members.
        ranks: (rows, members).
    """
    features = tuple(f"member {name}" for name in names)
    columns = {feature: ranks[:, place] for place, feature in enumerate(features)}
    targets = tuple(target for target in panel.targets if target.name in rows.columns)
    frame = rows.select(ERA, ID, *(target.name for target in targets)).with_columns(
        **{name: pl.Series(name, values) for name, values in columns.items()}
    )
    here = set(rows[ERA].unique())
    moments = panel.moments.restrict([era in here for era in panel.eras])
    ordered = frame.select(ERA, ID, *features, *(target.name for target in targets))
    return Panel(ordered.lazy(), features, targets, moments, panel.sample, panel.synthetic)
