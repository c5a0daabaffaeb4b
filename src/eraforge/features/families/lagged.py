"""Price, volume and technical columns of a day before: 138 names, of which many say the same."""

from __future__ import annotations

import math

from eraforge.features.expression import Node, change, deviation, exponential, mean, over, score, shift
from eraforge.features.families.columns import CLOSE, HIGH, LOW, VOLUME, WILDER, atr, rsi
from eraforge.features.feature import Declared, Family

LAG = 1
PVM_WINDOWS = (5, 10, 14, 20, 30, 60, 90)
STAT_WINDOWS = (5, 10, 14, 20, 30)
WINDOW = "a window of bars, deviations with ddof 1"


def _from_first(node: Node, window: int) -> Node:
    """Growth from the first to the last bar of a window."""
    return node / shift(node, window - 1) - 1.0


def _pvm(window: int) -> dict[str, tuple[Node, str]]:
    momentum = _from_first(CLOSE, window)
    weighted = momentum * mean(VOLUME, window)
    spread = deviation(CLOSE, window)
    return {
        "price_momentum": (momentum, "ratio"),
        "vol_weighted_momentum": (weighted, "volume"),
        "price_volatility": (spread, "price"),
        "vol_volatility": (deviation(VOLUME, window), "volume"),
        "pv_correlation": (over("correlation", window, CLOSE, VOLUME), "score"),
        "raw_momentum": (momentum, "ratio"),
        "momentum_acceleration": (deviation(change(CLOSE), window - 1), "price"),
        "vol_momentum": (_from_first(VOLUME, window), "ratio"),
        "mean_reversion": (CLOSE / mean(CLOSE, window) - 1.0, "ratio"),
        "composite_score": (momentum * weighted * spread, "price x volume"),
    }


def _stat(window: int) -> dict[str, tuple[Node, str]]:
    span = over("highest", window, HIGH) - over("lowest", window, LOW)
    return {
        "price_volatility": (deviation(CLOSE, window), "price"),
        "volume_volatility": (deviation(VOLUME, window), "volume"),
        "price_mean": (mean(CLOSE, window), "price"),
        "volume_mean": (mean(VOLUME, window), "volume"),
        "price_zscore": (score(CLOSE, window), "score"),
        "price_range_ratio": (span / mean(CLOSE, window), "ratio"),
        "hl_volatility": (deviation((HIGH - LOW) / CLOSE, window), "ratio"),
        "pv_correlation": (over("correlation", window, CLOSE, VOLUME), "score"),
    }


def bollinger_position(window: int) -> Node:
    """Where the close lies between bands of two (ddof 0) deviations: 0 at the lower, 1 at the upper."""
    return score(CLOSE, window) * (math.sqrt(window / (window - 1)) / 4.0) + 0.5


def stochastic(window: int) -> Node:
    """Where the close lies between the extremes of a window, in percent."""
    low = over("lowest", window, LOW)
    return (CLOSE - low) / (over("highest", window, HIGH) - low) * 100.0


def _technical() -> dict[str, tuple[Node, str, str]]:
    means = {window: mean(CLOSE, window) for window in (5, 10, 20, 30, 50)}
    average, bands = "moving average", "Bollinger (2001), bands of two deviations with ddof 0"
    made = {f"sma_{window}d": (node, "price", average) for window, node in means.items()}
    made |= {f"sma_ratio_{window}d": (CLOSE / node, "ratio", average) for window, node in means.items()}
    made |= {f"ema_{span}d": (exponential(CLOSE, span), "price", average) for span in (5, 10, 20, 30)}
    made |= {f"rsi_{bars}d": (rsi(bars), "percent", WILDER) for bars in (14, 21, 30)}
    made["macd"] = (exponential(CLOSE, 12) - exponential(CLOSE, 26), "price", "Appel (1979), spans 12 and 26")
    made["macd_30d"] = (exponential(CLOSE, 8) - exponential(CLOSE, 21), "price", "Appel (1979), spans 8 and 21")
    made |= {f"bb_position_{window}d": (bollinger_position(window), "ratio", bands) for window in (10, 20, 30)}
    made |= {f"stoch_k_{window}d": (stochastic(window), "percent", "Lane (1984)") for window in (10, 20, 50)}
    made["volume_ma_20d"] = (mean(VOLUME, 20), "volume", average)
    made["volume_ratio"] = (VOLUME / mean(VOLUME, 20), "ratio", average)
    made["atr_14d"] = (atr(14), "price", WILDER)
    return made


PVM = Family(
    "pvm",
    "Momentum, volatility and correlation of price and volume, a bar before.",
    tuple(
        Declared(f"pvm_{name}_{window}d_lag1", node, unit, WINDOW, LAG)
        for window in PVM_WINDOWS
        for name, (node, unit) in _pvm(window).items()
    ),
)
STATISTICAL = Family(
    "statistical",
    "Means, deviations and ranges of price and volume, a bar before.",
    tuple(
        Declared(f"stat_{name}_{window}d_lag1", node, unit, WINDOW, LAG)
        for window in STAT_WINDOWS
        for name, (node, unit) in _stat(window).items()
    ),
)
TECHNICAL = Family(
    "technical",
    "Moving averages and oscillators, a bar before.",
    tuple(Declared(f"{name}_lag1", node, unit, source, LAG) for name, (node, unit, source) in _technical().items()),
)
