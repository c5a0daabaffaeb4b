"""No false alarm on honest features, each with the lookback it declares, and lookbacks that lie are caught."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view

from eraforge.core.bars import Bars
from eraforge.core.ports import Feature
from eraforge.evaluation.leaks.laboratory import examine_object

Window = Callable[[np.ndarray], np.ndarray]
"""(symbols, moments, lookback) -> (symbols, moments)."""


def _spread(windows: np.ndarray) -> np.ndarray:
    return windows.std(axis=2)


def _ema(windows: np.ndarray) -> np.ndarray:
    weights = 0.7 ** np.arange(windows.shape[2])[::-1]
    return (windows * weights).sum(axis=2) / weights.sum()


def _slope(windows: np.ndarray) -> np.ndarray:
    time = np.arange(windows.shape[2]) - (windows.shape[2] - 1) / 2
    return (windows * time).sum(axis=2) / (time**2).sum()


FAMILIES: dict[str, Window] = {
    "mean": lambda windows: windows.mean(axis=2),
    "spread": _spread,
    "highest": lambda windows: windows.max(axis=2),
    "lowest": lambda windows: windows.min(axis=2),
    "median": lambda windows: np.median(windows, axis=2),
    "rank": lambda windows: (windows < windows[:, :, -1:]).mean(axis=2),
    "ema": _ema,
    "slope": _slope,
    "change": lambda windows: windows[:, :, -1] / windows[:, :, 0] - 1,
    "z-score": lambda windows: (windows[:, :, -1] - windows.mean(axis=2)) / windows.std(axis=2),
    "range place": lambda windows: (windows[:, :, -1] - windows.min(axis=2)) / np.ptp(windows, axis=2),
    "skew": lambda windows: ((windows - windows.mean(axis=2, keepdims=True)) ** 3).mean(axis=2) / _spread(windows) ** 3,
    "oldest": lambda windows: windows[:, :, 0],
}


@dataclass(frozen=True)
class Rolling:
    """A family over a window of a field, maybe ranked over symbols, maybe held back."""

    family: str
    field: str
    lookback: int
    lag: int = 0
    ranked: bool = False
    unit: str = "ratio"
    source: str = "test"

    @property
    def inputs(self) -> tuple[str, ...]:
        return (self.field,)

    @property
    def name(self) -> str:
        return f"{self.family} of {self.field} over {self.lookback}, lag {self.lag}" + (
            ", ranked" if self.ranked else ""
        )

    def compute(self, bars: Bars) -> np.ndarray:
        values = bars[self.field]
        out = np.full(values.shape, np.nan)
        last = values.shape[1] - self.lag
        if last >= self.lookback:
            with np.errstate(invalid="ignore", divide="ignore"):
                made = FAMILIES[self.family](sliding_window_view(values[:, :last], self.lookback, axis=1))
            out[:, self.lookback - 1 + self.lag :] = made
        if self.ranked:
            known = np.isfinite(out)
            ranks = np.argsort(np.argsort(np.where(known, out, np.inf), axis=0), axis=0)
            out = np.where(known, ranks / np.maximum(known.sum(axis=0), 1), np.nan)
        return out


HONEST = [
    *(Rolling(*one) for one in product(FAMILIES, ("close", "volume"), (5, 21))),
    *(Rolling(*one) for one in product(FAMILIES, ("high",), (10,), (1, 3))),
    *(Rolling(*one, ranked=True) for one in product(FAMILIES, ("turnover", "low"), (7, 40), (0,))),
]


def test_there_are_more_than_a_hundred_and_each_is_a_feature() -> None:
    assert len({one.name for one in HONEST}) == len(HONEST) >= 100
    assert all(isinstance(one, Feature) for one in HONEST)


@pytest.mark.parametrize("family", FAMILIES)
def test_no_honest_feature_is_accused(family: str) -> None:
    for feature in (one for one in HONEST if one.family == family):
        report = examine_object("feature", feature.name, feature)
        assert report.passed, f"{feature.name}: {report.sentence}"
        assert [one.probe for one in report.probes] == [
            "repetition", "future scramble", "truncation", "warm-up", "next return", "time-reversed run"
        ]  # fmt: skip


@dataclass(frozen=True)
class Understated(Rolling):
    """Needs one bar more than it says."""

    @property
    def true_lookback(self) -> int:
        return self.lookback + 1

    def compute(self, bars: Bars) -> np.ndarray:
        return Rolling(self.family, self.field, self.true_lookback).compute(bars)


@dataclass(frozen=True)
class Recursive(Rolling):
    """An average that never forgets, declared to need `lookback` bars."""

    memory: float = 0.95

    def compute(self, bars: Bars) -> np.ndarray:
        values = np.nan_to_num(bars["close"])
        out = values.copy()
        for at in range(1, values.shape[1]):
            out[:, at] = self.memory * out[:, at - 1] + (1 - self.memory) * values[:, at]
        return out


@pytest.mark.parametrize("feature", [Understated("mean", "close", 10), Recursive("ema", "close", 20)], ids=type)
def test_a_lookback_that_is_too_short_is_caught_by_the_warm_up_alone(feature: Rolling) -> None:
    report = examine_object("feature", feature.name, feature)
    assert [one.probe for one in report.probes if not one.passed] == ["warm-up"]
    assert "lookback is too short" in report.sentence


def test_a_recursive_average_is_right_once_it_declares_enough() -> None:
    report = examine_object("feature", "long memory", Recursive("ema", "close", 60, memory=0.6))
    assert report.passed, report.sentence
