"""Scores against numerai-tools, the reference implementation."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numerai_tools import scoring

from eraforge.core.errors import DataError
from eraforge.evaluation.scores import (
    bmc,
    corr,
    meta_model_correlation,
    mmc,
    pairwise_correlation,
    season_score,
    stake_weighted_meta_model,
)

FLAVOUR = st.sampled_from(
    ("plain", "ties", "constant", "half", "infinite", "outlier", "zeros", "tiny", "holes", "many holes")
)
TARGET = st.sampled_from(("binned", "returns", "constant", "holes"))
NASTY = {
    "seed": st.integers(0, 10**6),
    "rows": st.sampled_from((1, 2, 3, 4, 5, 17, 80, 300)),
    "flavours": st.lists(FLAVOUR, min_size=1, max_size=3),
    "market": FLAVOUR,
    "truth": TARGET,
}


@given(**NASTY, power=st.booleans())
@settings(max_examples=60, deadline=None)
def test_corr_equals_the_reference(
    oracle: Any, seed: int, rows: int, flavours: list[str], market: str, truth: str, power: bool
) -> None:
    rng = np.random.default_rng(seed)
    predictions = np.column_stack([oracle.column(rng, rows, flavour) for flavour in flavours])
    target = oracle.target(rng, rows, truth)
    oracle.agree(
        lambda: corr(predictions, target, target_power=power),
        lambda: scoring.numerai_corr(oracle.frame(predictions), oracle.series(target), target_pow15=power),
    )


@given(**NASTY)
@settings(max_examples=60, deadline=None)
def test_mmc_equals_the_reference(
    oracle: Any, seed: int, rows: int, flavours: list[str], market: str, truth: str
) -> None:
    rng = np.random.default_rng(seed)
    predictions = np.column_stack([oracle.column(rng, rows, flavour) for flavour in flavours])
    meta, target = oracle.column(rng, rows, market), oracle.target(rng, rows, truth)
    for score in (mmc, bmc):
        oracle.agree(
            lambda score=score: score(predictions, meta, target),
            lambda: scoring.correlation_contribution(
                oracle.frame(predictions), oracle.series(meta), oracle.series(target)
            ),
        )


@given(**NASTY, top_bottom=st.sampled_from((1, 2, 10, 40, 150, 200)))
@settings(max_examples=25, deadline=None)
def test_top_and_bottom_equal_the_reference(
    oracle: Any, seed: int, rows: int, flavours: list[str], market: str, truth: str, top_bottom: int
) -> None:
    rng = np.random.default_rng(seed)
    predictions = np.column_stack([oracle.column(rng, rows, flavour) for flavour in flavours])
    meta, target = oracle.column(rng, rows, market), oracle.target(rng, rows, truth)
    frame, truths, metas = oracle.frame(predictions), oracle.series(target), oracle.series(meta)
    oracle.agree(
        lambda: corr(predictions, target, top_bottom=top_bottom),
        lambda: scoring.numerai_corr(frame, truths, top_bottom=top_bottom),
    )
    oracle.agree(
        lambda: mmc(predictions, meta, target, top_bottom=top_bottom),
        lambda: scoring.correlation_contribution(frame, metas, truths, top_bottom=top_bottom),
    )


@pytest.mark.parametrize("kind", [np.float32, np.int64, np.bool_])
def test_other_number_types_score_like_the_reference(oracle: Any, kind: type) -> None:
    rng = np.random.default_rng(4)
    predictions, target = (rng.normal(size=(5000, 20)) * 3).astype(kind), oracle.target(rng, 5000)
    oracle.agree(
        lambda: corr(predictions, target),
        lambda: scoring.numerai_corr(oracle.frame(predictions), oracle.series(target)),
    )


def test_a_real_sized_era_equals_the_reference(oracle: Any) -> None:
    rng = np.random.default_rng(11)
    predictions = np.column_stack([oracle.column(rng, 20_000, flavour) for flavour in ("plain", "ties", "outlier")])
    meta, target = rng.random(20_000), oracle.target(rng, 20_000)
    frame, truths = oracle.frame(predictions), oracle.series(target)
    oracle.agree(lambda: corr(predictions, target), lambda: scoring.numerai_corr(frame, truths))
    oracle.agree(
        lambda: mmc(predictions, meta, target),
        lambda: scoring.correlation_contribution(frame, oracle.series(meta), truths),
    )


def test_named_edge_cases(oracle: Any) -> None:
    rng = np.random.default_rng(3)
    meta, target = rng.normal(size=200), oracle.target(rng, 200)
    assert np.isnan(corr(np.full(200, 0.4), target)).all()
    assert mmc(np.full(200, 0.4), meta, target)[0] == 0.0
    assert mmc(meta, meta, target)[0] == 0.0
    assert np.isnan(mmc(meta, np.full(200, 0.4), target)).all()
    assert np.isnan(corr(meta, np.full(200, 0.3))).all()
    holes = meta.copy()
    holes[:40] = np.nan
    assert np.isfinite(corr(holes, target)).all()
    holes[40] = np.nan
    for score in (lambda: corr(holes, target), lambda: mmc(meta, holes, target)):
        with pytest.raises(DataError) as error:
            score()
        assert error.value.code == "too-few-overlapping-rows"


@pytest.mark.parametrize(
    ("predictions", "target", "code"),
    [
        (np.zeros((0, 2)), np.zeros(0), "shapes-differ"),
        (np.zeros((5, 2)), np.zeros(4), "shapes-differ"),
        (np.zeros((5, 2, 2)), np.zeros(5), "shapes-differ"),
        (np.array(["a", "b"]), np.zeros(2), "not-numbers"),
        (np.zeros(1), np.zeros(1), "power-distorts"),
        (np.arange(5.0), np.array([0, 0, 0, 0, np.inf]), "power-distorts"),
    ],
)
def test_refusals_have_codes(predictions: np.ndarray, target: np.ndarray, code: str) -> None:
    with pytest.raises(DataError) as error:
        corr(predictions, target)
    assert error.value.code == code


def test_inputs_are_left_as_they_were(oracle: Any) -> None:
    rng = np.random.default_rng(5)
    predictions = np.asfortranarray(np.where(rng.random((300, 3)) < 0.5, -0.0, 0.0) + rng.integers(0, 2, (300, 3)))
    before, target = predictions.copy(), oracle.target(rng, 300)
    corr(predictions, target)
    mmc(predictions, predictions[:, 0], target)
    assert (np.signbit(before) == np.signbit(predictions)).all()


def test_correlation_with_the_meta_model(oracle: Any) -> None:
    rng = np.random.default_rng(6)
    predictions, meta = rng.normal(size=(400, 3)), rng.random(400)
    frame = scoring.tie_kept_rank__gaussianize__pow_1_5(oracle.frame(predictions))
    expected = [scoring.pearson_correlation(oracle.series(meta), frame[name]) for name in frame]
    np.testing.assert_allclose(meta_model_correlation(predictions, meta), expected, rtol=0, atol=1e-12)


def test_pairwise_correlation_with_other_submissions() -> None:
    rng = np.random.default_rng(8)
    predictions, others = rng.random((300, 2)), rng.random((300, 5))
    others[:, 4] = 0.5
    table = np.corrcoef(np.hstack([predictions, others[:, :4]]).T)[:2, 2:]
    largest, mean = pairwise_correlation(predictions, others)
    np.testing.assert_allclose(largest, table.max(axis=1), rtol=0, atol=1e-12)
    np.testing.assert_allclose(mean, table.mean(axis=1), rtol=0, atol=1e-12)
    assert np.isnan(pairwise_correlation(np.full(300, 0.5), others)).all()
    with pytest.raises(DataError):
        pairwise_correlation(predictions, others[:10])


def test_stake_weighted_meta_model(oracle: Any) -> None:
    rng = np.random.default_rng(9)
    ranks = rng.random((50, 4))
    ranks[3, 1] = np.nan
    stakes = np.array([1.5, 20, 0, np.nan])
    names = [f"c{place}" for place in range(4)]
    expected = scoring.stake_weight(oracle.frame(ranks), pd.Series(stakes, index=names))
    np.testing.assert_allclose(stake_weighted_meta_model(ranks, stakes), expected, rtol=0, atol=1e-12)


def test_season_score_counts_a_missing_component_as_zero() -> None:
    scores = np.array([[0.01, 0.002], [np.nan, 0.002], [np.nan, np.nan]])
    np.testing.assert_allclose(season_score(scores, np.array([3.0, 15.0])), [0.06, 0.03, 0.0], atol=1e-15)
