"""A round scored on many days at once equals the official scores of each day."""

import numpy as np
import pytest

from eraforge.evaluation import daily, scores


@pytest.fixture
def round_of_a_field() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    generator = np.random.default_rng(5)
    predictions = np.round(generator.random((400, 6)), 2)
    predictions[:, 5] = 0.5
    targets = generator.choice([0, 0.25, 0.5, 0.75, 1], size=(400, 4), p=[0.05, 0.2, 0.5, 0.2, 0.05])
    return predictions, np.array([3.0, 0, 1, 2, 5, 0]), generator.random((400, 2)), targets.astype(np.float32)


def test_daily_scores_equal_the_official_ones(round_of_a_field: tuple[np.ndarray, ...]) -> None:
    predictions, stakes, benchmarks, targets = round_of_a_field
    field = daily.prepare(predictions, stakes, benchmarks)
    benchmark = daily.rank_ties_kept(benchmarks).mean(axis=1)
    corr, mmc = daily.corr_each(field, targets), daily.mmc_each(field, field.market, targets)
    bmc = daily.mmc_each(field, field.benchmark, targets)
    for day, target in enumerate(targets.T):
        np.testing.assert_allclose(corr[day], scores.corr(predictions, target), rtol=0, atol=1e-12)
        np.testing.assert_allclose(mmc[day], scores.mmc(predictions, field.meta_model, target), rtol=0, atol=1e-12)
        np.testing.assert_allclose(bmc[day], scores.bmc(predictions, benchmark, target), rtol=0, atol=1e-12)
    expected = scores.meta_model_correlation(predictions, field.meta_model)
    np.testing.assert_allclose(daily.meta_model_correlations(field), expected, rtol=0, atol=1e-12)
    assert np.isnan(corr[:, 5]).all()
    assert np.allclose(mmc[:, 5], 0)
