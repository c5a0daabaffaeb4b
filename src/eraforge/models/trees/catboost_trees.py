"""CatBoost: boosted symmetric trees, with the same bytes each time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

import numpy as np
import polars as pl

from eraforge.core.errors import DataError
from eraforge.core.panel import Panel, frame_matrix
from eraforge.models import archive
from eraforge.models.devices import check_device, chosen_device, library
from eraforge.models.eras import EVERY, Watch, check_stopping, check_weighting, purged_tail, row_weights
from eraforge.models.progress import report
from eraforge.models.ranking import predictions_frame
from eraforge.models.rows import labels, pieces, require, training_rows

KIND = "catboost"
CELLS_AT_ONCE = 16 * 2**20
FEW_CELLS = 2 * 2**20


@dataclass(frozen=True)
class CatBoost:
    """Boosted symmetric trees (CatBoost, squared error).

    CatBoost reads float32: it needs four bytes per value while its own bins are made, and one after.

    Args:
        n_estimators: trees.
        learning_rate: weight of each tree.
        max_depth: levels of a tree, 1..16.
        colsample_bylevel: share of the features each level may choose among, in (0, 1].
        reg_lambda: L2 penalty on leaf values.
        max_bin: bins per feature.
        patience: keep the number of trees with which the purged last eras had the best mean CORR, looking no further
            once so many brought nothing better, and train that many on all rows; 0 trains `n_estimators`.
        tail: share of the eras, the last ones, that early stopping judges by.
        era_half_life: eras after which an era counts half as much as the newest; 0 for no forgetting.
        even_eras: give every era the same weight, however many rows it has.
        device: `auto`, `cpu` or `cuda`; on `cuda` all features are used at each level, and the bytes may differ.
        seed: seed of the column choice.
        threads: threads to train and predict with; 0 for all.
    """

    n_estimators: int = 400
    learning_rate: float = 0.05
    max_depth: int = 5
    colsample_bylevel: float = 0.1
    reg_lambda: float = 3.0
    max_bin: int = 15
    patience: int = 0
    tail: float = 0.15
    era_half_life: float = 0.0
    even_eras: bool = False
    device: str = "auto"
    seed: int = 7
    threads: int = 0

    bytes_per_value: ClassVar[float] = 6.0
    """What training holds of every feature value at its peak."""

    def __post_init__(self) -> None:
        require(self.n_estimators >= 1, "n_estimators", self.n_estimators, "a number of trees from 1")
        require(self.learning_rate > 0, "learning_rate", self.learning_rate, "above 0")
        require(1 <= self.max_depth <= 16, "max_depth", self.max_depth, "a depth from 1 to 16")
        require(0 < self.colsample_bylevel <= 1, "colsample_bylevel", self.colsample_bylevel, "in (0, 1]")
        require(self.reg_lambda >= 0, "reg_lambda", self.reg_lambda, "at least 0")
        require(2 <= self.max_bin <= 255, "max_bin", self.max_bin, "between 2 and 255")
        require(self.threads >= 0, "threads", self.threads, "0 or a number of threads")
        check_stopping(self.patience, self.tail)
        check_weighting(self.era_half_life)
        check_device(self.device)

    def fit(self, panel: Panel) -> FittedCatBoost:
        """Train on the labelled rows.

        Raises:
            UserError: `panel-without-target`, `panel-without-features`, `too-few-eras-to-stop-early`, `no-cuda-device`.
            DataError: `nothing-to-learn-from`, `features-all-constant`.
        """
        rows = training_rows(panel)
        trees = self.n_estimators
        if self.patience:
            earlier, tail = purged_tail(panel, self.tail)
            trees = self._best_trees(training_rows(earlier), Watch(training_rows(tail), self.patience))
        booster = self._booster(rows, trees)
        return FittedCatBoost(_bytes(booster), rows.features, asdict(self))

    def load(self, data: bytes) -> FittedCatBoost:
        """The fitted model that `save` wrote.

        Raises:
            DataError: `saved-model-unreadable`, `saved-model-of-another-kind`.
        """
        facts, blobs = archive.unpack(KIND, data)
        settings = {**facts["settings"], "threads": self.threads}
        return FittedCatBoost(blobs["trees.cbm"], tuple(facts["features"]), settings)

    def parameters(self, cells: int) -> dict[str, Any]:
        """The settings in CatBoost's own words, with everything that makes a run repeatable and leaves no file.

        Args:
            cells: rows times features of the training; few of them are learned faster by one thread than by many.
        """
        where = chosen_device(self.device, "catboost", built_for_cuda=True)
        of_device = {"task_type": "GPU"} if where == "cuda" else {"rsm": self.colsample_bylevel}
        return {
            "loss_function": "RMSE",
            "learning_rate": self.learning_rate,
            "depth": self.max_depth,
            "l2_leaf_reg": self.reg_lambda,
            "border_count": self.max_bin,
            "bootstrap_type": "No",
            "random_strength": 0,
            "random_seed": self.seed,
            "thread_count": self.threads or (1 if cells < FEW_CELLS else -1),
            "allow_writing_files": False,
            "logging_level": "Silent",
            **of_device,
        }

    def _booster(self, rows: Panel, trees: int) -> Any:
        catboost = library("catboost", "gbm")

        truth = labels(rows)
        matrix = rows.matrix(np.float32)
        if not len(matrix) or (np.nanmax(matrix, axis=0) == np.nanmin(matrix, axis=0)).all():
            raise DataError("features-all-constant", "No feature has two values.", "Select features that vary.")
        pool = catboost.Pool(matrix, truth, weight=row_weights(rows, self.era_half_life, self.even_eras))
        booster = catboost.CatBoost({**self.parameters(matrix.size), "iterations": trees})
        del matrix
        booster.fit(pool)
        report("trees", trees, trees)
        return booster

    def _best_trees(self, earlier: Panel, watch: Watch) -> int:
        booster = self._booster(earlier, self.n_estimators)
        matrix = frame_matrix(watch.rows, earlier.features, np.float32)
        before: np.ndarray | float = 0.0
        steps = booster.staged_predict(matrix, eval_period=EVERY)
        for step, values in enumerate(steps, start=1):
            if watch.add(values - before, min(step * EVERY, self.n_estimators)):
                break
            before = values
        return watch.best_trees


class FittedCatBoost:
    """Trained trees: CatBoost's own binary form, the features in order, and the settings."""

    def __init__(self, trees: bytes, features: tuple[str, ...], settings: Mapping[str, Any]) -> None:
        catboost = library("catboost", "gbm")

        self.trees = trees
        self.features = features
        self.settings = dict(settings)
        self._booster = catboost.CatBoost()
        try:
            self._booster.load_model(blob=trees)
        except catboost.CatBoostError as error:
            raise DataError(
                "saved-model-unreadable",
                f"CatBoost cannot read these trees: {str(error).splitlines()[0]}.",
                "Restore the file from a backup, or train again.",
            ) from error

    def predict(self, panel: Panel) -> pl.DataFrame:
        """One prediction per row, in the panel's order.

        Raises:
            UserError: `unknown-column` when the panel lacks a feature of the training.
        """
        threads = self.settings["threads"] or -1
        parts = []
        for rows in pieces(panel, self.features, max(1, CELLS_AT_ONCE // len(self.features))):
            if rows.height:
                values = self._booster.predict(frame_matrix(rows, self.features, np.float32), thread_count=threads)
                parts.append(predictions_frame(rows, np.asarray(values, dtype=np.float64)))
        return pl.concat(parts) if parts else predictions_frame(panel.collect(), np.empty(0))

    def save(self) -> bytes:
        """A zip of the trees as CatBoost's binary form and the settings and features as JSON."""
        settings = {name: value for name, value in self.settings.items() if name != "threads"}
        facts = {"settings": settings, "features": list(self.features)}
        return archive.pack(KIND, facts, {"trees.cbm": self.trees})


def _bytes(booster: Any) -> bytes:
    """The trees without CatBoost's notes on the run: when it ended, a random number, and its parameters."""
    notes = booster.get_metadata()
    for name in list(notes.keys()):
        del notes[name]
    data: bytes = booster._serialize_model()
    return data
