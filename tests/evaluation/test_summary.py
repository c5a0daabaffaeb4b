"""Figures of scores per era: the notebooks' definitions, the sample on every figure."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eraforge.core.errors import UserError
from eraforge.core.panel import Sample
from eraforge.evaluation.summary import (
    autocorrelation,
    consistency,
    era_scores,
    lower_quantile,
    maximum_drawdown,
    mean_of_worst,
    smart_sharpe,
    summarise,
)

SCORES = st.lists(st.floats(-0.2, 0.2), min_size=2, max_size=60)


def of(values: list[float], sample: Sample = Sample.VALIDATION) -> dict[str, float | None]:
    eras = tuple(f"{place:04d}" for place in range(len(values)))
    figures = summarise(era_scores("CORR", sample, eras, np.array(values)))
    return {figure.name: figure.value for figure in figures}


@given(SCORES)
@settings(max_examples=60, deadline=None)
def test_equals_the_definitions_of_the_notebooks(values: list[float]) -> None:
    series = pd.Series(values)
    figures = of(values)
    path = series.cumsum()
    assert figures["mean"] == pytest.approx(series.mean(), abs=1e-15)
    assert figures["standard_deviation"] == pytest.approx(series.std(ddof=0), abs=1e-15)
    assert figures["maximum_drawdown"] == pytest.approx((path.expanding(1).max() - path).max(), abs=1e-15)
    assert figures["standard_error_overlap_ignored"] == pytest.approx(series.sem(), abs=1e-15)
    if series.std(ddof=0) > 1e-9:
        assert figures["sharpe"] == pytest.approx(series.mean() / series.std(ddof=0))


def test_the_running_maximum_starts_at_the_first_value_not_at_zero() -> None:
    assert maximum_drawdown(np.array([-0.3, 0.1])) == 0
    assert maximum_drawdown(np.array([0.1, -0.3, 0.1, -0.1])) == pytest.approx(0.3)


def test_eras_that_could_not_be_scored_are_kept_and_not_counted() -> None:
    scores = era_scores("CORR", Sample.VALIDATION, ("1", "2", "3"), np.array([0.1, math.nan, 0.3]))
    assert scores.values == {"1": 0.1, "2": None, "3": 0.3}
    assert {figure.eras for figure in summarise(scores)} == {2}
    assert summarise(scores)[0].value == pytest.approx(0.2)


def test_every_figure_says_its_sample_and_its_score() -> None:
    scores = era_scores("MMC", Sample.TRAIN, ("1", "2"), np.array([0.1, 0.2]))
    for figure in summarise(scores):
        assert figure.sample is Sample.TRAIN
        assert figure.as_dict()["sample"] == "train"
        assert figure.score == "MMC"


def test_one_era_has_no_sharpe_and_no_error() -> None:
    figures = of([0.1])
    assert figures["mean"] == 0.1
    assert figures["sharpe"] is None
    assert figures["standard_error_overlap_ignored"] is None


def test_refuses_to_sum_up_nothing() -> None:
    with pytest.raises(UserError) as caught:
        of([math.nan, math.nan])
    assert caught.value.code == "nothing-scored"


@given(st.lists(st.floats(-0.2, 0.2), min_size=3, max_size=40))
@settings(max_examples=60, deadline=None)
def test_smart_sharpe_is_sharpe_less_what_streaks_gave(values: list[float]) -> None:
    series, scores = pd.Series(values), np.array(values)
    if min(series[1:].std(), series[:-1].std()) < 1e-6:
        return
    rho = series.autocorr(1)
    assert autocorrelation(scores) == pytest.approx(rho, abs=1e-9)
    penalty = 1 + 2 * sum((len(values) - lag) / len(values) * rho**lag for lag in range(1, len(values)))
    smart = smart_sharpe(scores)
    if penalty > 1e-6:
        assert smart == pytest.approx(series.mean() / series.std(ddof=0) / math.sqrt(penalty), rel=1e-6, abs=1e-12)


def test_streaks_cost_and_alternation_pays() -> None:
    calm = np.array([0.01, 0.02, 0.03, 0.04, 0.05, 0.06])
    smart, plain = smart_sharpe(calm), of(list(calm))["sharpe"]
    assert smart is not None
    assert plain is not None
    assert smart < plain
    assert smart_sharpe(np.array([0.1, 0.1, 0.1])) is None
    assert smart_sharpe(np.array([0.1, 0.2])) is None


def test_consistency_and_tails() -> None:
    scores = np.arange(-4, 96) / 100
    assert consistency(scores) == 0.95  # zero is not above zero
    assert mean_of_worst(scores) == pytest.approx(-0.02)
    assert mean_of_worst(scores[:3]) == pytest.approx(-0.04)
    assert lower_quantile(scores) == pytest.approx(pd.Series(scores).quantile(0.05))
    assert of([0.02, -0.01])["worst_era"] == -0.01
