"""FLAML: a frugal search of LightGBM's settings, judged by per-era CORR on purged folds of eras."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import polars as pl

from eraforge.core.errors import Broken
from eraforge.core.panel import ERA, ID, Panel
from eraforge.core.words import PREDICTION
from eraforge.models.boosting import FittedLightGBM, LightGBM
from eraforge.models.devices import library
from eraforge.models.eras import inner_folds, labelled_eras
from eraforge.models.progress import report
from eraforge.models.ranking import era_corr
from eraforge.models.rows import are_bytes, labels, require, training_rows


@dataclass(frozen=True)
class FLAML:
    """LightGBM with the settings that FLAML finds best, trained on everything.

    FLAML starts with small, quick trees and grows them where that pays. Its own splits would shuffle rows; here every
    trial is judged by the mean per-era CORR on purged walk-forward folds. Tries, not seconds, end the search, so that
    the same rows give the same model. Source: Wang and others, FLAML: A Fast and Lightweight AutoML Library (2021).

    Args:
        tries: settings tried.
        folds: purged walk-forward folds within the training eras.
        every: search on every n-th labelled era only; the search holds its rows in memory.
        max_trees: trees at most.
        seed: seed of the search and of the trees.
        threads: threads to train and predict with; 0 for as many as the size of the data is worth.
    """

    tries: int = 30
    folds: int = 3
    every: int = 1
    max_trees: int = 1000
    seed: int = 7
    threads: int = 0

    bytes_per_value: ClassVar[float] = 10.0
    """What training holds of every feature value at its peak."""

    def __post_init__(self) -> None:
        require(self.tries >= 1, "tries", self.tries, "a number of tries from 1")
        require(self.folds >= 1, "folds", self.folds, "a number of folds from 1")
        require(self.every >= 1, "every", self.every, "a number of eras from 1")
        require(self.max_trees >= 4, "max_trees", self.max_trees, "a number of trees from 4")
        require(self.threads >= 0, "threads", self.threads, "0 or a number of threads")

    def fit(self, panel: Panel) -> FittedLightGBM:
        """Search, then train the best settings on all labelled rows.

        Raises:
            UserError: `extra-not-installed`, `too-few-eras-for-inner-folds`, `panel-without-target`,
                `panel-without-features`.
            DataError: `nothing-to-learn-from`, `features-all-constant`.
        """
        automl = library("flaml", "automl").AutoML()
        searched = training_rows(panel.where_eras(labelled_eras(panel)[:: self.every]))
        truth = labels(searched)
        folds = _Folds(searched, truth, self.folds, self.tries)
        small = are_bytes(searched) and not any(searched.collect().select(searched.features).null_count().row(0))
        automl.fit(
            X_train=searched.matrix(np.int8 if small else np.float32),
            y_train=truth,
            task="regression",
            estimator_list=["lgbm"],
            custom_hp={
                "lgbm": {
                    "n_estimators": {"domain": _trees(self.max_trees), "init_value": 4, "low_cost_init_value": 4},
                    "reg_alpha": {"domain": 0.0},
                }
            },
            metric=folds.metric,
            eval_method="cv",
            split_type=folds,
            max_iter=self.tries,
            time_budget=-1,
            n_jobs=self.threads or (1 if truth.size * len(searched.features) < 2**21 else -1),
            seed=self.seed,
            verbose=0,
            log_file_name="",
            retrain_full=False,
        )
        return self._best(automl.best_config).fit(panel)

    def load(self, data: bytes) -> FittedLightGBM:
        """The fitted model that `save` wrote: LightGBM's own.

        Raises:
            DataError: `saved-model-unreadable`, `saved-model-of-another-kind`.
        """
        return LightGBM(threads=self.threads).load(data)

    def _best(self, found: Mapping[str, Any]) -> LightGBM:
        """FLAML's words for settings in ours."""
        return LightGBM(
            n_estimators=int(found["n_estimators"]),
            learning_rate=float(found["learning_rate"]),
            max_depth=-1,
            num_leaves=int(found["num_leaves"]),
            colsample_bytree=float(found["colsample_bytree"]),
            min_data_in_leaf=int(found["min_child_samples"]),
            reg_lambda=float(found["reg_lambda"]),
            max_bin=min(255, (1 << int(found["log_max_bin"])) - 1),
            seed=self.seed,
            threads=self.threads,
        )


def _trees(most: int) -> Any:
    """FLAML's range of a number of trees."""
    return library("flaml", "automl").tune.lograndint(lower=4, upper=most)


class _Folds:
    """Purged folds as FLAML asks for them, and the score of the fold it is at."""

    def __init__(self, panel: Panel, truth: np.ndarray, count: int, tries: int) -> None:
        self.keys = panel.frame.select(ERA, ID).collect()
        self.truth = truth
        self.tries = tries
        self.tried = 0
        eras = self.keys[ERA]
        self.folds = [
            (eras.is_in(list(fold.train)).arg_true().to_numpy(), eras.is_in(list(fold.predict)).arg_true().to_numpy())
            for fold in inner_folds(panel, count)
        ]
        self.here = self.folds[0][1]

    def split(self, X: Any, y: Any = None, groups: Any = None) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Places of the rows to learn from and to predict, fold by fold; called anew for every trial."""
        self.tried += 1
        report("tries", min(self.tried, self.tries), self.tries)
        for past, future in self.folds:
            self.here = future
            yield past, future

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:
        """How many folds there are."""
        return len(self.folds)

    def metric(self, asked: Any, truth: Any, estimator: Any, *_: Any, **__: Any) -> tuple[float, dict[str, float]]:
        """One minus the mean per-era CORR of the fold the search is at."""
        if not np.array_equal(np.asarray(truth), self.truth[self.here]):
            raise Broken("search-left-its-folds", "FLAML scores other rows than those of its fold.", "Do not trust it.")
        rows = self.keys[self.here].with_columns(pl.Series(PREDICTION, estimator.predict(asked), dtype=pl.Float64))
        score = float(era_corr(rows, self.truth[self.here]).mean())
        return 1 - score, {"corr": score}
