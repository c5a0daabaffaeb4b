"""Random forest and extremely randomised trees, grown by LightGBM from the same small bins."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, ClassVar

from eraforge.core.panel import Panel
from eraforge.models import archive
from eraforge.models.binned import binned_dataset, engine
from eraforge.models.boosting import FittedLightGBM, LightGBM, tell_trees, without_parameters
from eraforge.models.eras import check_weighting, row_weights
from eraforge.models.rows import labels, require, training_rows


@dataclass(frozen=True)
class RandomForest:
    """The mean of deep trees, each grown on a sample of the rows, each split choosing among a few features.

    LightGBM's `rf` mode: binned features and leaf-wise growth, so that a forest fits where a float copy would not.
    Source: Breiman, Random Forests (2001).

    Args:
        n_estimators: trees.
        num_leaves: leaves of a tree.
        min_data_in_leaf: rows a leaf needs.
        row_share: share of the rows each tree sees, in (0, 1).
        feature_share: share of the features each split may choose among, in (0, 1].
        max_bin: bins per feature.
        era_half_life: eras after which an era counts half as much as the newest; 0 for no forgetting.
        even_eras: give every era the same weight, however many rows it has.
        seed: seed of all samples.
        threads: threads to train and predict with; 0 for as many as the size of the data is worth.
    """

    n_estimators: int = 300
    num_leaves: int = 128
    min_data_in_leaf: int = 20
    row_share: float = 0.3
    feature_share: float = 0.2
    max_bin: int = 15
    era_half_life: float = 0.0
    even_eras: bool = False
    seed: int = 7
    threads: int = 0

    bytes_per_value: ClassVar[float] = 0.5
    """What training holds of every feature value at its peak."""

    def __post_init__(self) -> None:
        require(0 < self.row_share < 1, "row_share", self.row_share, "in (0, 1)")
        require(0 < self.feature_share <= 1, "feature_share", self.feature_share, "in (0, 1]")
        check_weighting(self.era_half_life)
        self._lightgbm()

    def fit(self, panel: Panel) -> FittedForest:
        """Train on the labelled rows.

        Raises:
            UserError: `panel-without-target`, `panel-without-features`.
            DataError: `nothing-to-learn-from`, `features-all-constant`.
        """
        rows = training_rows(panel)
        truth = labels(rows)
        parameters = {
            **self._lightgbm().parameters(len(truth) * len(rows.features)),
            "boosting": "rf",
            "extra_trees": isinstance(self, ExtraTrees),
            "extra_seed": self.seed,
            "bagging_fraction": self.row_share,
            "bagging_freq": 1,
            "bagging_seed": self.seed,
            "feature_fraction_bynode": self.feature_share,
        }
        dataset = binned_dataset(rows, truth, parameters)
        weights = row_weights(rows, self.era_half_life, self.even_eras)
        if weights is not None:
            dataset.set_weight(weights)
        booster = engine().train(parameters, dataset, self.n_estimators, callbacks=[tell_trees(self.n_estimators)])
        booster.free_dataset()
        return self._fitted(without_parameters(booster.model_to_string(num_iteration=-1)), rows.features, asdict(self))

    def load(self, data: bytes) -> FittedForest:
        """The fitted model that `save` wrote.

        Raises:
            DataError: `saved-model-unreadable`, `saved-model-of-another-kind`.
        """
        facts, blobs = archive.unpack(self._kind, data)
        settings = {**facts["settings"], "threads": self.threads}
        return self._fitted(blobs["trees.txt"].decode(), tuple(facts["features"]), settings)

    def _fitted(self, text: str, features: tuple[str, ...], settings: dict[str, Any]) -> FittedForest:
        return FittedForest(text, features, settings, self._kind)

    @property
    def _kind(self) -> str:
        return "extra_trees" if isinstance(self, ExtraTrees) else "random_forest"

    def _lightgbm(self) -> LightGBM:
        """The engine's own settings; it also refuses what makes no sense."""
        return LightGBM(
            n_estimators=self.n_estimators,
            max_depth=-1,
            num_leaves=self.num_leaves,
            colsample_bytree=1.0,
            min_data_in_leaf=self.min_data_in_leaf,
            max_bin=self.max_bin,
            seed=self.seed,
            threads=self.threads,
        )


@dataclass(frozen=True)
class ExtraTrees(RandomForest):
    """A forest whose splits are drawn at random: one threshold per feature that a split may choose.

    Settings are those of `random_forest`. Source: Geurts, Ernst, Wehenkel, Extremely Randomized Trees (2006).
    """

    feature_share: float = 0.5


class FittedForest(FittedLightGBM):
    """Trained trees of a forest: LightGBM's own text, the features in order, and the settings."""

    def __init__(self, text: str, features: tuple[str, ...], settings: dict[str, Any], kind: str) -> None:
        super().__init__(text, features, settings)
        self.kind = kind
