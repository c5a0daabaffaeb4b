"""Logistic regression: scikit-learn's solution where labels are zeros and ones."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from sklearn.linear_model import LogisticRegression

from eraforge.core.errors import DataError
from eraforge.evaluation.checks.practice import practice_panel
from eraforge.models.regression import blocks
from eraforge.models.regression.logistic import Logistic

PANEL = practice_panel(eras=10, rows=100, features=8)
ONES = replace(PANEL, frame=PANEL.frame.with_columns(target=(pl.col("target") > 0.5).cast(pl.Float32)))


def test_equals_scikit_learn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "ROWS_AT_ONCE", 333)
    matrix = PANEL.matrix(np.float64)
    matrix = (matrix - matrix.mean(axis=0)) / matrix.std(axis=0)
    truth = ONES.collect()["target"].to_numpy().astype(int)
    oracle = LogisticRegression(C=1 / (0.01 * len(truth)), tol=1e-10, max_iter=1000).fit(matrix, truth)
    ours = Logistic(penalty=0.01).fit(ONES).predict(ONES)["prediction"]
    np.testing.assert_allclose(ours, oracle.decision_function(matrix), atol=1e-4)


def test_labels_between_count_in_part() -> None:
    """Five-valued labels pull the odds as far as they stand from the middle: its score follows theirs."""
    panel = practice_panel(seed=2, eras=10, rows=100, features=8)
    ours = Logistic().fit(PANEL).predict(panel)["prediction"].to_numpy()
    assert np.corrcoef(ours, panel.collect()["target"])[0, 1] > 0.4


def test_refuses_labels_that_are_all_one() -> None:
    with pytest.raises(DataError) as caught:
        Logistic().fit(replace(PANEL, frame=PANEL.frame.with_columns(target=pl.lit(0.5))))
    assert caught.value.code == "label-constant"
