"""Ranks and bins against the official ranks and by hand, ties and missing values included."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numerai_tools.scoring import tie_kept_rank

from eraforge.features.labels.bins import binned, ranked


@given(st.lists(st.integers(0, 12), min_size=1, max_size=60))
def test_ranks_are_the_official_ones(values: list[int]) -> None:
    frame = pd.DataFrame({"x": np.array(values, float)})
    assert ranked(np.array(values, float)) == pytest.approx(tie_kept_rank(frame)["x"].to_numpy())


def test_bins_have_the_published_shares() -> None:
    values = np.random.default_rng(1).normal(size=2_000)
    bins, counts = np.unique(binned(values), return_counts=True)
    assert bins.tolist() == [0, 0.25, 0.5, 0.75, 1]
    assert counts.tolist() == [100, 400, 1_000, 400, 100]


def test_ties_share_a_bin() -> None:
    assert binned(np.array([1.0, 1.0, 1.0, 1.0])).tolist() == [0.5] * 4
    assert binned(np.array([0.0] * 9 + [1.0])).tolist() == [0.5] * 9 + [0.75]


def test_missing_values_have_no_bin_and_count_for_nothing() -> None:
    values = np.array([3.0, np.nan, 1.0, 2.0, np.nan])
    assert np.isnan(binned(values)[[1, 4]]).all()
    assert ranked(values)[[0, 2, 3]] == pytest.approx([5 / 6, 1 / 6, 3 / 6])
    assert np.isnan(ranked(np.array([np.nan]))).all()
    assert ranked(np.empty(0)).shape == (0,)


def test_weights_move_the_ranks() -> None:
    values, weights = np.array([1.0, 2.0, 3.0]), np.array([1.0, 1.0, 8.0])
    assert ranked(values, weights) == pytest.approx([0.05, 0.15, 0.6])
    assert ranked(values, np.full(3, 7.0)) == pytest.approx(ranked(values))


def test_bins_by_weight_hold_the_shares_of_the_weight() -> None:
    source = np.random.default_rng(2)
    weights = np.exp(source.normal(size=20_000))
    bins = binned(source.normal(size=20_000), weights)
    shares = [weights[bins == step].sum() / weights.sum() for step in (0, 0.25, 0.5, 0.75, 1)]
    assert shares == pytest.approx([0.05, 0.2, 0.5, 0.2, 0.05], abs=0.005)
