"""PSI and KS against a plain loop and SciPy."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ks_2samp

from eraforge.data.drift.distances import (
    LEAST_SHARE,
    count_columns,
    critical_gap,
    histograms,
    largest_gap,
    largest_gap_of_values,
    stability_index,
)

SEEDS = st.integers(0, 10_000)


def plain_index(before: list[int], after: list[int]) -> float:
    total = 0.0
    for one, other in zip(before, after, strict=True):
        p, q = max(one / sum(before), LEAST_SHARE), max(other / sum(after), LEAST_SHARE)
        total += (q - p) * math.log(q / p)
    return total


@given(SEEDS, st.integers(3, 300), st.integers(3, 300))
def test_counted_columns_are_those_of_scipy(seed: int, rows: int, others: int) -> None:
    rng = np.random.default_rng(seed)
    before = rng.integers(0, 5, (rows, 3), dtype=np.int8)
    after = rng.integers(0, rng.integers(2, 6), (others, 3), dtype=np.int8)
    one, other = (count_columns(np.ascontiguousarray(one.T), 0, 5) for one in (before, after))
    for column in range(3):
        assert one[column].tolist() == np.bincount(before[:, column], minlength=5).tolist()
        gap = ks_2samp(before[:, column], after[:, column], method="asymp").statistic
        assert largest_gap(one, other)[column] == pytest.approx(gap, abs=1e-12)
        index = plain_index(one[column].tolist(), other[column].tolist())
        assert stability_index(one, other)[column] == pytest.approx(index, abs=1e-12)


@given(SEEDS, st.integers(3, 200), st.integers(3, 200))
def test_values_are_those_of_scipy(seed: int, rows: int, others: int) -> None:
    rng = np.random.default_rng(seed)
    before, after = np.round(rng.normal(size=rows), 1), np.round(rng.normal(0.3, 1.5, others), 1)
    holes = np.concatenate([after, [np.nan, np.nan]])
    assert largest_gap_of_values(before, holes) == pytest.approx(ks_2samp(before, after, method="asymp").statistic)


def test_deciles_come_from_the_earlier_sample() -> None:
    rng = np.random.default_rng(1)
    before = rng.normal(size=10_000)
    one, other = histograms(before, np.concatenate([before + 1.0, [np.nan]]))
    assert one.tolist() == [[1000] * 10] and other.sum() == 10_000
    assert stability_index(one, other)[0] > 0.5
    assert stability_index(*histograms(before, rng.normal(size=10_000)))[0] < 0.01


def test_an_empty_side_has_no_distance() -> None:
    assert np.isnan(stability_index(np.zeros((1, 3)), np.ones((1, 3)))).all()
    assert np.isnan(largest_gap_of_values(np.array([np.nan]), np.ones(3)))


def test_the_critical_gap_is_exceeded_as_often_as_it_says() -> None:
    rng = np.random.default_rng(2)
    limit = critical_gap(300, 500, 0.05)
    over = [largest_gap_of_values(rng.normal(size=300), rng.normal(size=500)) > limit for _ in range(1000)]
    assert 0.02 < np.mean(over) < 0.07
