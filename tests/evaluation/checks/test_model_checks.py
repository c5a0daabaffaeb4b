"""Every registered model keeps the contract; models that break one clause are caught by the check of that clause."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl
import pytest

from eraforge.core import plugins
from eraforge.core.errors import EraforgeError, UserError
from eraforge.core.panel import Panel
from eraforge.core.ports import Fitted
from eraforge.evaluation.checks import model_checks
from eraforge.evaluation.checks.model_checks import CHECKS, check_made, check_model
from eraforge.evaluation.checks.practice import practice_panel
from eraforge.models.ensemble import Average
from eraforge.models.linear import FittedRidge, Ridge

TREES = {"learner": "lightgbm", "settings": {"n_estimators": 30, "colsample_bytree": 0.5}}
BLEND = {"members": {"trees": TREES, "linear": {"learner": "ridge"}}}
EPOCHS = {"epochs": 8, "patience": 3, "learning_rate": 1e-2, "threads": 1}
SMALL: dict[str, dict[str, Any]] = {
    "lightgbm": {"n_estimators": 60, "colsample_bytree": 0.5},
    "xgboost": {"n_estimators": 60, "colsample_bytree": 0.5},
    "catboost": {"n_estimators": 60, "colsample_bylevel": 0.5},
    "random_forest": {"n_estimators": 60},
    "extra_trees": {"n_estimators": 60},
    "support_vectors": {"landmarks": 60},
    "mlp": {**EPOCHS, "width": 32, "layers": 1},
    "resnet": {**EPOCHS, "width": 16, "hidden": 32, "blocks": 1},
    "tabnet": {**EPOCHS, "width": 8, "steps": 2},
    "ft_transformer": {**EPOCHS, "width": 16, "blocks": 1, "heads": 2},
    "tabm": {**EPOCHS, "members": 4, "width": 32, "layers": 1},
    "lstm": {**EPOCHS, "width": 16},
    "gru": {**EPOCHS, "width": 16},
    "tcn": {**EPOCHS, "width": 16, "blocks": 2},
    "transformer": {**EPOCHS, "width": 16, "blocks": 1, "heads": 2},
    "nhits": {**EPOCHS, "width": 16, "hidden": 32},
    "tft": {**EPOCHS, "width": 8, "heads": 2},
    "patchtst": {**EPOCHS, "width": 8, "blocks": 1, "heads": 2},
    "flaml": {"tries": 3, "folds": 2, "max_trees": 60},
    **dict.fromkeys(("average", "rank_average", "optimised", "greedy", "dynamic", "stacked", "regimes"), BLEND),
    **dict.fromkeys(("neutralised", "low_exposure", "era_sample", "era_boosting", "multi_target"), TREES),
    **dict.fromkeys(("columns", "feature_groups", "pca"), TREES),
}
"""Settings that are quick on a hundredth of the usual rows; a model that is not named is checked with its defaults."""


def require_extra(name: str) -> None:
    """Skip where the libraries of a model are not installed; every other complaint is the contract's business."""
    nothing = practice_panel(eras=1, rows=2).select(targets=())
    try:
        plugins.find("model", name)(**SMALL.get(name, {})).fit(nothing)
    except EraforgeError as error:
        if error.code == "extra-not-installed":
            pytest.skip(f"{error.sentence} {error.next_step}")


@pytest.mark.parametrize("name", plugins.names("model"))
def test_every_registered_model_keeps_the_contract(name: str) -> None:
    require_extra(name)
    for result in check_model(name, SMALL.get(name)):
        assert result.passed, f"{result.check}: {result.sentence}"


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("name", plugins.names("model"))
def test_every_registered_model_keeps_the_contract_with_its_defaults(name: str) -> None:
    require_extra(name)
    for result in check_model(name):
        assert result.passed, f"{result.check}: {result.sentence}"


def test_settings_reach_the_model() -> None:
    with pytest.raises(UserError):
        check_model("no such model")
    assert not any(result.passed for result in check_model("ridge", {"penalty": -1.0}))


class Wrapped:
    """Ridge with one fault: subclasses bend one method."""

    def __init__(self, inner: Fitted) -> None:
        self.inner = inner

    def predict(self, panel: Panel) -> pl.DataFrame:
        return self.inner.predict(panel)

    def save(self) -> bytes:
        return self.inner.save()


@dataclass(frozen=True)
class Faulty:
    """A model whose fitted form is `kind` around ridge."""

    kind: Any = Wrapped

    def fit(self, panel: Panel) -> Any:
        return self.kind(Ridge().fit(panel))

    def load(self, data: bytes) -> Any:
        return self.kind(Ridge().load(data))


class Unsorted(Wrapped):
    def predict(self, panel: Panel) -> pl.DataFrame:
        return super().predict(panel).reverse()


class Restless(Wrapped):
    count = 0

    def save(self) -> bytes:
        Restless.count += 1
        return super().save() + bytes([Restless.count % 250])


class Forgetful(Faulty):
    def load(self, data: bytes) -> Any:
        fitted = Ridge().load(data)
        return FittedRidge(fitted.weights * 2, fitted.intercept, fitted.features, fitted.settings)


class ByPlace(Wrapped):
    """Adds the place of a row to its prediction."""

    def predict(self, panel: Panel) -> pl.DataFrame:
        return super().predict(panel).with_columns(pl.col("prediction") + pl.int_range(pl.len()) / 1000)


class Standardised(Wrapped):
    """Subtracts the mean over all rows it is asked about: an era alone gets something else."""

    def predict(self, panel: Panel) -> pl.DataFrame:
        return super().predict(panel).with_columns(pl.col("prediction") - pl.col("prediction").mean())


class Filling(Faulty):
    """Fills unknown targets instead of leaving their rows out."""

    def fit(self, panel: Panel) -> Any:
        name = panel.target.name
        return super().fit(replace(panel, frame=panel.frame.with_columns(pl.col(name).fill_null(0.0))))


class Lenient(Wrapped):
    """Predicts with missing features as if they were 2."""

    def predict(self, panel: Panel) -> pl.DataFrame:
        wanted = self.inner.features  # type: ignore[attr-defined]
        gone = [pl.lit(2, dtype=pl.Int8).alias(name) for name in wanted if name not in panel.features]
        return super().predict(replace(panel, frame=panel.frame.with_columns(gone), features=wanted))


class Blind(Wrapped):
    def predict(self, panel: Panel) -> pl.DataFrame:
        rows = super().predict(panel)
        noise = [int(name, 16) * 2654435761 % 2**32 / 2**32 for name in rows["id"].str.slice(1)]
        return rows.with_columns(prediction=pl.Series(noise))


class Peeking(Wrapped):
    """Adds the label to the prediction wherever a caller left it in the panel."""

    def predict(self, panel: Panel) -> pl.DataFrame:
        rows = super().predict(panel)
        if not panel.targets:
            return rows
        return rows.with_columns(pl.col("prediction") + panel.collect()[panel.target.name])


class Spoiling(Wrapped):
    """Writes over the rows it is given, in place."""

    def predict(self, panel: Panel) -> pl.DataFrame:
        rows = super().predict(panel)
        column = panel.frame.collect()["feature_0"]
        values = np.frombuffer(column.to_numpy(), dtype=np.int8)
        spoilt = np.ndarray(values.shape, np.int8, buffer=_writable(values))
        spoilt[0] += 1
        return rows


def _writable(values: np.ndarray) -> Any:
    import ctypes

    return (ctypes.c_int8 * len(values)).from_address(values.ctypes.data)


class Raising(Wrapped):
    def predict(self, panel: Panel) -> pl.DataFrame:
        raise ValueError("no weights for Tuesday")


class Hungry(Faulty):
    """Takes more memory than the rows could ever need."""

    def fit(self, panel: Panel) -> Any:
        np.empty(1100 * 2**20, dtype=np.int8)
        return super().fit(panel)


class ByColumn(Wrapped):
    """Adds the first column of whatever it is given."""

    def predict(self, panel: Panel) -> pl.DataFrame:
        first = panel.collect()[panel.features[0]].cast(pl.Float64)
        return super().predict(panel).with_columns(pl.col("prediction") + first)


class Unready(Faulty):
    """Says nothing about one era, and gives no numbers."""

    def fit(self, panel: Panel) -> Any:
        return NoNumbers(super().fit(panel)) if len(panel.eras) == 1 else super().fit(panel)


class NoNumbers(Wrapped):
    def predict(self, panel: Panel) -> pl.DataFrame:
        filled = replace(panel, frame=panel.frame.with_columns(pl.col(panel.features).fill_null(2)))
        return super().predict(filled).with_columns(prediction=pl.lit(float("nan")))


class Blank(Faulty):
    """Fills missing values before learning, and gives no numbers for them."""

    def fit(self, panel: Panel) -> Any:
        rows = panel.collect()
        missing = rows.select(panel.features).null_count().sum_horizontal().item()
        fitted = super().fit(replace(panel, frame=rows.with_columns(pl.col(panel.features).fill_null(2)).lazy()))
        return NoNumbers(fitted) if missing else fitted


class Uneven(Average):
    """A composite that forgets a member when it combines."""

    def combine(self, fitted: Any) -> Any:
        return super().combine(dict.fromkeys(fitted, fitted["trees"]))

    def fit(self, panel: Panel) -> Any:
        return super().combine({name: part.fit(panel) for name, part in self.parts().items()})


FAULTS = {
    "answers in shape": lambda: Faulty(Unsorted),
    "same inputs same bytes": lambda: Faulty(Restless),
    "saved and loaded predicts the same": Forgetful,
    "leaves its inputs alone": lambda: Faulty(Spoiling),
    "stays within time and memory": Hungry,
    "ignores columns it never saw": lambda: Faulty(ByColumn),
    "trains on one era or says why not": Unready,
    "copes with missing values or refuses them": Blank,
    "does not care about row order": lambda: Faulty(ByPlace),
    "predicts one era as among many": lambda: Faulty(Standardised),
    "ignores unlabelled rows": Filling,
    "refuses missing columns": lambda: Faulty(Lenient),
    "learns a planted signal": lambda: Faulty(Blind),
    "learns nothing from noise": lambda: Faulty(Peeking),
    "combines its parts": lambda: Uneven({"linear": {"learner": "ridge"}, "trees": {"learner": "ridge"}} | MORE),
}
MORE = {"trees": {"learner": "lightgbm", "settings": {"n_estimators": 5, "threads": 1}}}


@pytest.mark.parametrize("check", FAULTS)
def test_a_model_that_breaks_a_clause_is_caught_by_its_check(check: str) -> None:
    failed = {result.check: result.sentence for result in check_made(FAULTS[check]) if not result.passed}
    assert check in failed
    assert failed[check].endswith((".", ")"))


def test_every_check_has_a_planted_fault() -> None:
    assert {check.__name__.replace("_", " ") for check in CHECKS} == set(FAULTS)


def test_a_training_that_takes_too_long_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_checks, "SECONDS", 0.0)
    failed = {result.check: result.sentence for result in check_made(Ridge) if not result.passed}
    assert "It took" in failed["stays within time and memory"]


def test_a_model_that_raises_fails_the_check_and_not_the_suite() -> None:
    results = check_made(lambda: Faulty(Raising))
    assert len(results) == len(CHECKS)
    assert "ValueError: no weights for Tuesday" in results[0].sentence
