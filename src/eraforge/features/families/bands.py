"""Ranges, bands, volatility and volume under the names of the price-prediction factory."""

from __future__ import annotations

import math

from eraforge.features.expression import Node, change, deviation, exponential, mean, of, score, total
from eraforge.features.families.columns import CLOSE, HIGH, LOG_RETURN, LOW, OPEN, TYPICAL, VOLUME, WILDER, atr
from eraforge.features.families.lagged import bollinger_position
from eraforge.features.feature import Declared, Family

Made = dict[str, tuple[Node, str, str]]
OBV_BARS = 252


def _bands() -> Made:
    bollinger = "Bollinger (2001), 20 bars, two deviations with ddof 0"
    keltner = "Keltner channels after Raschke: exponential average of 20, two average true ranges of 10"
    middle, spread = mean(CLOSE, 20), deviation(CLOSE, 20, ddof=0)
    centre, reach = exponential(CLOSE, 20), atr(10)
    made: Made = {}
    for bars in (7, 14, 21):
        made[f"atr_{bars}"] = (atr(bars), "price", WILDER)
        made[f"atr_pct_{bars}"] = (atr(bars) / CLOSE, "ratio", WILDER)
    return made | {
        "bb_middle": (middle, "price", bollinger),
        "bb_upper": (middle + spread * 2.0, "price", bollinger),
        "bb_lower": (middle - spread * 2.0, "price", bollinger),
        "bb_width": (spread / middle * 4.0, "ratio", bollinger),
        "bb_position": (bollinger_position(20), "ratio", bollinger),
        "close_bb_zscore": (score(CLOSE, 20) * math.sqrt(20 / 19), "score", bollinger),
        "kc_middle": (centre, "price", keltner),
        "kc_upper": (centre + reach * 2.0, "price", keltner),
        "kc_lower": (centre - reach * 2.0, "price", keltner),
        "kc_position": ((CLOSE - centre) / reach * 0.25 + 0.5, "ratio", keltner),
        "close_kc_atr_dev": ((CLOSE - centre) / reach, "score", keltner),
    }


def _volatility() -> Made:
    ranged, body = of("log", HIGH / LOW), of("log", CLOSE / OPEN)
    klass = ranged * ranged * 0.5 - body * body * (2.0 * math.log(2.0) - 1.0)
    return {
        **{f"hvol_{window}": (deviation(LOG_RETURN, window), "log return", "deviation with ddof 1, of one bar")
           for window in (10, 20, 60)},
        "parkinson_vol": (of("root", mean(ranged * ranged, 20) / (4.0 * math.log(2.0))), "log return",
                          "Parkinson (1980), 20 bars"),
        "gk_vol": (of("root", mean(klass, 20)), "log return", "Garman and Klass (1980), 20 bars"),
    }  # fmt: skip


def _volume() -> Made:
    average = "20 bars"
    signed = of("sign", change(CLOSE)) * VOLUME
    balance = total(signed, OBV_BARS)
    weighted = total(TYPICAL * VOLUME, 20) / total(VOLUME, 20)
    granville = f"Granville (1963), over the last {OBV_BARS} bars: summed from a listing on it has no lookback"
    return {
        "obv": (balance, "volume", granville),
        "obv_sma_20": (mean(balance, 20), "volume", granville),
        "volume_sma_20": (mean(VOLUME, 20), "volume", average),
        "volume_ratio": (VOLUME / mean(VOLUME, 20), "ratio", average),
        "volume_zscore": (score(VOLUME, 20), "score", f"{average}, ddof 1"),
        "vwap": (weighted, "price", "typical price weighted by volume, 20 bars"),
        "price_to_vwap": (CLOSE / weighted, "ratio", "typical price weighted by volume, 20 bars"),
    }


def _family(name: str, about: str, made: Made) -> Family:
    return Family(name, about, tuple(Declared(title, *parts) for title, parts in made.items()))


BANDS = _family("bands", "True ranges, and bands around an average.", _bands())
VOLATILITY = _family("volatility", "Volatility of closes and of ranges.", _volatility())
VOLUME_FLOW = _family("volume", "Volume, its balance, and the price weighted by it.", _volume())
