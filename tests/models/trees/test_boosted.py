"""XGBoost and CatBoost: what the libraries themselves give, byte for byte each time; early stopping; refusals."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest

from eraforge.core.errors import DataError, UserError
from eraforge.core.panel import Panel
from eraforge.evaluation.checks.practice import practice_panel
from eraforge.models import archive, devices
from eraforge.models.boosting import LightGBM
from eraforge.models.eras import purged_tail
from eraforge.models.progress import reporting
from eraforge.models.trees import xgboost_trees
from eraforge.models.trees.catboost_trees import CatBoost
from eraforge.models.trees.xgboost_trees import XGBoost

xgboost = pytest.importorskip("xgboost", reason="the extra gbm is not installed")
catboost = pytest.importorskip("catboost", reason="the extra gbm is not installed")

PANEL = practice_panel(eras=40, rows=60, features=12)
SMALL: dict[str, Any] = {
    "lightgbm": LightGBM(n_estimators=60, threads=1),
    "xgboost": XGBoost(n_estimators=60, threads=1),
    "catboost": CatBoost(n_estimators=60, threads=1),
}
BOTH = [SMALL["xgboost"], SMALL["catboost"]]


def with_columns(panel: Panel, *columns: pl.Expr) -> Panel:
    return replace(panel, frame=panel.collect().with_columns(*columns).lazy())


def test_xgboost_predicts_what_the_library_predicts_when_given_the_whole_float_matrix() -> None:
    matrix, truth = PANEL.matrix(np.float32), PANEL.collect()["target"].to_numpy()
    parameters = SMALL["xgboost"].parameters(matrix.size)
    oracle = xgboost.train(parameters, xgboost.QuantileDMatrix(matrix, truth, max_bin=16), 60)
    ours = SMALL["xgboost"].fit(PANEL).predict(PANEL)["prediction"].to_numpy()
    np.testing.assert_array_equal(ours, oracle.inplace_predict(matrix).astype(float))


def test_catboost_predicts_what_the_library_predicts() -> None:
    matrix, truth = PANEL.matrix(np.float32), PANEL.collect()["target"].to_numpy()
    oracle = catboost.CatBoost({**SMALL["catboost"].parameters(matrix.size), "iterations": 60})
    oracle.fit(catboost.Pool(matrix, truth))
    np.testing.assert_array_equal(SMALL["catboost"].fit(PANEL).predict(PANEL)["prediction"], oracle.predict(matrix))


@pytest.mark.parametrize("model", BOTH, ids=lambda model: type(model).__name__)
def test_the_number_of_threads_changes_no_byte(model: Any) -> None:
    assert replace(model, threads=2).fit(PANEL).save() == model.fit(PANEL).save()


def test_the_size_of_a_piece_changes_no_byte(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = SMALL["xgboost"].fit(PANEL).save()
    monkeypatch.setattr(xgboost_trees, "CELLS_AT_ONCE", 12 * 37)
    assert SMALL["xgboost"].fit(PANEL).save() == whole


@pytest.mark.parametrize("name", SMALL)
def test_early_stopping_finds_the_best_trees_on_purged_eras_and_trains_them_on_all(name: str) -> None:
    model = replace(SMALL[name], learning_rate=0.5, patience=20, n_estimators=400)
    stopped = model.fit(PANEL)
    trees = [count for count in range(10, 401, 10) if count_fits(model, count, stopped)]
    assert len(trees) == 1
    assert trees[0] < 400
    assert purged_tail(PANEL, model.tail)[1].eras == PANEL.eras[-6:]


def count_fits(model: Any, count: int, stopped: Any) -> bool:
    """Whether the stopped model predicts as one of `count` trees on all rows (settings apart, which are saved too)."""
    if count > 120:
        return False
    plain = replace(model, patience=0, n_estimators=count).fit(PANEL)
    return bool(plain.predict(PANEL).equals(stopped.predict(PANEL)))


@pytest.mark.parametrize("name", SMALL)
def test_era_weights_change_what_is_learned(name: str) -> None:
    plain = SMALL[name].fit(PANEL).predict(PANEL)
    assert not replace(SMALL[name], era_half_life=3.0).fit(PANEL).predict(PANEL).equals(plain)
    even = replace(SMALL[name], even_eras=True).fit(PANEL).predict(PANEL)["prediction"]
    np.testing.assert_allclose(even, plain["prediction"], atol=1e-5)  # all eras are as large as each other here


@pytest.mark.parametrize("model", BOTH, ids=lambda model: type(model).__name__)
def test_missing_values_are_missing_values_to_them(model: Any) -> None:
    hole = pl.when(pl.int_range(pl.len()) % 7 == 0).then(None).otherwise(pl.col("feature_0")).alias("feature_0")
    panel = with_columns(PANEL, hole)
    assert model.fit(panel).predict(panel)["prediction"].is_finite().all()


@pytest.mark.parametrize(("model", "blob"), [(BOTH[0], "trees.ubj"), (BOTH[1], "trees.cbm")])
def test_refuses_trees_that_the_library_cannot_read(model: Any, blob: str) -> None:
    kind = {"trees.ubj": "xgboost", "trees.cbm": "catboost"}[blob]
    data = archive.pack(kind, {"settings": {}, "features": ["a"]}, {blob: b"no trees"})
    with pytest.raises(DataError) as caught:
        model.load(data)
    assert caught.value.code == "saved-model-unreadable"


@pytest.mark.parametrize("model", BOTH, ids=lambda model: type(model).__name__)
def test_reports_trees_and_writes_nothing(model: Any, capfd: pytest.CaptureFixture[str]) -> None:
    heard: list[tuple[str, float, float]] = []
    with reporting(lambda what, done, total: heard.append((what, done, total))):
        model.fit(PANEL)
    assert heard[-1] == ("trees", 60, 60)
    assert capfd.readouterr().out == ""


@pytest.mark.parametrize("model", BOTH, ids=lambda model: type(model).__name__)
def test_a_device_that_is_not_there_is_said(model: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "cuda_devices", lambda: 0)
    with pytest.raises(UserError) as caught:
        replace(model, device="cuda").fit(PANEL)
    assert caught.value.code == "no-cuda-device"


def test_a_library_without_cuda_is_said_where_there_is_a_device(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "cuda_devices", lambda: 1)
    with pytest.raises(UserError) as caught:
        devices.chosen_device("cuda", "xgboost", built_for_cuda=False)
    assert caught.value.code == "library-without-cuda"
    assert devices.chosen_device("auto", "xgboost", built_for_cuda=False) == "cpu"
    assert devices.chosen_device("auto", "torch", built_for_cuda=True) == "cuda"


def test_a_missing_extra_is_named() -> None:
    with pytest.raises(UserError) as caught:
        devices.library("no_such_library", "gbm")
    assert caught.value.code == "extra-not-installed"
    assert "eraforge[gbm]" in caught.value.next_step


@pytest.mark.parametrize("settings", [{"patience": -1}, {"tail": 1.0}, {"device": "tpu"}, {"era_half_life": -1.0}])
@pytest.mark.parametrize("kind", [XGBoost, CatBoost])
def test_refuses_settings_that_make_no_sense(kind: type, settings: dict[str, Any]) -> None:
    with pytest.raises(UserError) as caught:
        kind(**settings)
    assert next(iter(settings)) in caught.value.sentence
