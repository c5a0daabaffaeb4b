"""Permutation importance finds what a model uses, and nothing in what it does not."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LinearRegression

from eraforge.core.panel import Sample
from eraforge.evaluation.checks.practice import practice_panel
from eraforge.evaluation.study.exposures import exposures
from eraforge.evaluation.study.importance import importances, permutation_losses
from eraforge.models.linear import Ridge

ERAS = 6


@pytest.fixture(scope="module")
def fitted() -> tuple:  # type: ignore[type-arg]
    panel = practice_panel()
    model = Ridge(penalty=0.01).fit(panel.where_eras(panel.eras[:-ERAS]))
    return panel, model, panel.eras[-ERAS:]


def test_the_feature_with_the_largest_weight_is_worth_most(fitted: tuple) -> None:  # type: ignore[type-arg]
    """Oracle: scikit-learn's permutation importance of the same linear map ranks the same feature first."""
    panel, model, eras = fitted
    losses = permutation_losses(model, panel, eras, panel.features, seed=1)
    found = importances(panel.features, [losses], Sample.VALIDATION)
    rows = panel.where_eras(eras).collect()
    matrix, truth = rows.select(panel.features).to_numpy(), rows[panel.target.name].to_numpy()
    linear = LinearRegression().fit(matrix, truth)
    linear.coef_, linear.intercept_ = model.weights, model.intercept
    oracle = permutation_importance(linear, matrix, truth, n_repeats=5, random_state=1, scoring="r2").importances_mean
    assert found[0].feature == panel.features[int(np.argmax(oracle))]
    assert found[0].loss > 3 * found[0].error > 0


def test_a_feature_that_is_not_used_loses_nothing_and_inputs_stay_as_they_are(fitted: tuple) -> None:  # type: ignore[type-arg]
    panel, model, eras = fitted
    model = type(model)(model.weights.copy(), model.intercept, model.features, model.settings)
    model.weights[0] = 0.0
    before = panel.collect()
    losses = permutation_losses(model, panel, eras, panel.features[:1], seed=1)
    assert np.abs(losses).max() < 1e-12
    assert panel.collect().equals(before)


def test_equal_seeds_give_equal_losses_and_folds_are_kept_apart(fitted: tuple) -> None:  # type: ignore[type-arg]
    panel, model, eras = fitted
    one = permutation_losses(model, panel, eras, panel.features[:2], seed=4)
    assert np.array_equal(one, permutation_losses(model, panel, eras, panel.features[:2], seed=4))
    (first, _) = importances(panel.features[:2], [one[:, :3], one[:, 3:]], Sample.VALIDATION)
    assert len(first.by_fold) == 2 and np.mean(first.by_fold) == pytest.approx(first.loss)


def test_exposures_are_plain_correlations_per_era(fitted: tuple) -> None:  # type: ignore[type-arg]
    panel, model, eras = fitted
    predictions = model.predict(panel.where_eras(eras).select(targets=()))
    found = exposures(panel, predictions, Sample.VALIDATION, eras_at_once=2)
    assert found.eras == tuple(eras) and found.table.shape == (ERAS, len(panel.features))
    rows = panel.where_eras([eras[1]]).collect()
    mine = predictions.filter(predictions["era"] == eras[1])["prediction"].to_numpy()
    oracle = [np.corrcoef(mine, rows[name].to_numpy())[0, 1] for name in panel.features]
    assert found.table[1] == pytest.approx(oracle, abs=1e-12)
    assert found.largest()[1] == pytest.approx(np.max(np.abs(oracle)))
    assert found.strongest(1)[0][0] == panel.features[int(np.argmax(np.abs(found.table.mean(axis=0))))]
