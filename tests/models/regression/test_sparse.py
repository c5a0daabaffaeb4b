"""Lasso and elastic net: scikit-learn's solutions, from sums gathered block by block."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import ElasticNet as Oracle

from eraforge.core.errors import UserError
from eraforge.evaluation.checks.practice import practice_panel
from eraforge.models.regression.sparse import ElasticNet, Lasso

PANEL = practice_panel(eras=30, rows=100, features=20, signal=0.3)
MATRIX = PANEL.matrix(np.float64)
TRUTH = PANEL.collect()["target"].to_numpy().astype(float)


@pytest.mark.parametrize("penalty", [0.02, 0.3])
@pytest.mark.parametrize("share", [0.2, 1.0])
def test_equals_scikit_learn(penalty: float, share: float) -> None:
    centred = MATRIX - MATRIX.mean(axis=0)
    alpha = penalty * float(np.abs(centred.T @ (TRUTH - TRUTH.mean())).max()) / len(TRUTH) / share
    oracle = Oracle(alpha=alpha, l1_ratio=share, tol=1e-10, max_iter=10_000).fit(MATRIX, TRUTH)
    fitted = ElasticNet(penalty, share).fit(PANEL)
    np.testing.assert_allclose(fitted.weights, oracle.coef_, atol=1e-8)
    np.testing.assert_allclose(fitted.predict(PANEL)["prediction"], oracle.predict(MATRIX), atol=1e-7)
    if share == 1.0:
        assert Lasso(penalty).fit(PANEL).predict(PANEL).equals(fitted.predict(PANEL))


def test_weights_of_eras_are_those_of_repeated_rows() -> None:
    half = ElasticNet(0.1, era_half_life=1.0).fit(PANEL.where_eras(PANEL.eras[:2]))
    alpha_free = ElasticNet(0.1).fit(PANEL.where_eras(PANEL.eras[:2]))
    assert not np.allclose(half.weights, alpha_free.weights)
    rows = np.concatenate([MATRIX[:100], MATRIX[100:200], MATRIX[100:200]])
    truth = np.concatenate([TRUTH[:100], TRUTH[100:200], TRUTH[100:200]])
    centred = rows - rows.mean(axis=0)
    alpha = 0.1 * float(np.abs(centred.T @ (truth - truth.mean())).max()) / len(truth) / 0.5
    oracle = Oracle(alpha=alpha, l1_ratio=0.5, tol=1e-10, max_iter=10_000).fit(rows, truth)
    np.testing.assert_allclose(half.weights, oracle.coef_, atol=1e-8)


def test_a_stronger_penalty_leaves_more_features_out() -> None:
    kept = [int((Lasso(penalty).fit(PANEL).weights != 0).sum()) for penalty in (0.01, 0.5, 0.99)]
    assert kept[0] > kept[1] > 0
    assert kept[2] <= 1


@pytest.mark.parametrize("settings", [{"penalty": 0.0}, {"penalty": 1.0}, {"l1_share": 0.0}, {"era_half_life": -1.0}])
def test_refuses_settings_that_make_no_sense(settings: dict[str, float]) -> None:
    with pytest.raises(UserError) as caught:
        ElasticNet(**settings)  # type: ignore[arg-type]
    assert next(iter(settings)) in caught.value.sentence
