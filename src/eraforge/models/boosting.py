"""LightGBM, trained from a lazy panel in the memory of its bins, with the same bytes each time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

import numpy as np
import polars as pl

from eraforge.core.errors import DataError
from eraforge.core.panel import Panel, frame_matrix
from eraforge.models import archive
from eraforge.models.binned import binned_dataset, engine
from eraforge.models.eras import EVERY, Watch, check_stopping, check_weighting, purged_tail, row_weights
from eraforge.models.progress import report
from eraforge.models.ranking import predictions_frame
from eraforge.models.rows import labels, pieces, require, training_rows

KIND = "lightgbm"
CELLS_AT_ONCE = 4 * 2**20
FEW_CELLS = 2 * 2**20


@dataclass(frozen=True)
class LightGBM:
    """Boosted trees (LightGBM, squared error).

    The defaults follow the field's tutorial model (depth 5, 31 leaves, a tenth of the columns per tree) at a fifth of
    its trees and five times its rate. Equal panels, settings and seed give equal bytes, whatever `threads` is.

    Args:
        n_estimators: trees.
        learning_rate: weight of each tree.
        max_depth: levels of a tree; -1 for no limit.
        num_leaves: leaves of a tree.
        colsample_bytree: share of the features each tree may use, in (0, 1].
        min_data_in_leaf: rows a leaf needs.
        reg_lambda: L2 penalty on leaf values.
        max_bin: bins per feature; up to 15 a value takes half a byte, which loses nothing for five-valued features.
        patience: stop once so many trees brought the purged last eras no better mean CORR, and train the best number of
            trees on all rows; 0 trains `n_estimators`.
        tail: share of the eras, the last ones, that early stopping judges by.
        era_half_life: eras after which an era counts half as much as the newest; 0 for no forgetting.
        even_eras: give every era the same weight, however many rows it has.
        seed: seed of the column choice.
        threads: threads to train and predict with; 0 for as many as the size of the data is worth.
    """

    n_estimators: int = 400
    learning_rate: float = 0.05
    max_depth: int = 5
    num_leaves: int = 31
    colsample_bytree: float = 0.1
    min_data_in_leaf: int = 20
    reg_lambda: float = 0.0
    max_bin: int = 15
    patience: int = 0
    tail: float = 0.15
    era_half_life: float = 0.0
    even_eras: bool = False
    seed: int = 7
    threads: int = 0

    bytes_per_value: ClassVar[float] = 0.5
    """What training holds of every feature value at its peak."""

    def __post_init__(self) -> None:
        require(self.n_estimators >= 1, "n_estimators", self.n_estimators, "a number of trees from 1")
        require(self.learning_rate > 0, "learning_rate", self.learning_rate, "above 0")
        require(self.max_depth == -1 or self.max_depth >= 1, "max_depth", self.max_depth, "-1 or a depth from 1")
        require(self.num_leaves >= 2, "num_leaves", self.num_leaves, "a number of leaves from 2")
        require(0 < self.colsample_bytree <= 1, "colsample_bytree", self.colsample_bytree, "in (0, 1]")
        require(self.min_data_in_leaf >= 1, "min_data_in_leaf", self.min_data_in_leaf, "a number of rows from 1")
        require(self.reg_lambda >= 0, "reg_lambda", self.reg_lambda, "at least 0")
        require(2 <= self.max_bin <= 255, "max_bin", self.max_bin, "between 2 and 255")
        require(self.threads >= 0, "threads", self.threads, "0 or a number of threads")
        check_stopping(self.patience, self.tail)
        check_weighting(self.era_half_life)

    def fit(self, panel: Panel) -> FittedLightGBM:
        """Train on the labelled rows.

        Raises:
            UserError: `panel-without-target`, `panel-without-features`, `too-few-eras-to-stop-early`.
            DataError: `nothing-to-learn-from`, `features-all-constant`.
        """
        rows = training_rows(panel)
        trees = self.n_estimators
        if self.patience:
            earlier, tail = purged_tail(panel, self.tail)
            watch = Watch(training_rows(tail), self.patience)
            self._booster(training_rows(earlier), trees, _watching(watch, rows.features))
            trees = watch.best_trees
        booster = self._booster(rows, trees)
        text = without_parameters(booster.model_to_string(num_iteration=-1))
        return FittedLightGBM(text, rows.features, asdict(self))

    def _booster(self, rows: Panel, trees: int, *callbacks: Callable[[Any], None]) -> Any:
        truth = labels(rows)
        parameters = self.parameters(len(truth) * len(rows.features))
        dataset = binned_dataset(rows, truth, parameters)
        weights = row_weights(rows, self.era_half_life, self.even_eras)
        if weights is not None:
            dataset.set_weight(weights)
        booster = engine().train(parameters, dataset, trees, callbacks=[tell_trees(trees), *callbacks])
        booster.free_dataset()
        return booster

    def load(self, data: bytes) -> FittedLightGBM:
        """The fitted model that `save` wrote.

        Raises:
            DataError: `saved-model-unreadable`, `saved-model-of-another-kind`.
        """
        facts, blobs = archive.unpack(KIND, data)
        settings = {**facts["settings"], "threads": self.threads}
        return FittedLightGBM(blobs["trees.txt"].decode(), tuple(facts["features"]), settings)

    def parameters(self, cells: int) -> dict[str, Any]:
        """The settings in LightGBM's own words, with everything that makes a run repeatable and lean.

        Args:
            cells: rows times features of the training; few of them are learned faster by one thread than by many.
        """
        return {
            "objective": "regression",
            "learning_rate": self.learning_rate,
            "max_depth": self.max_depth,
            "num_leaves": self.num_leaves,
            "feature_fraction": self.colsample_bytree,
            "min_data_in_leaf": self.min_data_in_leaf,
            "lambda_l2": self.reg_lambda,
            "max_bin": self.max_bin,
            "seed": self.seed,
            "num_threads": self.threads or (1 if cells < FEW_CELLS else 0),
            "deterministic": True,
            "force_col_wise": True,
            # one bin column per feature: bundles and sparse columns would depend on how the columns were sliced
            "enable_bundle": False,
            "is_enable_sparse": False,
            "feature_pre_filter": False,
            "verbose": -1,
        }


class FittedLightGBM:
    """Trained trees: LightGBM's own text, the features in order, and the settings."""

    kind = KIND

    def __init__(self, text: str, features: tuple[str, ...], settings: Mapping[str, Any]) -> None:
        self.text = text
        self.features = features
        self.settings = dict(settings)
        try:
            self._booster = engine().Booster(model_str=text)
        except engine().basic.LightGBMError as error:
            raise DataError(
                "saved-model-unreadable",
                f"LightGBM cannot read these trees: {error}.",
                "Restore the file from a backup, or train again.",
            ) from error

    def predict(self, panel: Panel) -> pl.DataFrame:
        """One prediction per row, in the panel's order.

        Raises:
            UserError: `unknown-column` when the panel lacks a feature of the training.
        """
        threads = self.settings["threads"]
        parts = []
        for rows in pieces(panel, self.features, max(1, CELLS_AT_ONCE // len(self.features))):
            if rows.height:
                # a small block of rows: LightGBM looks columns of Arrow up value by value, at up to thrice the time
                matrix = frame_matrix(rows, self.features, np.float64)
                values = self._booster.predict(matrix, num_threads=threads)
                parts.append(predictions_frame(rows, np.asarray(values, dtype=np.float64)))
        return pl.concat(parts) if parts else predictions_frame(panel.collect(), np.empty(0))

    def save(self) -> bytes:
        """A zip of the trees as LightGBM's text and the settings and features as JSON."""
        settings = {name: value for name, value in self.settings.items() if name != "threads"}
        facts = {"settings": settings, "features": list(self.features)}
        return archive.pack(self.kind, facts, {"trees.txt": self.text.encode()})


def tell_trees(total: int) -> Callable[[Any], None]:
    """A callback that reports every tree."""

    def callback(state: Any) -> None:
        report("trees", state.iteration + 1, total)

    return callback


def _watching(watch: Watch, features: tuple[str, ...]) -> Callable[[Any], None]:
    """A callback that shows the watch what each group of new trees says, and ends the training when it has enough."""
    names = {name: str(place) for place, name in enumerate(features)}
    matrix = watch.rows.select(features).rename(names)

    def callback(state: Any) -> None:
        trees = state.iteration + 1
        if trees % EVERY and trees < state.end_iteration:
            return
        fresh = (trees - 1) % EVERY + 1
        values = state.model.predict(matrix, start_iteration=trees - fresh, num_iteration=fresh, raw_score=True)
        if watch.add(np.asarray(values, dtype=np.float64), trees):
            raise engine().callback.EarlyStopException(state.iteration, [])

    return callback


def without_parameters(text: str) -> str:
    """The model without LightGBM's record of its parameters, which names the number of threads; ours are kept apart."""
    head, _, tail = text.partition("\nparameters:\n")
    return head + tail.partition("end of parameters\n")[2] if tail else text
