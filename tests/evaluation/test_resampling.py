"""The stationary bootstrap and its correction."""

from __future__ import annotations

import numpy as np
import pytest

from eraforge.core.errors import UserError
from eraforge.core.panel import Sample
from eraforge.evaluation.resampling import (
    block_length,
    bootstrap_interval,
    correction,
    means,
    sharpes,
    stationary_indices,
)
from eraforge.evaluation.uncertainty import DAILY_60, WEEKLY_20, WEEKLY_60, mean_interval


def test_blocks_run_on_and_have_the_mean_length_asked_for() -> None:
    rows = stationary_indices(50, 8, 400, np.random.default_rng(0))
    assert rows.shape == (400, 50)
    assert rows.min() >= 0
    assert rows.max() < 50
    steps = (np.diff(rows, axis=1) - 1) % 50 == 0
    assert 1 / np.mean(~steps) == pytest.approx(8 / (1 - 1 / 50), rel=0.1)
    assert np.bincount(rows.ravel(), minlength=50).std() / 400 < 0.2


def test_the_same_seed_draws_the_same_blocks() -> None:
    first, second = (stationary_indices(30, 4, 3, np.random.default_rng(5), length=7) for _ in range(2))
    assert first.shape == (3, 7)
    assert np.array_equal(first, second)


def test_blocks_below_one_round_are_refused() -> None:
    with pytest.raises(UserError):
        stationary_indices(10, 0.5, 1, np.random.default_rng(0))


def test_the_correction_grows_as_blocks_become_few() -> None:
    stretches = [correction(count, block_length(count, WEEKLY_60), WEEKLY_60)[0] for count in (100, 300, 2000)]
    assert stretches == sorted(stretches, reverse=True)
    assert all(stretch > 1 for stretch in stretches)


def test_thinning_a_long_series_changes_the_correction_little() -> None:
    near = correction(399, 118.0, DAILY_60)
    thinned = correction(1596, 472.0, type(DAILY_60)(240, 1))
    assert thinned == pytest.approx(near, rel=0.03)


@pytest.mark.parametrize("overlap", [WEEKLY_20, WEEKLY_60])
def test_bootstrap_intervals_hold_the_truth(overlap: object) -> None:
    assert isinstance(overlap, type(WEEKLY_20))
    length, count, tries = overlap.length, 240, 500
    shocks = np.random.default_rng(length).standard_normal((tries, count + length - 1))
    held = 0
    for number, row in enumerate(shocks):
        series = np.convolve(row, np.ones(length), "valid") / np.sqrt(length)
        found = bootstrap_interval(series, means, overlap, Sample.TEST, draws=300, seed=number)
        held += found.low <= 0 <= found.high
    assert 0.92 <= held / tries <= 0.98


def test_it_agrees_with_the_cosine_interval_and_takes_any_statistic() -> None:
    series = np.convolve(np.random.default_rng(4).standard_normal(503), np.ones(4) / 2, "valid") + 1
    boot = bootstrap_interval(series, means, WEEKLY_20, Sample.TEST, draws=2000)
    plain = mean_interval(series, WEEKLY_20, Sample.TEST)
    assert boot.mean == plain.mean
    assert boot.error == pytest.approx(plain.error, rel=0.4)
    ratio = bootstrap_interval(series, sharpes, WEEKLY_20, Sample.TEST, draws=500)
    assert ratio.low < ratio.mean < ratio.high
    assert sharpes(np.ones((1, 9))).tolist() == [0.0]
