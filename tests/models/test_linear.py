"""Ridge: the exact solution, compared with scikit-learn, from sums that no order of rows can change."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import Ridge as Oracle

from eraforge.core.errors import DataError, UserError
from eraforge.core.panel import Panel
from eraforge.evaluation.checks.practice import practice_panel
from eraforge.models import linear
from eraforge.models.linear import Ridge, Sums

PANEL = practice_panel(eras=30, rows=100, features=20)


def oracle_for(matrix: np.ndarray, truth: np.ndarray, penalty: float) -> Oracle:
    alpha = penalty * float(np.var(matrix, axis=0).mean()) * len(truth)
    return Oracle(alpha=alpha, solver="cholesky").fit(matrix, truth)


def with_columns(panel: Panel, *columns: pl.Expr) -> Panel:
    return replace(panel, frame=panel.collect().with_columns(*columns).lazy())


@pytest.mark.parametrize("penalty", [1e-6, 0.1, 10.0])
@pytest.mark.parametrize("scale", [None, 0.25])
def test_equals_scikit_learn(penalty: float, scale: float | None) -> None:
    panel = PANEL if scale is None else with_columns(PANEL, pl.col("^feature_.*$").cast(pl.Float64) * scale)
    matrix = panel.matrix(np.float64)
    oracle = oracle_for(matrix, panel.collect()["target"].to_numpy().astype(float), penalty)
    fitted = Ridge(penalty).fit(panel)
    np.testing.assert_allclose(fitted.weights, oracle.coef_, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(fitted.predict(panel)["prediction"], oracle.predict(matrix), rtol=1e-9)


def test_equals_scikit_learn_for_labels_that_are_not_binned() -> None:
    noisy = pl.col("target").cast(pl.Float64) + pl.int_range(pl.len()) / 7000
    panel = with_columns(PANEL, noisy.alias("target"))
    oracle = oracle_for(panel.matrix(np.float64), panel.collect()["target"].to_numpy(), 0.1)
    np.testing.assert_allclose(Ridge().fit(panel).weights, oracle.coef_, rtol=1e-9, atol=1e-12)


@given(st.integers(0, 2**32 - 1), st.integers(1, 200), st.integers(1, 6), st.sampled_from([4, 90, 255]))
@settings(max_examples=30, deadline=None)
def test_sums_of_whole_numbers_are_exact(seed: int, rows: int, features: int, largest: int) -> None:
    rng = np.random.default_rng(seed)
    matrix = rng.integers(0, largest, (rows, features), endpoint=True).astype(np.int16) - 2
    truth = rng.choice([0, 1 / 6, 0.5, 1], rows)
    sums = Sums(features)
    for start in range(0, rows, 50):
        sums.add(matrix[start : start + 50], truth[start : start + 50])
    whole = matrix.astype(object)
    assert (sums.gram == (whole.T @ whole).astype(float)).all()
    for value, total in sums.by_label.items():
        assert (total[:-1] == matrix[truth == value].sum(axis=0)).all()
        assert total[-1] == (truth == value).sum()


def test_a_block_too_large_for_exact_float32_sums_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linear, "EXACT", 2**24)
    matrix = np.full((5000, 1), 253, dtype=np.int16)
    matrix[0] = 252
    sums = Sums(1)
    sums.add(matrix, np.zeros(5000))
    assert sums.gram[0, 0] == 4999 * 253**2 + 252**2


def test_neither_block_size_nor_row_order_changes_a_byte(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Ridge().fit(PANEL).save()
    monkeypatch.setattr(linear, "CELLS_AT_ONCE", 170)
    assert Ridge().fit(PANEL).save() == whole
    frame = PANEL.collect().sort(["era", "id"], descending=[False, True])
    assert Ridge().fit(replace(PANEL, frame=frame.lazy())).save() == whole


def test_loads_what_it_saved_and_refuses_another_kind() -> None:
    from eraforge.models.boosting import LightGBM

    data = Ridge(0.3).fit(PANEL).save()
    assert Ridge().load(data).save() == data
    with pytest.raises(DataError) as caught:
        LightGBM().load(data)
    assert caught.value.code == "saved-model-of-another-kind"


def test_refuses_missing_values() -> None:
    hole = pl.when(pl.int_range(pl.len()) % 7 == 0).then(None).otherwise(pl.col("feature_0")).alias("feature_0")
    with pytest.raises(DataError) as caught:
        Ridge().fit(with_columns(PANEL, hole))
    assert caught.value.code == "missing-feature-values"
    with pytest.raises(DataError) as caught:
        Ridge().fit(with_columns(PANEL, hole.cast(pl.Float32)))
    assert caught.value.code == "missing-feature-values"


def test_refuses_to_predict_missing_values() -> None:
    fitted = Ridge().fit(PANEL)
    hole = pl.when(pl.int_range(pl.len()) == 3).then(None).otherwise(pl.col("feature_0")).cast(pl.Float32)
    with pytest.raises(DataError, match="n000000000000003"):
        fitted.predict(with_columns(PANEL, hole.alias("feature_0")))


def test_refuses_constant_features_and_senseless_settings() -> None:
    with pytest.raises(DataError) as caught:
        Ridge().fit(with_columns(PANEL, pl.col("^feature_.*$") * 0))
    assert caught.value.code == "features-all-constant"
    with pytest.raises(UserError, match="penalty"):
        Ridge(penalty=0.0)
