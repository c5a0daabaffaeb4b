"""Planted leaks in features on bars: every kind is caught by the exact probes, at both depths."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy.ndimage import gaussian_filter1d
from scipy.signal import argrelextrema, filtfilt, savgol_filter

from eraforge.core.bars import Bars
from eraforge.evaluation.checks.practice_bars import practice_bars
from eraforge.evaluation.leaks.bar_history import BarHistory
from eraforge.evaluation.leaks.laboratory import DEPTHS, examine
from eraforge.evaluation.leaks.subjects import BarSubject

Compute = Callable[[Bars], np.ndarray]
BARS = practice_bars(seed=3)
ZOO: dict[str, Compute] = {}
NAN = np.nan


def leak(compute: Compute) -> Compute:
    ZOO[compute.__name__] = compute
    return compute


def returns(bars: Bars) -> np.ndarray:
    close = bars["close"]
    out = np.full(close.shape, NAN)
    out[:, 1:] = np.log(close[:, 1:] / close[:, :-1])
    return out


def later(values: np.ndarray, steps: int = 1) -> np.ndarray:
    out = np.full(values.shape, NAN)
    out[:, :-steps] = values[:, steps:]
    return out


def filled(values: np.ndarray, strategy: str) -> np.ndarray:
    frame = pl.DataFrame(values.T).with_columns(pl.all().fill_nan(None))
    made = frame.interpolate() if strategy == "interpolate" else frame.fill_null(strategy=strategy)  # type: ignore[arg-type]
    return made.with_columns(pl.all().fill_null(NAN)).to_numpy().T


def ahead(bars: Bars, steps: int) -> np.ndarray:
    """(n, t, steps) closes of the next bars over the present one."""
    close = bars["close"]
    return np.stack([later(close, step) for step in range(1, steps + 1)], axis=2) / close[:, :, None] - 1


def most(values: np.ndarray, pick: Callable[..., Any]) -> np.ndarray:
    out = np.full(values.shape[:2], NAN)
    whole = np.isfinite(values).all(axis=2)
    out[whole] = pick(values[whole], axis=1)
    return out


@leak
def centred_mean(bars: Bars) -> np.ndarray:
    close = bars["close"]
    out = np.full(close.shape, NAN)
    out[:, 2:-2] = np.stack([close[:, step : close.shape[1] - 4 + step] for step in range(5)]).mean(axis=0)
    return out


@leak
def next_close(bars: Bars) -> np.ndarray:
    return later(bars["close"])


@leak
def negative_shift_of_a_return(bars: Bars) -> np.ndarray:
    return later(returns(bars), 5)


@leak
def volume_of_the_next_day(bars: Bars) -> np.ndarray:
    return later(bars["volume"])


@leak
def back_filled_close(bars: Bars) -> np.ndarray:
    return filled(bars["close"], "backward")


@leak
def reindexed_and_back_filled_at_listing(bars: Bars) -> np.ndarray:
    close = bars["close"].copy()
    for row in close:
        first = int(np.argmax(np.isfinite(row)))
        row[:first] = row[first]
    return close


@leak
def interpolated_close(bars: Bars) -> np.ndarray:
    return filled(bars["close"], "interpolate")


@leak
def whole_sample_z_score(bars: Bars) -> np.ndarray:
    value = returns(bars)
    return (value - np.nanmean(value, axis=1, keepdims=True)) / np.nanstd(value, axis=1, keepdims=True)


@leak
def whole_sample_rank(bars: Bars) -> np.ndarray:
    value = returns(bars)
    return np.where(np.isnan(value), NAN, np.argsort(np.argsort(value, axis=1), axis=1) / value.shape[1])


@leak
def whole_sample_minimum_and_maximum(bars: Bars) -> np.ndarray:
    close = bars["close"]
    low, high = np.nanmin(close, axis=1, keepdims=True), np.nanmax(close, axis=1, keepdims=True)
    return (close - low) / (high - low)


@leak
def winsorised_at_whole_sample_quantiles(bars: Bars) -> np.ndarray:
    value = returns(bars)
    return np.clip(value, *np.nanquantile(value, [0.05, 0.95], axis=1, keepdims=True))


@leak
def missing_filled_with_the_whole_sample_median(bars: Bars) -> np.ndarray:
    value = returns(bars)
    return np.where(np.isnan(value), np.nanmedian(value, axis=1, keepdims=True), value)


@leak
def whole_sample_principal_component(bars: Bars) -> np.ndarray:
    value = np.nan_to_num(returns(bars))
    weights = np.linalg.eigh(np.cov(value))[1][:, -1:]
    return np.broadcast_to(weights.T @ value, value.shape) * weights


@leak
def direction_chosen_on_the_full_sample(bars: Bars) -> np.ndarray:
    value, coming = returns(bars), later(returns(bars))
    known = np.isfinite(value) & np.isfinite(coming)
    return value * np.sign(np.corrcoef(value[known], coming[known])[0, 1])


@leak
def window_chosen_on_the_full_sample(bars: Bars) -> np.ndarray:
    close, coming = bars["close"], later(returns(bars))
    best: tuple[float, np.ndarray] = (-1.0, close)
    for span in (2, 5, 10, 20, 40):
        value = np.full(close.shape, NAN)
        value[:, span:] = close[:, span:] / close[:, :-span] - 1
        known = np.isfinite(value) & np.isfinite(coming)
        best = max(best, (abs(np.corrcoef(value[known], coming[known])[0, 1]), value), key=lambda one: one[0])
    return best[1]


@leak
def numpy_roll(bars: Bars) -> np.ndarray:
    return np.roll(bars["close"], 1, axis=1)


@leak
def numpy_roll_the_wrong_way(bars: Bars) -> np.ndarray:
    return np.roll(bars["close"], -1, axis=1)


@leak
def resampled_to_the_right_edge(bars: Bars) -> np.ndarray:
    close = bars["close"]
    week = np.minimum((np.arange(close.shape[1]) // 5) * 5 + 4, close.shape[1] - 1)
    return close[:, week]


@leak
def mean_of_the_calendar_month(bars: Bars) -> np.ndarray:
    month = bars.times.astype("datetime64[M]")
    out = np.empty(bars["close"].shape)
    for one in np.unique(month):
        out[:, month == one] = bars["volume"][:, month == one].mean(axis=1, keepdims=True)
    return out


@leak
def survivors_alone(bars: Bars) -> np.ndarray:
    alive = np.isfinite(bars["close"][:, -1:])
    return np.where(alive, returns(bars), NAN)


@leak
def universe_restated_by_final_size(bars: Bars) -> np.ndarray:
    size = np.nan_to_num(bars["market_cap"][:, -1:])
    return np.where(size >= np.median(size), bars["market_cap"], NAN)


@leak
def neighbours_across_symbols(bars: Bars) -> np.ndarray:
    flat = bars["close"].ravel()
    return np.concatenate([[NAN], flat[:-1]]).reshape(bars["close"].shape)


@leak
def difference_across_the_border_of_symbols(bars: Bars) -> np.ndarray:
    flat = np.log(bars["close"]).ravel()
    return np.diff(flat, prepend=flat[-1:]).reshape(bars["close"].shape)


@leak
def prices_back_adjusted_by_all_later_events(bars: Bars) -> np.ndarray:
    """Vendors restate the whole past at each split: a level of that series holds every split to come."""
    event = np.where(np.nan_to_num(np.abs(returns(bars))) > 0.3, 2.0, 1.0)
    after = np.cumprod(event[:, ::-1], axis=1)[:, ::-1]
    return bars["close"] / after


@leak
def normalised_by_the_final_total(bars: Bars) -> np.ndarray:
    volume = np.nan_to_num(bars["volume"])
    return np.cumsum(volume, axis=1) / volume.sum(axis=1, keepdims=True)


@leak
def indexed_to_the_last_price(bars: Bars) -> np.ndarray:
    close = filled(bars["close"], "forward")
    return close / close[:, -1:]


@leak
def trend_removed_over_the_whole_sample(bars: Bars) -> np.ndarray:
    value, time = np.nan_to_num(np.log(bars["close"])), np.arange(bars["close"].shape[1])
    slope, level = np.polyfit(time, value.T, 1)
    return value - slope[:, None] * time - level[:, None]


@leak
def smoothed_both_ways(bars: Bars) -> np.ndarray:
    return gaussian_filter1d(np.nan_to_num(returns(bars)), 2.0, axis=1)


@leak
def savitzky_golay(bars: Bars) -> np.ndarray:
    return savgol_filter(np.nan_to_num(returns(bars)), 11, 2, axis=1)


@leak
def filtered_forwards_and_backwards(bars: Bars) -> np.ndarray:
    return filtfilt([0.2], [1.0, -0.8], np.nan_to_num(returns(bars)), axis=1)


@leak
def low_frequencies(bars: Bars) -> np.ndarray:
    value = np.nan_to_num(returns(bars))
    spectrum = np.fft.rfft(value, axis=1)
    spectrum[:, 10:] = 0
    return np.fft.irfft(spectrum, n=value.shape[1], axis=1)


@leak
def turning_points(bars: Bars) -> np.ndarray:
    close = np.nan_to_num(bars["close"])
    out = np.zeros(close.shape)
    out[argrelextrema(close, np.greater, axis=1, order=3)] = 1
    return out


@leak
def days_to_the_last_bar(bars: Bars) -> np.ndarray:
    there = np.isfinite(bars["close"])
    last = there.shape[1] - 1 - np.argmax(there[:, ::-1], axis=1)
    return last[:, None] - np.arange(there.shape[1], dtype=float)


@leak
def regime_by_a_whole_sample_threshold(bars: Bars) -> np.ndarray:
    size = np.abs(returns(bars))
    return np.where(np.isnan(size), NAN, size > np.nanmedian(size))


@leak
def beta_over_the_whole_sample(bars: Bars) -> np.ndarray:
    value = np.nan_to_num(returns(bars))
    market = value.mean(axis=0)
    return np.tile((value @ market / (market @ market))[:, None], (1, value.shape[1])) * market


def _forward(steps: int) -> None:
    def mfe(bars: Bars) -> np.ndarray:
        return most(ahead(bars, steps), np.max)

    def pain_to_gain(bars: Bars) -> np.ndarray:
        path = ahead(bars, steps)
        with np.errstate(invalid="ignore", divide="ignore"):
            return -most(path, np.min) / np.abs(path[:, :, -1])

    def time_weighted_dd(bars: Bars) -> np.ndarray:
        return most(np.minimum(ahead(bars, steps), 0) * np.arange(1, steps + 1), np.sum)

    for compute in (mfe, pain_to_gain, time_weighted_dd):
        ZOO[f"{compute.__name__}_h{steps}"] = compute


_forward(5)
_forward(20)


@pytest.mark.parametrize("depth", list(DEPTHS))
@pytest.mark.parametrize("kind", ZOO)
def test_every_planted_kind_is_caught(kind: str, depth: str) -> None:
    report = examine(BarSubject(kind, ZOO[kind]), BarHistory(BARS), replace(DEPTHS[depth], by_chance=False))
    scramble = next(one for one in report.probes if one.probe == "future scramble")
    assert not report.passed
    assert not scramble.passed, "the future scramble alone must see it"
    first = scramble.findings[0]
    assert first.column == kind and first.cut and first.moment <= first.cut and first.gap and first.gap > 1e-9
    assert kind in report.sentence and first.cut in first.sentence


@pytest.mark.parametrize(
    ("kind", "compute", "delays"),
    [
        ("same-day close for a signal due in the morning", lambda bars: bars["close"], {"close": 1}),
        (
            "same-day range for a signal due in the morning",
            lambda bars: bars["high"] - bars["low"],
            {"high": 1, "low": 1},
        ),
        ("figure used before it was published", lambda bars: bars["market_cap"], {"market_cap": 45}),
    ],
)
def test_a_field_used_before_it_is_known_is_caught(kind: str, compute: Any, delays: dict[str, int]) -> None:
    assert not examine(BarSubject(kind, compute), BarHistory(BARS, delays), DEPTHS["quick"]).passed
    wait = max(delays.values())

    def late(bars: Bars) -> np.ndarray:
        values = compute(bars)
        return np.concatenate([np.full((len(values), wait), NAN), values[:, : values.shape[1] - wait]], axis=1)

    report = examine(BarSubject(f"{kind}, waited for", late), BarHistory(BARS, delays), DEPTHS["thorough"])
    assert report.passed, report.sentence


def test_the_zoo_holds_what_was_promised() -> None:
    assert len(ZOO) >= 40
    assert {f"{name}_h{steps}" for name in ("mfe", "pain_to_gain", "time_weighted_dd") for steps in (5, 20)} <= set(ZOO)
