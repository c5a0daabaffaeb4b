"""Churn, turnover and their penalty against numerai-tools, on universes that change."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numerai_tools import signals

from eraforge.core.errors import DataError, UserError
from eraforge.evaluation.neutral.churn import (
    Answer,
    churn,
    max_churn_and_turnover,
    mean_neutral_churn,
    neutral_churn,
    neutral_churn_penalty,
    turnover,
)


def answer(rng: np.random.Generator, start: int, rows: int = 300, share: float = 0.95) -> Answer:
    """An answer to the universe `start .. start + rows` that leaves some tickers out."""
    ids = np.array([f"T{place:05d} US" for place in range(start, start + rows)])
    values = np.sin(np.arange(start, start + rows)) + 0.3 * rng.normal(size=rows)
    values = (values - values.min()) / (values.max() - values.min())
    values[rng.random(rows) > share] = np.nan
    weights = rng.random(rows) + 0.1
    basis, _ = np.linalg.qr(rng.normal(size=(rows, 4)))
    return Answer(ids, values, basis / np.sqrt(weights)[:, None], weights)


def series(ids: np.ndarray, values: np.ndarray, name: str = "signal") -> pd.Series:
    return pd.Series(values, index=pd.Index(ids, name="numerai_ticker"), name=name)


def tables(given: Answer) -> tuple[pd.Series, pd.DataFrame, pd.Series]:
    submitted = series(given.ids, given.values).dropna()
    assert given.sample_weights is not None
    index = pd.Index(given.ids, name="numerai_ticker")
    return submitted, pd.DataFrame(given.neutralisers, index=index), series(given.ids, given.sample_weights, "w")


@given(seed=st.integers(0, 10**6), shift=st.sampled_from((0, 5, 40, 90)), top_bottom=st.sampled_from((None, 5, 200)))
@settings(max_examples=30, deadline=None)
def test_churn_equals_the_reference(oracle: Any, seed: int, shift: int, top_bottom: int | None) -> None:
    rng = np.random.default_rng(seed)
    now, then = answer(rng, shift), answer(rng, 0)
    ours, theirs = series(now.ids, now.values), series(then.ids, then.values)
    if top_bottom:
        ours, theirs = ours.fillna(0.5), theirs.fillna(0.5)
    oracle.agree(
        lambda: churn(now.ids, ours.to_numpy(), then.ids, theirs.to_numpy(), top_bottom=top_bottom),
        lambda: signals.churn(ours, theirs, top_bottom) if not top_bottom or top_bottom <= 150 else 1 / 0,
    )
    if not top_bottom:
        oracle.agree(
            lambda: turnover(now.ids, now.values, then.ids, then.values), lambda: signals.turnover(ours, theirs)
        )
        features = [pd.DataFrame(each.neutralisers, index=each.ids) for each in (now, then)]
        oracle.agree(
            lambda: neutral_churn(now, then), lambda: signals.neutral_churn(ours, theirs, *features), gap=1e-12
        )


@pytest.mark.parametrize("shifts", [(), (0, 5, 40), (3, 200), (250,)])
def test_history_equals_the_reference(oracle: Any, shifts: tuple[int, ...]) -> None:
    rng = np.random.default_rng(1)
    now, past = answer(rng, 0), [answer(rng, shift) for shift in shifts]
    theirs = [{str(place): tables(each)[part] for place, each in enumerate(past)} for part in range(3)]
    oracle.agree(
        lambda: max_churn_and_turnover(now, past),
        lambda: signals.calculate_max_churn_and_turnover(*tables(now), *theirs),
    )
    oracle.agree(
        lambda: mean_neutral_churn(now, past), lambda: signals.calculate_mean_neutral_churn(*tables(now), *theirs)
    )


@given(
    change=st.floats(-0.1, 2.1) | st.just(float("nan")),
    threshold=st.sampled_from((0.1, 0.0, 2.0, -1.0)),
    scale=st.sampled_from((10.0, 1e6, 0.0, float("inf"))),
)
@settings(max_examples=60, deadline=None)
def test_the_penalty_equals_the_reference(oracle: Any, change: float, threshold: float, scale: float) -> None:
    oracle.agree(
        lambda: neutral_churn_penalty(change, threshold, scale),
        lambda: signals.neutral_churn_penalty(change, threshold, scale),
    )


def test_the_published_values_of_the_penalty() -> None:
    published = {0.1: 1.0, 0.11: 0.95, 0.125: 0.8756, 0.15: 0.7551, 0.2: 0.5379, 0.3: 0.2384, 0.5: 0.036}
    for change, kept in published.items():
        assert neutral_churn_penalty(change) == pytest.approx(kept, abs=5e-5)


def test_refusals_have_codes() -> None:
    rng = np.random.default_rng(2)
    now = answer(rng, 0)
    filled = np.nan_to_num(now.values)
    cases = {
        "duplicate-ids": lambda: churn(np.array(["a", "a"]), np.ones(2), now.ids, filled),
        "constant-predictions": lambda: churn(now.ids, np.full(300, 0.5), now.ids, filled),
        "too-few-overlapping-rows": lambda: churn(now.ids[:200], filled[:200], now.ids, filled),
        "missing-values": lambda: churn(now.ids, now.values, now.ids, filled, top_bottom=5),
        "missing-sample-weights": lambda: max_churn_and_turnover(Answer(now.ids, filled, now.neutralisers), []),
    }
    for code, call in cases.items():
        with pytest.raises(DataError) as error:
            call()
        assert error.value.code == code
    with pytest.raises(UserError):
        neutral_churn_penalty(3.0)
