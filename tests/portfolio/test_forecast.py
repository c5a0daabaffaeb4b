"""Payout forecasts: calibrated on a world whose truth is known, and faithful to history, policy and correlation."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import polars as pl
import pytest

from eraforge.arenas.policies import CLASSIC_POLICIES, SIGNALS_POLICIES
from eraforge.core.errors import DataError, Held, UserError
from eraforge.core.words import PayoutPolicy
from eraforge.evaluation.uncertainty import WEEKLY_20, Overlap
from eraforge.portfolio.forecast import Staked, draw_scores, forecast
from eraforge.portfolio.history import read_history
from eraforge.portfolio.payouts import supplied

NAMES = [f"m{number:02d}" for number in range(12)]
PLAIN = supplied(CLASSIC_POLICIES[0], weights={"corr": 1, "mmc": 0}, factor=1)


def _world(rounds: int, seed: int, length: int = 4) -> np.ndarray:
    """(rounds, models) scores: a shared and an own moving average, skill that differs between models, some noise."""
    generator = np.random.default_rng(seed)

    def averages(count: int) -> np.ndarray:
        shocks = np.pad(generator.standard_normal((rounds + length - 1, count)), ((1, 0), (0, 0)))
        sums = np.cumsum(shocks, axis=0)
        return np.asarray((sums[length:] - sums[:-length]) / np.sqrt(length))

    skill = 0.015 + 0.004 * generator.standard_normal(len(NAMES))
    noise = 0.006 * generator.standard_normal((rounds, len(NAMES)))
    return np.asarray(skill + 0.03 * averages(1) + 0.02 * averages(len(NAMES)) + noise)


def _frame(scores: np.ndarray, first: int = 1) -> pl.DataFrame:
    rounds = np.repeat(np.arange(first, first + len(scores)), len(NAMES))
    return pl.DataFrame({"round": rounds, "model": NAMES * len(scores), "corr": scores.ravel()})


def _coming(first: int, count: int, policy: PayoutPolicy = PLAIN, stake: str = "10") -> list[Staked]:
    return [
        Staked(number, name, Decimal(stake), policy, "2026-11")
        for number in range(first, first + count)
        for name in NAMES
    ]


def test_eighty_percent_intervals_hold_about_eighty_percent() -> None:
    held: dict[str, list[float]] = {"round": [], "period": []}
    for seed in range(60):
        scores = _world(64, seed)
        history = read_history(_frame(scores[:60]), NAMES, ("corr",), WEEKLY_20)
        told = forecast(history, _coming(61, 4), draws=400, seed=seed)
        truth = _frame(scores[60:], 61).with_columns(paid=pl.col("corr").clip(-0.25, 0.25) * 10)
        one = told.filter(pl.col("scope") == "round").join(truth, on=["round", "model"])
        month = truth.group_by("model").agg(pl.col("paid").sum())
        sums = told.filter(pl.col("scope") == "period").join(month, on="model")
        for scope, rows in (("round", one), ("period", sums)):
            held[scope].append(rows.select(pl.col("paid").is_between("q10", "q90").mean()).item())
    assert 0.72 <= np.mean(held["round"]) <= 0.88
    assert 0.72 <= np.mean(held["period"]) <= 0.88


def test_rounds_that_overlap_with_known_ones_start_from_them() -> None:
    scores = _world(60, 5)
    lucky, unlucky = scores.copy(), scores.copy()
    lucky[-3:] += 0.08
    unlucky[-3:] -= 0.08
    near, far = [], []
    for known in (lucky, unlucky):
        history = read_history(_frame(known), NAMES, ("corr",), WEEKLY_20)
        drawn = draw_scores(history, 8, 300, seed=1).mean(axis=(0, 2, 3))
        near.append(drawn[0])
        far.append(drawn[7])
    assert near[0] - near[1] > 0.06
    assert abs(far[0] - far[1]) < 0.03


def test_correlation_between_models_is_kept() -> None:
    scores = _world(80, 2)
    history = read_history(_frame(scores), NAMES, ("corr",), WEEKLY_20)
    drawn = draw_scores(history, 12, 400, seed=0)[:, 11, :, 0]
    apart = np.corrcoef(scores.T)[np.triu_indices(len(NAMES), 1)].mean()
    assert np.corrcoef(drawn.T)[np.triu_indices(len(NAMES), 1)].mean() == pytest.approx(apart, abs=0.15)
    told = forecast(history, _coming(92, 1), draws=2000)
    one = told.filter(pl.col("scope") == "round")
    spread = one["q90"] - one["q10"]
    of_all = spread.filter(one["model"] == "").item()
    assert of_all > 1.3 * np.sqrt(np.square(spread.filter(one["model"] != "").to_numpy()).sum())


def test_what_the_table_of_a_forecast_says() -> None:
    history = read_history(_frame(_world(40, 1)), NAMES, ("corr",), WEEKLY_20)
    told = forecast(history, _coming(41, 2), draws=300)
    assert told.height == 2 * 12 + 12 + 2 + 1
    month = told.filter(pl.col("scope") == "period", pl.col("model") == "")
    assert month["stake"].item() == pytest.approx(240)
    assert month["round"].item() is None
    assert month["policy"].item() == CLASSIC_POLICIES[0].name
    assert told["known_until"].unique().to_list() == [40]
    models = told.filter(pl.col("scope") == "round", pl.col("model") != "")
    assert models["mean"].sum() == pytest.approx(month["mean"].item())
    for low, high in (("q05", "q10"), ("q10", "q25"), ("q25", "q50"), ("q50", "q75"), ("q75", "q90"), ("q90", "q95")):
        assert (told[low] <= told[high]).all()
    assert told.equals(forecast(history, _coming(41, 2), draws=300))


def test_the_cap_binds_and_a_stake_scales() -> None:
    history = read_history(_frame(10 * _world(40, 1)), NAMES, ("corr",), WEEKLY_20)
    one = forecast(history, _coming(41, 1), draws=300).filter(pl.col("model") == "m00", pl.col("scope") == "round")
    ten = forecast(history, _coming(41, 1, stake="100"), draws=300)
    ten = ten.filter(pl.col("model") == "m00", pl.col("scope") == "round")
    assert one["q95"].item() <= 2.5
    assert ten["q95"].item() == pytest.approx(10 * one["q95"].item())


def test_late_models_and_missed_rounds_are_completed_from_the_others() -> None:
    scores = _world(60, 3)
    frame = _frame(scores).filter(~((pl.col("model") == "m03") & (pl.col("round") <= 45)), pl.col("round") != 30)
    history = read_history(frame, NAMES, ("corr",), WEEKLY_20)
    assert np.isfinite(history.values).all()
    assert history.values.shape == (60, 12, 1)
    assert np.corrcoef(history.values[:45, 3, 0], scores[:45].mean(axis=1))[0, 1] > 0.5
    assert history.own_error[3, 0] >= history.own_error[0, 0]


def test_means_of_short_histories_are_drawn_to_the_mean_of_all() -> None:
    scores = _world(60, 3)
    scores[-8:, 3] += 0.1
    short = _frame(scores).filter((pl.col("model") != "m03") | (pl.col("round") > 52))
    history = read_history(short, NAMES, ("corr",), WEEKLY_20)
    raw = scores[-8:, 3].mean() - scores[-8:].mean(axis=1).mean()
    assert history.centre[3, 0] - history.centre.mean() < raw


def test_one_model_alone_can_be_forecast() -> None:
    frame = _frame(_world(40, 1)).filter(pl.col("model") == "m00")
    history = read_history(frame, ["m00"], ("corr",), Overlap(60, 5))
    told = forecast(history, [Staked(41, "m00", Decimal(1), PLAIN, "2026-11")], draws=200)
    assert told.height == 4
    assert told["q10"].is_finite().all()


def test_what_cannot_be_forecast_is_refused_by_name() -> None:
    frame = _frame(_world(40, 1))
    history = read_history(frame, NAMES, ("corr",), WEEKLY_20)
    with pytest.raises(UserError, match="not after round 40"):
        forecast(history, _coming(40, 1))
    with pytest.raises(UserError, match="no history of 'x'"):
        forecast(history, [Staked(41, "x", Decimal(1), PLAIN, "p")])
    with pytest.raises(UserError, match="No stake"):
        forecast(history, [])
    with pytest.raises(UserError, match="pays on corr60, mmc60"):
        forecast(history, _coming(41, 1, CLASSIC_POLICIES[-1]))
    with pytest.raises(Held, match="weight of corr"):
        forecast(history, _coming(41, 1, CLASSIC_POLICIES[0]))
    with pytest.raises(Held, match="weight of neutral_corr"):
        forecast(history, _coming(41, 1, SIGNALS_POLICIES[-1]))
    with pytest.raises(DataError, match="m02 has fewer than 8"):
        read_history(frame.filter((pl.col("model") != "m02") | (pl.col("round") > 35)), NAMES, ("corr",), WEEKLY_20)
    with pytest.raises(DataError, match="two rows"):
        read_history(pl.concat([frame, frame]), NAMES, ("corr",), WEEKLY_20)
    with pytest.raises(DataError, match="fewer than 8 rounds"):
        read_history(frame.filter(pl.col("round") > 36), NAMES, ("corr",), WEEKLY_20)
