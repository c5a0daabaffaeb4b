"""Intervals of overlapping scores: coverage by simulation, and agreement with plain statistics where there is none."""

from __future__ import annotations

import numpy as np
import pytest

from eraforge.core.errors import DataError, UserError
from eraforge.core.panel import Sample
from eraforge.evaluation.uncertainty import (
    DAILY_60,
    WEEKLY_60,
    Overlap,
    mean_interval,
    naive_interval,
    newey_west_interval,
    sharpe_interval,
    standard_error,
)

TRUTH = 0.3


def _moving_average(draws: int, count: int, length: int, seed: int) -> np.ndarray:
    """(draws, count) series of unit variance whose neighbours share length - 1 of length heavy-tailed shocks."""
    shocks = np.random.default_rng(seed).standard_t(5, (draws, count + length - 1)) / np.sqrt(5 / 3)
    sums = np.cumsum(np.pad(shocks, ((0, 0), (1, 0))), axis=1)
    return np.asarray((sums[:, length:] - sums[:, :-length]) / np.sqrt(length) + TRUTH)


@pytest.mark.parametrize(("count", "overlap"), [(260, Overlap(20, 5)), (260, WEEKLY_60), (400, DAILY_60)])
def test_stated_intervals_hold_the_truth_and_naive_ones_do_not(count: int, overlap: Overlap) -> None:
    series = _moving_average(2000, count, overlap.length, seed=count + overlap.length)
    held = naive_held = 0
    for row in series:
        found = mean_interval(row, overlap, Sample.TEST)
        naive = naive_interval(row, Sample.TEST)
        held += found.low <= TRUTH <= found.high
        naive_held += naive.low <= TRUTH <= naive.high
    assert 0.93 <= held / len(series) <= 0.97
    assert naive_held / len(series) < 0.8


def test_without_overlap_it_is_as_wide_as_the_plain_error() -> None:
    rows = np.random.default_rng(3).standard_normal((400, 300))
    ratio = [standard_error(row, Overlap(5, 5))[0] / (row.std(ddof=1) / np.sqrt(row.size)) for row in rows]
    assert np.sqrt(np.mean(np.square(ratio))) == pytest.approx(1, abs=0.05)


def test_the_interval_moves_and_scales_with_the_series() -> None:
    row = _moving_average(1, 200, 12, seed=1)[0]
    plain = mean_interval(row, WEEKLY_60, Sample.VALIDATION)
    moved = mean_interval(3 * row + 7, WEEKLY_60, Sample.VALIDATION)
    assert moved.low == pytest.approx(3 * plain.low + 7)
    assert moved.high == pytest.approx(3 * plain.high + 7)
    assert plain.sample is Sample.VALIDATION
    assert mean_interval(row, WEEKLY_60, Sample.TEST, level=0.8).error == plain.error


def test_more_overlap_or_a_higher_level_means_a_wider_interval() -> None:
    row = _moving_average(1, 300, 4, seed=2)[0]
    width = [mean_interval(row, Overlap(20, 5), Sample.TEST, level).high for level in (0.8, 0.9, 0.95)]
    assert width == sorted(width)
    wide = [newey_west_interval(row, Overlap(20, 5), Sample.TEST).error, naive_interval(row, Sample.TEST).error]
    assert wide[0] > wide[1]


def test_the_sharpe_interval_holds_the_truth() -> None:
    series = _moving_average(1200, 300, 12, seed=9)
    held = [sharpe_interval(row, WEEKLY_60, Sample.TEST) for row in series]
    assert 0.925 <= np.mean([one.low <= TRUTH <= one.high for one in held]) <= 0.975


def test_series_that_cannot_be_judged_are_refused() -> None:
    with pytest.raises(DataError, match="too short"):
        mean_interval(np.ones(5), WEEKLY_60, Sample.TEST)
    with pytest.raises(DataError, match="missing or infinite"):
        mean_interval(np.array([np.nan] + [0.0] * 20), WEEKLY_60, Sample.TEST)
    with pytest.raises(UserError, match="no share"):
        mean_interval(np.arange(20.0), WEEKLY_60, Sample.TEST, level=95)
    with pytest.raises(UserError, match="makes no sense"):
        Overlap(0, 5)
    with pytest.raises(DataError, match="no Sharpe"):
        sharpe_interval(np.ones(20), WEEKLY_60, Sample.TEST)


def test_overlap_counts_what_a_label_touches() -> None:
    assert (WEEKLY_60.length, DAILY_60.length, Overlap(20, 5).length) == (12, 60, 4)
    assert WEEKLY_60.correlation(14)[[0, 6, 12]].tolist() == [1.0, 0.5, 0.0]
