"""XGBoost, trained from a lazy panel some eras at a time, so that only its own one-byte bins are whole in memory."""

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
from eraforge.models.rows import are_bytes, labels, pieces, require, training_rows

KIND = "xgboost"
CELLS_AT_ONCE = 32 * 2**20
FEW_CELLS = 2 * 2**20


@dataclass(frozen=True)
class XGBoost:
    """Boosted trees (XGBoost, squared error, histogram method).

    Args:
        n_estimators: trees.
        learning_rate: weight of each tree.
        max_depth: levels of a tree.
        colsample_bytree: share of the features each tree may use, in (0, 1].
        min_child_weight: rows (by weight) a leaf needs.
        reg_lambda: L2 penalty on leaf values.
        max_bin: bins per feature.
        patience: stop once so many trees brought the purged last eras no better mean CORR, and train the best number of
            trees on all rows; 0 trains `n_estimators`.
        tail: share of the eras, the last ones, that early stopping judges by.
        era_half_life: eras after which an era counts half as much as the newest; 0 for no forgetting.
        even_eras: give every era the same weight, however many rows it has.
        device: `auto`, `cpu` or `cuda`; on `cuda` the bytes may differ from those of a CPU.
        seed: seed of the column choice.
        threads: threads to train and predict with; 0 for all.
    """

    n_estimators: int = 400
    learning_rate: float = 0.05
    max_depth: int = 5
    colsample_bytree: float = 0.1
    min_child_weight: float = 20.0
    reg_lambda: float = 1.0
    max_bin: int = 16
    patience: int = 0
    tail: float = 0.15
    era_half_life: float = 0.0
    even_eras: bool = False
    device: str = "auto"
    seed: int = 7
    threads: int = 0

    bytes_per_value: ClassVar[float] = 1.5
    """What training holds of every feature value at its peak."""

    def __post_init__(self) -> None:
        require(self.n_estimators >= 1, "n_estimators", self.n_estimators, "a number of trees from 1")
        require(self.learning_rate > 0, "learning_rate", self.learning_rate, "above 0")
        require(self.max_depth >= 1, "max_depth", self.max_depth, "a depth from 1")
        require(0 < self.colsample_bytree <= 1, "colsample_bytree", self.colsample_bytree, "in (0, 1]")
        require(self.min_child_weight >= 0, "min_child_weight", self.min_child_weight, "at least 0")
        require(self.reg_lambda >= 0, "reg_lambda", self.reg_lambda, "at least 0")
        require(2 <= self.max_bin <= 256, "max_bin", self.max_bin, "between 2 and 256")
        require(self.threads >= 0, "threads", self.threads, "0 or a number of threads")
        check_stopping(self.patience, self.tail)
        check_weighting(self.era_half_life)
        check_device(self.device)

    def fit(self, panel: Panel) -> FittedXGBoost:
        """Train on the labelled rows.

        Raises:
            UserError: `panel-without-target`, `panel-without-features`, `too-few-eras-to-stop-early`, `no-cuda-device`,
                `library-without-cuda`.
            DataError: `nothing-to-learn-from`.
        """
        rows = training_rows(panel)
        trees = self.n_estimators
        if self.patience:
            earlier, tail = purged_tail(panel, self.tail)
            watch = Watch(training_rows(tail), self.patience)
            self._booster(training_rows(earlier), trees, watch)
            trees = watch.best_trees
        booster = self._booster(rows, trees)
        return FittedXGBoost(bytes(booster.save_raw("ubj")), rows.features, asdict(self))

    def load(self, data: bytes) -> FittedXGBoost:
        """The fitted model that `save` wrote.

        Raises:
            DataError: `saved-model-unreadable`, `saved-model-of-another-kind`.
        """
        facts, blobs = archive.unpack(KIND, data)
        settings = {**facts["settings"], "threads": self.threads}
        return FittedXGBoost(blobs["trees.ubj"], tuple(facts["features"]), settings)

    def parameters(self, cells: int) -> dict[str, Any]:
        """The settings in XGBoost's own words.

        Args:
            cells: rows times features of the training; few of them are learned faster by one thread than by many.
        """
        xgboost = library("xgboost", "gbm")

        built = bool(xgboost.build_info().get("USE_CUDA"))
        return {
            "objective": "reg:squarederror",
            "tree_method": "hist",
            "learning_rate": self.learning_rate,
            "max_depth": self.max_depth,
            "colsample_bytree": self.colsample_bytree,
            "min_child_weight": self.min_child_weight,
            "lambda": self.reg_lambda,
            "max_bin": self.max_bin,
            "seed": self.seed,
            "nthread": self.threads or (1 if cells < FEW_CELLS else 0),
            "device": chosen_device(self.device, "xgboost", built),
            "verbosity": 0,
        }

    def _booster(self, rows: Panel, trees: int, watch: Watch | None = None) -> Any:
        xgboost = library("xgboost", "gbm")

        blocks = _blocks(rows, self.era_half_life, self.even_eras)
        parameters = self.parameters(blocks.count * len(rows.features))
        data = xgboost.QuantileDMatrix(blocks, max_bin=self.max_bin, nthread=parameters["nthread"])
        followers = [_follower(trees, rows.features, watch)]
        return xgboost.train(parameters, data, trees, callbacks=followers, verbose_eval=False)


class FittedXGBoost:
    """Trained trees: XGBoost's own binary JSON, the features in order, and the settings."""

    def __init__(self, trees: bytes, features: tuple[str, ...], settings: Mapping[str, Any]) -> None:
        xgboost = library("xgboost", "gbm")

        self.trees = trees
        self.features = features
        self.settings = dict(settings)
        self._booster = xgboost.Booster({"nthread": self.settings["threads"]})
        try:
            self._booster.load_model(bytearray(trees))
        except xgboost.core.XGBoostError as error:
            raise DataError(
                "saved-model-unreadable",
                f"XGBoost cannot read these trees: {str(error).splitlines()[0]}.",
                "Restore the file from a backup, or train again.",
            ) from error

    def predict(self, panel: Panel) -> pl.DataFrame:
        """One prediction per row, in the panel's order.

        Raises:
            UserError: `unknown-column` when the panel lacks a feature of the training.
        """
        parts = []
        for rows in pieces(panel, self.features, max(1, CELLS_AT_ONCE // len(self.features))):
            values = self._booster.inplace_predict(_matrix(rows, self.features, are_bytes(panel)))
            parts.append(predictions_frame(rows, np.asarray(values, dtype=np.float64)))
        return pl.concat(parts) if parts else predictions_frame(panel.collect(), np.empty(0))

    def save(self) -> bytes:
        """A zip of the trees as XGBoost's binary JSON and the settings and features as JSON."""
        settings = {name: value for name, value in self.settings.items() if name != "threads"}
        facts = {"settings": settings, "features": list(self.features)}
        return archive.pack(KIND, facts, {"trees.ubj": self.trees})


def _matrix(rows: pl.DataFrame, features: tuple[str, ...], small: bool) -> np.ndarray:
    """One-byte numbers where nothing is missing, float32 with NaN otherwise."""
    whole = small and not any(rows[name].null_count() for name in features)
    return frame_matrix(rows, features, np.int8 if whole else np.float32)


def _blocks(panel: Panel, half_life: float, even: bool) -> Any:
    """The rows as XGBoost reads them: it goes over them a few times, some eras in memory at a time."""
    xgboost = library("xgboost", "gbm")

    truth, weights, small = labels(panel), row_weights(panel, half_life, even), are_bytes(panel)

    class Blocks(xgboost.DataIter):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.count = len(truth)
            self.reset()

        def reset(self) -> None:
            self.done = 0
            self.rows = pieces(panel, panel.features, max(1, CELLS_AT_ONCE // len(panel.features)))

        def next(self, take: Any) -> bool:
            rows = next(self.rows, None)
            while rows is not None and not rows.height:
                rows = next(self.rows, None)
            if rows is None:
                return False
            here = slice(self.done, self.done + rows.height)
            weight = None if weights is None else weights[here]
            take(data=_matrix(rows, panel.features, small), label=truth[here], weight=weight)
            self.done += rows.height
            return True

    return Blocks()


def _follower(total: int, features: tuple[str, ...], watch: Watch | None) -> Any:
    """Reports every tree, and shows them to the watch, which may say that it is enough."""
    xgboost = library("xgboost", "gbm")

    matrix = (
        None if watch is None else _matrix(watch.rows, features, all(watch.rows[f].dtype == pl.Int8 for f in features))
    )

    class Follower(xgboost.callback.TrainingCallback):  # type: ignore[misc, name-defined]
        def after_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:
            trees = epoch + 1
            report("trees", trees, total)
            if watch is None or (trees % EVERY and trees < total):
                return False
            fresh = (trees - 1) % EVERY + 1
            values = model.inplace_predict(matrix, iteration_range=(trees - fresh, trees))
            return watch.add(np.asarray(values, dtype=np.float64), trees)

    return Follower()
