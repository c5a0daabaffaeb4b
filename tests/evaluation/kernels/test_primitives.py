"""The steps of the scores against numerai-tools."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st
from numerai_tools import scoring, submissions

from eraforge.evaluation.kernels.primitives import (
    centre,
    clean,
    gaussianise,
    orthogonalise,
    power,
    rank_ties_broken,
    rank_ties_kept,
    variance_normalise,
    weight_normalise,
)

FLAVOUR = st.sampled_from(
    ("plain", "ties", "constant", "half", "infinite", "outlier", "zeros", "tiny", "holes", "many holes")
)


@given(seed=st.integers(0, 10**6), rows=st.sampled_from((1, 2, 3, 50, 700)), flavour=FLAVOUR)
@settings(max_examples=60, deadline=None)
def test_ranks_equal_the_reference(oracle: Any, seed: int, rows: int, flavour: str) -> None:
    values = oracle.column(np.random.default_rng(seed), rows, flavour)
    series = oracle.series(values)
    oracle.agree(lambda: rank_ties_kept(values), lambda: scoring.tie_kept_rank(series), gap=0)
    oracle.agree(lambda: rank_ties_broken(values), lambda: scoring.tie_broken_rank(series.to_frame())["t"], gap=0)
    assert rank_ties_kept(values).shape == values.shape


def test_long_columns_rank_exactly() -> None:
    rng = np.random.default_rng(1)
    for values in (rng.normal(size=40_000), rng.integers(0, 50, 40_000) / 7, np.exp(40 * rng.normal(size=40_000))):
        expected = (pd.Series(values).rank() - 0.5) / len(values)
        assert (rank_ties_kept(values) == expected.to_numpy()).all()


def test_algebra_equals_the_reference(oracle: Any) -> None:
    rng = np.random.default_rng(2)
    columns, vector = rng.normal(size=(200, 3)), rng.normal(size=200)
    frame = oracle.frame(columns)
    for ours, theirs in (
        (centre(columns), scoring.center(frame)),
        (variance_normalise(columns), scoring.variance_normalize(frame)),
        (weight_normalise(columns), scoring.weight_normalize(frame)),
        (power(columns, 1.5), scoring.power(frame, 1.5)),
        (orthogonalise(columns, vector), scoring.orthogonalize(columns, vector)),
        (gaussianise(rank_ties_kept(columns)), scoring.gaussian(scoring.tie_kept_rank(frame))),
    ):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-12)
    assert np.isnan(orthogonalise(columns, np.zeros(200))).all()


def test_power_refuses_what_the_reference_refuses(oracle: Any) -> None:
    rng = np.random.default_rng(3)
    spread = np.where(np.arange(400) < 200, rng.normal(size=400), 0)
    spread[:3] = [1e3, -1e3, 40]
    for values in (spread, spread**3, np.array([1.0, np.nan]), np.array([1.0]), np.full(5, 0.5), rng.normal(size=9)):
        oracle.agree(
            lambda values=values: power(values, 6.0),
            lambda values=values: scoring.power(oracle.frame(values[:, None]), 6.0)["c0"],
        ) if len(values) != 400 else oracle.agree(
            lambda values=values: power(values, 0.05),
            lambda values=values: scoring.power(oracle.frame(values[:, None]), 0.05)["c0"],
        )


def test_cleaning_equals_the_reference(oracle: Any) -> None:
    rng = np.random.default_rng(4)
    values = oracle.column(rng, 150, "many holes")
    universe = pd.DataFrame({"id": oracle.series(values).index})
    submission = pd.DataFrame({"id": universe["id"], "prediction": values}).dropna()
    expected = submissions.clean_submission(universe, submission, "id", "prediction", rank_and_fill=True)
    assert (clean(values) == expected.to_numpy()).all()
