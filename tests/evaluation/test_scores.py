"""Scores against numerai-tools, the reference implementation."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numerai_tools.scoring import correlation_contribution, numerai_corr

from eraforge.core.errors import DataError
from eraforge.evaluation.scores import corr, mmc


def era(seed: int, rows: int = 200, columns: int = 3) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    truth = rng.choice([0, 0.25, 0.5, 0.75, 1], rows, p=[0.05, 0.2, 0.5, 0.2, 0.05])
    predictions = 0.1 * truth[:, None] + rng.normal(size=(rows, columns))
    predictions[:, 0] = np.round(predictions[:, 0], 1)  # ties
    return predictions, predictions.mean(axis=1) + rng.normal(size=rows), truth


def series(values: np.ndarray) -> pd.Series:
    return pd.Series(values, index=[f"n{place:06d}" for place in range(len(values))], name="t")


def frame(values: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame(values, index=[f"n{place:06d}" for place in range(len(values))])


@pytest.mark.parametrize("seed", range(5))
def test_scores_equal_the_reference(seed: int) -> None:
    predictions, meta, truth = era(seed)
    expected = numerai_corr(frame(predictions), series(truth)).to_numpy()
    np.testing.assert_allclose(corr(predictions, truth), expected, rtol=0, atol=1e-12)
    expected = correlation_contribution(frame(predictions), series(meta), series(truth)).to_numpy()
    np.testing.assert_allclose(mmc(predictions, meta, truth), expected, rtol=0, atol=1e-12)


def test_missing_rows_up_to_a_fifth_are_left_out() -> None:
    predictions, meta, truth = era(7)
    predictions[:20, 1] = np.nan
    meta[30:35] = np.nan
    truth[40:45] = np.nan
    expected = numerai_corr(frame(predictions), series(truth)).to_numpy()
    np.testing.assert_allclose(corr(predictions, truth), expected, rtol=0, atol=1e-12)
    expected = correlation_contribution(frame(predictions), series(meta), series(truth)).to_numpy()
    np.testing.assert_allclose(mmc(predictions, meta, truth), expected, rtol=0, atol=1e-12)
    predictions[:50, 0] = np.nan
    with pytest.raises(DataError) as error:
        corr(predictions, truth)
    assert error.value.code == "too-few-overlapping-rows"


def test_constant_predictions_have_no_correlation_and_no_contribution() -> None:
    _, meta, truth = era(3)
    assert np.isnan(corr(np.full(200, 0.5), truth)).all()
    assert mmc(np.full(200, 0.5), meta, truth) == pytest.approx(0.0, abs=1e-15)
    assert mmc(meta, meta, truth) == pytest.approx(0.0, abs=1e-15)
