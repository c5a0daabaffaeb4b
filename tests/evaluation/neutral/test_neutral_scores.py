"""Neutralised scores against numerai-tools."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numerai_tools import scoring

from eraforge.core.errors import DataError
from eraforge.evaluation.kernels import projection
from eraforge.evaluation.neutral.scores import (
    feature_correlations,
    feature_exposure,
    fnc,
    max_feature_correlation,
    neutral_corr,
    neutral_mmc,
    neutralise,
)

FLAVOUR = st.sampled_from(("plain", "ties", "half", "infinite", "outlier", "constant", "holes"))
KINDS = ("int8", "float", "float32", "constant", "twins", "one hot", "near twins", "badly scaled", "collinear")


def neutralisers(rng: np.random.Generator, rows: int, kind: str, width: int = 6) -> np.ndarray:
    whole = rng.integers(0, 5, (rows, width)).astype(np.int8)
    real = rng.normal(size=(rows, width))
    made = {
        "int8": lambda: whole,
        "float": lambda: real,
        "float32": lambda: whole.astype(np.float32) / 4,
        "constant": lambda: np.where(np.arange(width) < 2, 2, whole).astype(np.int8),
        "twins": lambda: np.hstack([whole, whole[:, :2], 4 - whole[:, 2:3]]),
        "one hot": lambda: (rng.integers(0, width, rows)[:, None] == np.arange(width)).astype(float),
        "near twins": lambda: np.hstack([real, real[:, :1] + 1e-9 * rng.normal(size=(rows, 1))]),
        "badly scaled": lambda: real * 10.0 ** np.linspace(0, 5, width),
        "collinear": lambda: np.hstack([real, real @ rng.normal(size=(width, 3))]),
    }
    return made[kind]()


def decided_by_rounding(frame: Any, features: Any) -> bool:
    """Whether residuals of the reference differ by rounding only, so that their order is its rounding's."""
    if frame.isna().any().any():
        return False
    left = scoring.neutralize(scoring.gaussian(scoring.tie_kept_rank(frame)), features).to_numpy()
    steps = np.diff(np.sort(left, axis=0), axis=0)
    return bool(((steps > 0) & (steps < 1e-10)).any())


@given(
    seed=st.integers(0, 10**6),
    rows=st.sampled_from((40, 150, 600)),
    flavours=st.lists(FLAVOUR, min_size=1, max_size=3),
    kind=st.sampled_from(KINDS),
    truth=st.sampled_from(("binned", "returns", "constant", "holes")),
    top_bottom=st.sampled_from((None, None, 10, 100)),
)
@settings(max_examples=30, deadline=None)
def test_neutral_scores_equal_the_reference(
    oracle: Any, seed: int, rows: int, flavours: list[str], kind: str, truth: str, top_bottom: int | None
) -> None:
    rng = np.random.default_rng(seed)
    predictions = np.column_stack([oracle.column(rng, rows, flavour) for flavour in flavours])
    meta, target, table = rng.random(rows), oracle.target(rng, rows, truth), neutralisers(rng, rows, kind)
    frame, truths, features = oracle.frame(predictions), oracle.series(target), oracle.frame(table)
    if decided_by_rounding(frame, features):
        top_bottom = None
    else:
        oracle.agree(
            lambda: fnc(predictions, table, target, top_bottom=top_bottom),
            lambda: scoring.feature_neutral_corr(frame, features, truths, top_bottom=top_bottom),
        )
    oracle.agree(
        lambda: neutral_corr(predictions, table, target, top_bottom=top_bottom),
        lambda: scoring.neutral_correlation(frame, features, truths, top_bottom=top_bottom),
    )
    oracle.agree(
        lambda: neutral_mmc(predictions, meta, table, target, top_bottom=top_bottom),
        lambda: scoring.neutral_contribution(frame, oracle.series(meta), features, truths, top_bottom=top_bottom),
    )


@pytest.mark.parametrize("kind", KINDS)
def test_a_wide_era_equals_the_reference(oracle: Any, kind: str) -> None:
    rng = np.random.default_rng(1)
    predictions, meta, target = rng.random((1000, 3)), rng.random(1000), oracle.target(rng, 1000)
    table = neutralisers(rng, 1000, kind, width=60)
    frame, truths, features = oracle.frame(predictions), oracle.series(target), oracle.frame(table)
    oracle.agree(lambda: fnc(predictions, table, target), lambda: scoring.feature_neutral_corr(frame, features, truths))
    oracle.agree(
        lambda: neutral_mmc(predictions, meta, table, target),
        lambda: scoring.neutral_contribution(frame, oracle.series(meta), features, truths),
    )


@pytest.mark.parametrize("proportion", [0.0, 0.5, 1.0])
def test_neutralise_equals_the_reference(oracle: Any, proportion: float) -> None:
    rng = np.random.default_rng(2)
    columns, table = rng.normal(size=(300, 3)), neutralisers(rng, 300, "twins")
    columns[:, 1] = 0.25
    oracle.agree(
        lambda: neutralise(columns, table, proportion),
        lambda: scoring.neutralize(oracle.frame(columns), oracle.frame(table), proportion),
    )


@pytest.mark.parametrize(
    ("kind", "fast"),
    [
        ("int8", True),
        ("float32", True),
        ("constant", True),
        ("twins", True),
        ("one hot", True),
        ("near twins", False),
        ("badly scaled", False),
    ],
)
def test_poor_conditioning_is_noticed(kind: str, fast: bool) -> None:
    rng = np.random.default_rng(3)
    table, columns = neutralisers(rng, 400, kind), rng.normal(size=(400, 2))
    assert (projection.by_gram(table, columns) is not None) is fast
    expected = projection.by_singular_values(table, columns)
    np.testing.assert_allclose(projection.residuals(table, columns), expected, rtol=0, atol=1e-12)


def test_a_missing_check_of_conditioning_would_show(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(4)
    table, columns = neutralisers(rng, 400, "badly scaled") * [1, 1, 1, 1, 1, 1e4], rng.normal(size=(400, 1))
    monkeypatch.setattr(projection, "WORST", np.inf)
    monkeypatch.setattr(projection, "UNSURE", np.inf)
    careless = projection.by_gram(table, columns)
    assert careless is not None
    assert np.abs(careless - projection.by_singular_values(table, columns)).max() > 1e-6


def test_a_column_the_neutralisers_explain_has_no_score(oracle: Any) -> None:
    rng = np.random.default_rng(5)
    predictions, target = rng.normal(size=(50, 2)), oracle.target(rng, 50)
    table = np.hstack(
        [scoring.gaussian(scoring.tie_kept_rank(oracle.frame(predictions[:, :1]))), rng.normal(size=(50, 2))]
    )
    for found in (neutral_corr(predictions, table, target), fnc(predictions, table, target)):
        assert np.isnan(found[0])
        assert np.isfinite(found[1])


def test_where_rounding_decides_the_reference_disagrees_with_itself(oracle: Any) -> None:
    rng = np.random.default_rng(12)
    group = np.repeat(np.arange(20), 10)
    predictions = np.where(group < 10, group, rng.normal(size=200) + 5)[:, None]  # half of the groups hold one value
    table, target = (group[:, None] == np.arange(20)).astype(float), oracle.target(rng, 200)
    frame, truths = oracle.frame(predictions), oracle.series(target)
    assert decided_by_rounding(frame, oracle.frame(table))
    orders = [np.random.default_rng(seed).permutation(20) for seed in range(8)]
    theirs = [scoring.feature_neutral_corr(frame, oracle.frame(table[:, order]), truths).iloc[0] for order in orders]
    assert np.ptp(theirs) > 1e-6
    assert abs(fnc(predictions, table, target)[0] - np.mean(theirs)) < 10 * np.ptp(theirs)


def test_the_meta_model_adds_nothing_to_itself(oracle: Any) -> None:
    rng = np.random.default_rng(6)
    meta, target, table = rng.random(500), oracle.target(rng, 500), neutralisers(rng, 500, "int8")
    assert neutral_mmc(meta, meta, table, target)[0] == pytest.approx(0.0, abs=1e-15)


@pytest.mark.parametrize("top_bottom", [None, 30])
def test_feature_correlations_equal_the_reference(oracle: Any, top_bottom: int | None) -> None:
    rng = np.random.default_rng(7)
    table = rng.integers(0, 5, (700, 150)).astype(np.int8)
    predictions = 0.1 * table[:, [70, 3, 9]] + rng.normal(size=(700, 3)) + 1000
    table[:, 5], table[:, 90] = 2, table[:, 70]
    places, values = max_feature_correlation(predictions, table, top_bottom=top_bottom)
    for column in range(3):
        series = oracle.series(predictions[:, column])
        name, value = scoring.max_feature_correlation(series, oracle.frame(table), top_bottom)
        assert f"c{places[column]}" == name
        assert abs(values[column] - value) <= 1e-12
    exposures = feature_correlations(predictions, table)
    assert np.isnan(exposures[5]).all()
    np.testing.assert_allclose(
        feature_exposure(predictions, table), np.sqrt(np.nanmean(exposures**2, axis=0)), rtol=0, atol=1e-12
    )


def refusal(call: Any) -> str:
    with pytest.raises(DataError) as error:
        call()
    return error.value.code


def test_refusals_have_codes(oracle: Any) -> None:
    rng = np.random.default_rng(8)
    predictions, target, table = rng.random((60, 2)), oracle.target(rng, 60), rng.normal(size=(60, 3))
    holes, infinite, constant = predictions.copy(), table.copy(), predictions.copy()
    holes[0, 0], infinite[0, 0], constant[:, 1] = np.nan, np.inf, 0.3
    assert refusal(lambda: fnc(holes, table, target)) == "missing-values"
    assert refusal(lambda: fnc(predictions, np.where(table > 2, np.nan, table), target)) == "missing-values"
    assert refusal(lambda: fnc(constant, table, target)) == "constant-predictions"
    assert refusal(lambda: neutral_corr(constant, table, target)) == "constant-predictions"
    assert refusal(lambda: neutral_corr(predictions, infinite, target)) == "neutralisers-not-finite"
    assert refusal(lambda: neutral_corr(predictions, table[:50], target)) == "shapes-differ"
    assert refusal(lambda: max_feature_correlation(np.full(60, 0.4), table)) == "no-feature-varies"
    assert refusal(lambda: max_feature_correlation(holes, table)) == "missing-values"
    assert refusal(lambda: neutral_corr(predictions, table, target, top_bottom=31)) == "top-bottom-too-large"
    assert refusal(lambda: fnc(predictions[:1], table[:1], target[:1])) == "power-distorts"
    assert np.isnan(neutral_corr(predictions[:1], table[:1], target[:1])).all()
