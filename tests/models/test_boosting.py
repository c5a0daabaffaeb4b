"""LightGBM: trained in slices of columns, it must equal LightGBM trained the obvious way, byte for byte each time."""

from __future__ import annotations

from dataclasses import replace

import lightgbm
import numpy as np
import polars as pl
import pytest

from eraforge.core.errors import DataError, UserError
from eraforge.core.panel import Panel
from eraforge.core.ports import Fitted, Model
from eraforge.evaluation.checks.practice import practice_panel
from eraforge.models import binned
from eraforge.models.boosting import LightGBM
from eraforge.models.progress import reporting

PANEL = practice_panel(eras=30, rows=100, features=20)
SMALL = LightGBM(n_estimators=30, threads=1)


def with_columns(panel: Panel, *columns: pl.Expr) -> Panel:
    return replace(panel, frame=panel.collect().with_columns(*columns).lazy())


def test_is_a_model_and_gives_a_fitted() -> None:
    assert isinstance(SMALL, Model)
    assert isinstance(SMALL.fit(PANEL), Fitted)


def test_predicts_what_lightgbm_itself_predicts_when_given_the_whole_float_matrix() -> None:
    matrix = PANEL.matrix(np.float32)
    truth = PANEL.collect()["target"].to_numpy()
    parameters = SMALL.parameters(matrix.size)
    oracle = lightgbm.train(parameters, lightgbm.Dataset(matrix, truth, params=parameters), SMALL.n_estimators)
    ours = SMALL.fit(PANEL).predict(PANEL)["prediction"].to_numpy()
    np.testing.assert_array_equal(ours, oracle.predict(matrix))


@pytest.mark.parametrize("threads", [2, 4])
def test_the_number_of_threads_changes_no_byte(threads: int) -> None:
    assert replace(SMALL, threads=threads).fit(PANEL).save() == SMALL.fit(PANEL).save()


@pytest.mark.parametrize("columns", [1, 7, 19])
def test_the_width_of_a_slice_changes_no_byte(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = SMALL.fit(PANEL).save()
    monkeypatch.setattr(binned, "SLICE_CELLS", columns * 3000)
    assert SMALL.fit(PANEL).save() == whole


def test_slices_that_are_wholly_constant_are_carried_along(monkeypatch: pytest.MonkeyPatch) -> None:
    flat = [pl.lit(2, dtype=pl.Int8).alias(f"feature_{place}") for place in (0, 1, 2, 3, 4, 9)]
    panel = with_columns(PANEL, *flat)
    whole = SMALL.fit(panel).save()
    monkeypatch.setattr(binned, "SLICE_CELLS", 3 * 3000)
    assert SMALL.fit(panel).save() == whole


def test_a_seed_changes_the_choice_of_columns() -> None:
    assert replace(SMALL, seed=8).fit(PANEL).save() != SMALL.fit(PANEL).save()


def test_loads_what_it_saved_and_refuses_what_it_did_not() -> None:
    fitted = SMALL.fit(PANEL)
    data = fitted.save()
    loaded = LightGBM().load(data)
    assert loaded.predict(PANEL).equals(fitted.predict(PANEL))
    assert loaded.save() == data
    for damaged in (b"", data[:-30], b"PK" + data[2:200]):
        with pytest.raises(DataError, match="not a saved lightgbm model"):
            LightGBM().load(damaged)


def test_refuses_trees_that_lightgbm_cannot_read() -> None:
    from eraforge.models import archive

    data = archive.pack("lightgbm", {"settings": {}, "features": ["a"]}, {"trees.txt": b"no trees"})
    with pytest.raises(DataError) as caught:
        LightGBM().load(data)
    assert caught.value.code == "saved-model-unreadable"


def test_missing_values_are_missing_values_to_it() -> None:
    hole = pl.when(pl.int_range(pl.len()) % 7 == 0).then(None).otherwise(pl.col("feature_0")).alias("feature_0")
    panel = with_columns(PANEL, hole)
    assert SMALL.fit(panel).predict(panel)["prediction"].is_finite().all()


def test_float_features_are_learned_from_too() -> None:
    panel = with_columns(PANEL, pl.col("^feature_.*$").cast(pl.Float32) / 4)
    assert SMALL.fit(panel).predict(panel)["prediction"].std() > 0.01


def test_refuses_features_without_two_values() -> None:
    with pytest.raises(DataError) as caught:
        SMALL.fit(with_columns(PANEL, pl.col("^feature_.*$") * 0))
    assert caught.value.code == "features-all-constant"


def test_refuses_a_panel_without_known_labels() -> None:
    with pytest.raises(DataError) as caught:
        SMALL.fit(with_columns(PANEL, pl.lit(None, dtype=pl.Float32).alias("target")))
    assert caught.value.code == "nothing-to-learn-from"


def test_refuses_a_panel_without_target_or_features() -> None:
    with pytest.raises(UserError, match="no target"):
        SMALL.fit(PANEL.select(targets=()))
    with pytest.raises(UserError, match="no feature"):
        SMALL.fit(PANEL.select(features=()))


@pytest.mark.parametrize(
    "settings",
    [
        {"n_estimators": 0},
        {"learning_rate": 0.0},
        {"max_depth": 0},
        {"num_leaves": 1},
        {"colsample_bytree": 0.0},
        {"colsample_bytree": 1.1},
        {"min_data_in_leaf": 0},
        {"reg_lambda": -1.0},
        {"max_bin": 1},
        {"max_bin": 256},
        {"threads": -1},
    ],
)
def test_refuses_settings_that_make_no_sense(settings: dict[str, float]) -> None:
    with pytest.raises(UserError) as caught:
        LightGBM(**settings)  # type: ignore[arg-type]
    assert caught.value.code == "model-setting"
    assert next(iter(settings)) in caught.value.sentence


def test_reports_every_tree_and_every_column_it_really_did(capfd: pytest.CaptureFixture[str]) -> None:
    heard: list[tuple[str, float, float]] = []
    with reporting(lambda what, done, total: heard.append((what, done, total))):
        SMALL.fit(PANEL)
    assert [done for what, done, _ in heard if what == "trees"] == list(range(1, 31))
    assert ("columns read", 20, 20) in heard
    SMALL.fit(PANEL)
    assert len(heard) == 31
    assert capfd.readouterr().out == ""


def test_predicting_no_row_gives_no_row() -> None:
    fitted = SMALL.fit(PANEL)
    assert fitted.predict(replace(PANEL, frame=PANEL.frame.limit(0))).height == 0
