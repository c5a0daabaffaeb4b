"""Other ways to train a model: labels with less exposure, some of the eras, the hardest eras again, several targets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from eraforge.core.panel import ERA, ID, Panel
from eraforge.core.ports import Fitted, Model
from eraforge.models import archive
from eraforge.models.ensemble import FOLDER, FittedAverage, load_average
from eraforge.models.eras import labelled_eras
from eraforge.models.progress import report
from eraforge.models.ranking import era_corr
from eraforge.models.rows import labels, require, training_rows
from eraforge.models.wrapping.inner import Wrapping
from eraforge.models.wrapping.linear_part import chosen
from eraforge.models.wrapping.neutralised import neutral_labels


@dataclass(frozen=True)
class LowExposure(Wrapping):
    """A model trained on labels from which part of what is linear in the features was taken, era by era.

    What is left teaches less of the exposures that come and go. The settings of the inner model are those of every
    wrapping model (`learner`, `settings`). Networks can be penalised directly: `exposure_penalty`.

    Args:
        proportion: how much of the linear part goes, in [0, 1].
        penalty: L2 penalty of the linear part, as a share of the mean variance of the features.
        features: patterns of the features meant; all where there is none.
    """

    proportion: float = 0.5
    penalty: float = 0.01
    features: Sequence[str] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        require(0 <= self.proportion <= 1, "proportion", self.proportion, "in [0, 1]")
        require(self.penalty > 0, "penalty", self.penalty, "above 0")

    def fit(self, panel: Panel) -> Fitted:
        """Train the inner model on the changed labels; the fitted model is its own.

        Raises:
            UserError: `no-such-features`, and what the inner model raises.
        """
        rows = training_rows(panel)
        labels(rows)
        features = chosen(rows.features, self.features)
        changed = neutral_labels(rows, features, self.proportion, self.penalty)
        frame = rows.frame.select(ERA, ID, *rows.features)
        frame = frame.join(changed.lazy(), on=[ERA, ID], how="left", maintain_order="left")
        return self.inner().fit(replace(rows, frame=frame, digest=None))

    def load(self, data: bytes) -> Fitted:
        """The fitted model that `save` wrote; raises what the inner model raises."""
        return self.inner().load(data)


@dataclass(frozen=True)
class EraSample(Wrapping):
    """A model trained on every n-th labelled era: neighbours overlap, so that little is lost and memory is saved.

    The settings of the inner model are those of every wrapping model (`learner`, `settings`).

    Args:
        every: eras per era that is used.
        first: how many eras to leave out first, below `every`.
    """

    every: int = 4
    first: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        require(self.every >= 1, "every", self.every, "a number of eras from 1")
        require(0 <= self.first < self.every, "first", self.first, "from 0 and below every")

    def fit(self, panel: Panel) -> Fitted:
        """Train the inner model on some eras; the fitted model is its own. Raises what the inner model raises."""
        eras = labelled_eras(panel)
        return self.inner().fit(panel.where_eras(eras[self.first :: self.every] or eras))

    def load(self, data: bytes) -> Fitted:
        """The fitted model that `save` wrote; raises what the inner model raises."""
        return self.inner().load(data)


@dataclass(frozen=True)
class EraBoosting(Wrapping):
    """A model trained again on the eras that it did worst, and averaged with what it was before.

    The settings of the inner model are those of every wrapping model (`learner`, `settings`).
    Source: Numerai's era boosting of trees, here for any learner: each round adds a model instead of more trees.

    Args:
        rounds: models, the first of which is trained on all eras.
        share: share of the eras, the worst by CORR of the average so far, that each further one is trained on.
    """

    rounds: int = 3
    share: float = 0.5

    kind = "era_boosting"

    def __post_init__(self) -> None:
        super().__post_init__()
        require(self.rounds >= 1, "rounds", self.rounds, "a number of rounds from 1")
        require(0 < self.share <= 1, "share", self.share, "in (0, 1]")

    def fit(self, panel: Panel) -> FittedAverage:
        """Train a model per round; raises what the inner model raises.

        Every row of an era is ranked in the average, those with a label are scored.
        """
        truth, eras = labels(training_rows(panel)), labelled_eras(panel)
        rows = panel.where_eras(eras)
        known = rows.frame.select(pl.col(panel.target.name).cast(pl.Float64).is_finite().fill_null(False))
        labelled = known.collect().to_series()
        fitted: dict[str, Fitted] = {}
        chosen_eras: Sequence[str] = eras
        for number in range(self.rounds):
            fitted[f"round {number}"] = self.inner().fit(panel.where_eras(chosen_eras))
            average = FittedAverage(fitted, dict.fromkeys(fitted, 1.0), self.kind)
            report("rounds", number + 1, self.rounds)
            if number + 1 < self.rounds:
                scores = era_corr(average.predict(rows.select(targets=())).filter(labelled), truth)
                worst = np.argsort(scores, kind="stable")[: max(1, round(len(eras) * self.share))]
                chosen_eras = [eras[place] for place in sorted(worst.tolist())]
        return average

    def load(self, data: bytes) -> FittedAverage:
        """The fitted model that `save` wrote.

        Raises:
            DataError: `saved-model-unreadable`, `saved-model-of-another-kind`, `ensemble-members-differ`.
        """
        return load_average(self.kind, {f"round {number}": self.inner() for number in range(self.rounds)}, data)


@dataclass(frozen=True)
class MultiTarget(Wrapping):
    """A model trained once per target of the panel; the average of the normal ranks of what each predicts.

    The settings of the inner model are those of every wrapping model (`learner`, `settings`).

    Args:
        targets: names of the targets; all that the panel carries where there is none.
    """

    targets: Sequence[str] = ()

    kind = "multi_target"

    def fit(self, panel: Panel) -> FittedAverage:
        """Train a model per target, each on the rows whose own label is known.

        Raises:
            UserError: `unknown-column` when the panel lacks a target, `panel-without-target`.
        """
        names = list(self.targets) or [panel.target.name, *(target.name for target in panel.targets[1:])]
        fitted: dict[str, Fitted] = {}
        for done, name in enumerate(names, start=1):
            fitted[name] = self.inner().fit(panel.select(targets=[name]))
            report("targets", done, len(names))
        return FittedAverage(fitted, dict.fromkeys(names, 1.0), self.kind)

    def load(self, data: bytes) -> FittedAverage:
        """The fitted model that `save` wrote.

        Raises:
            DataError: `saved-model-unreadable`, `saved-model-of-another-kind`.
        """
        _, blobs = archive.unpack(self.kind, data)
        parts: dict[str, Model] = {name.removeprefix(FOLDER): self.inner() for name in blobs}
        return load_average(self.kind, parts, data)
