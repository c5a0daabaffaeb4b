"""Support vectors: scikit-learn's solutions, and the shape that only a kernel can see."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from sklearn.kernel_approximation import Nystroem
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.svm import LinearSVR

from eraforge.core.errors import UserError
from eraforge.evaluation.checks.practice import practice_panel
from eraforge.models.regression.support_vectors import SupportVectors, radial

PANEL = practice_panel(eras=10, rows=100, features=8)
MATRIX = PANEL.matrix(np.float64)
MATRIX = (MATRIX - MATRIX.mean(axis=0)) / MATRIX.std(axis=0)
TRUTH = PANEL.collect()["target"].to_numpy().astype(float)


def test_the_linear_one_equals_scikit_learn() -> None:
    margin = 0.1
    oracle = LinearSVR(
        epsilon=margin * TRUTH.std(), C=1 / (2 * 1e-3 * len(TRUTH)), loss="squared_epsilon_insensitive",
        tol=1e-10, max_iter=100_000, random_state=0, intercept_scaling=100.0,
    ).fit(MATRIX, TRUTH)  # fmt: skip
    ours = SupportVectors("linear", margin=margin, penalty=1e-3).fit(PANEL).predict(PANEL)["prediction"]
    np.testing.assert_allclose(ours, oracle.predict(MATRIX), atol=1e-3)


def test_the_kernel_of_all_rows_is_scikit_learns() -> None:
    np.testing.assert_allclose(
        radial(MATRIX, MATRIX[:9], 0.3), rbf_kernel(MATRIX, MATRIX[:9], gamma=0.3 / 8), atol=1e-12
    )


def test_products_of_mapped_rows_approximate_the_kernel_as_nystroems_do() -> None:
    fitted = SupportVectors(landmarks=1000).fit(PANEL)
    mapped = radial(MATRIX, fitted.arrays["points"], 0.3) @ fitted.arrays["whitening"]
    kernel = rbf_kernel(MATRIX, gamma=0.3 / 8)
    oracle = Nystroem(gamma=0.3 / 8, n_components=1000, random_state=0).fit_transform(MATRIX)
    assert np.abs(mapped @ mapped.T - kernel).max() < 1e-5
    assert np.abs(oracle @ oracle.T - mapped @ mapped.T).max() < 1e-5


def test_the_radial_kernel_sees_what_a_line_cannot() -> None:
    bent = (pl.col("feature_0").cast(pl.Float64) - 2).abs().alias("target")
    panel = replace(PANEL, frame=PANEL.frame.with_columns(bent))
    truth = panel.collect()["target"].to_numpy()
    found = {
        kernel: np.corrcoef(SupportVectors(kernel, landmarks=200).fit(panel).predict(panel)["prediction"], truth)[0, 1]
        for kernel in ("linear", "radial")
    }
    assert found["radial"] > 0.8
    assert found["linear"] < 0.2


@pytest.mark.parametrize("settings", [{"kernel": "cubic"}, {"landmarks": 1}, {"width": 0.0}, {"margin": -1.0}])
def test_refuses_settings_that_make_no_sense(settings: dict[str, object]) -> None:
    with pytest.raises(UserError) as caught:
        SupportVectors(**settings)  # type: ignore[arg-type]
    assert next(iter(settings)) in caught.value.sentence
