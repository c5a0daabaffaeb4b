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
from eraforge.evaluation.summary import era_scores, maximum_drawdown, summarise

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
