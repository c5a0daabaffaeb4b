"""Residuals against weighted least squares of scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

from eraforge.features.labels.neutral import dummies, residual, weighted_basis


@pytest.fixture
def era() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    source = np.random.default_rng(3)
    groups = [dummies(source.choice(list(letters), 300)) for letters in ("abcde", "xyz")]
    exposures = np.concatenate([np.ones((300, 1)), *groups, source.normal(size=(300, 4))], axis=1)
    return source.normal(size=300), exposures, np.exp(source.normal(size=300))


def test_the_basis_is_orthonormal_under_the_weights(era: tuple[np.ndarray, ...]) -> None:
    _, exposures, weights = era
    basis = weighted_basis(exposures, weights)
    assert basis.shape == (300, 11)  # a constant and two groupings span two columns less than they have
    assert basis.T @ (weights[:, None] * basis) == pytest.approx(np.eye(11), abs=1e-12)


@pytest.mark.parametrize("weighted", [False, True])
def test_residuals_are_those_of_least_squares(era: tuple[np.ndarray, ...], weighted: bool) -> None:
    values, exposures, weights = era
    some = weights if weighted else None
    fit = LinearRegression().fit(exposures, values, sample_weight=some)
    left = residual(values, weighted_basis(exposures, some), some)
    assert left == pytest.approx(values - fit.predict(exposures), abs=1e-10)


def test_rows_without_a_value_change_nothing_for_the_others(era: tuple[np.ndarray, ...]) -> None:
    values, exposures, weights = era
    values[::7] = np.nan
    kept = ~np.isnan(values)
    left = residual(values, weighted_basis(exposures, weights), weights)
    alone = residual(values[kept], weighted_basis(exposures[kept], weights[kept]), weights[kept])
    assert left[kept] == pytest.approx(alone, abs=1e-10)
    assert np.isnan(left[~kept]).all()
    assert np.isnan(residual(np.full(300, np.nan), weighted_basis(exposures), None)).all()


def test_dummies_are_one_column_per_label() -> None:
    assert dummies(["b", "a", "b"]).tolist() == [[0, 1], [1, 0], [0, 1]]
    assert dummies([]).shape == (0, 0)
    assert weighted_basis(np.zeros((4, 2))).shape == (4, 0)
