"""Returns, averages and oscillators under the names of the price-prediction factory."""

from __future__ import annotations

from eraforge.features.expression import Node, change, clip, divide, exponential, mean, of, over, shift, total, wilder
from eraforge.features.families.columns import CLOSE, HIGH, LOW, OPEN, TRUE_RANGE, TYPICAL, VOLUME, WILDER, atr, rsi
from eraforge.features.families.lagged import stochastic
from eraforge.features.feature import Declared, Family

Made = dict[str, tuple[Node, str, str]]


def _returns() -> Made:
    definition = "definition"
    made: Made = {}
    for bars in (1, 5, 10, 20, 60):
        grown = CLOSE / shift(CLOSE, bars)
        made[f"return_{bars}"] = (grown - 1.0, "ratio", definition)
        made[f"log_return_{bars}"] = (of("log", grown), "log return", definition)
    made["hl_ratio"] = (HIGH / LOW, "ratio", definition)
    made["co_ratio"] = (CLOSE / OPEN, "ratio", definition)
    made["range_pct"] = ((HIGH - LOW) / CLOSE, "ratio", definition)
    return made


def _averages() -> Made:
    made: Made = {}
    for window in (10, 20, 50, 100, 200):
        made[f"sma_{window}"] = (mean(CLOSE, window), "price", "moving average")
        made[f"price_to_sma_{window}"] = (CLOSE / mean(CLOSE, window), "ratio", "moving average")
    for span in (9, 12, 21, 26, 50):
        made[f"ema_{span}"] = (exponential(CLOSE, span), "price", "exponential average of weight 2 / (span + 1)")
        made[f"price_to_ema_{span}"] = (CLOSE / exponential(CLOSE, span), "ratio", "exponential average")
    return made


def _oscillators() -> Made:
    strength, k = rsi(14), stochastic(14)
    line = exponential(CLOSE, 12) - exponential(CLOSE, 26)
    signal = exponential(line, 9)
    above, below = line > signal, line < signal
    appel, lane = "Appel (1979), spans 12, 26 and 9", "Lane (1984), 14 bars, smoothed by 3"
    rising = shift(TYPICAL) < TYPICAL
    flow = TYPICAL * VOLUME
    moved = of("magnitude", of("sign", change(TYPICAL)))
    return {
        "rsi_14": (strength, "percent", WILDER),
        "rsi_overbought": (strength > 70.0, "0 or 1", WILDER),
        "rsi_oversold": (strength < 30.0, "0 or 1", WILDER),
        "macd_line": (line, "price", appel),
        "macd_signal": (signal, "price", appel),
        "macd_hist": (line - signal, "price", appel),
        "macd_cross_up": (above * (1.0 - shift(above)), "0 or 1", appel),
        "macd_cross_down": (below * (1.0 - shift(below)), "0 or 1", appel),
        "stoch_k": (k, "percent", lane),
        "stoch_d": (mean(k, 3), "percent", lane),
        "stoch_overbought": (k > 80.0, "0 or 1", lane),
        "stoch_oversold": (k < 20.0, "0 or 1", lane),
        "williams_r": (k - 100.0, "percent", "Williams (1973), 14 bars"),
        **{
            f"roc_{bars}": (CLOSE / shift(CLOSE, bars) * 100.0 - 100.0, "percent", "definition") for bars in (5, 10, 20)
        },
        "cci_20": (
            divide(TYPICAL - mean(TYPICAL, 20), over("mean_distance", 20, TYPICAL), 0.0) / 0.015,
            "score",
            "Lambert (1980); 0 of a constant",
        ),
        "mfi_14": (
            divide(total(flow * rising, 14), total(flow * moved, 14), 0.0) * 100.0,
            "percent",
            "Quong and Soudack (1989); 0 at rest",
        ),
    }


def _direction() -> Made:
    up, down = change(HIGH), -change(LOW)
    plus, minus = clip(up, 0.0) * (up > down), clip(down, 0.0) * (down > up)
    ranged = wilder(TRUE_RANGE, 14)
    rise, fall = divide(wilder(plus, 14), ranged, 0.0) * 100.0, divide(wilder(minus, 14), ranged, 0.0) * 100.0
    adx = wilder(divide(of("magnitude", rise - fall), rise + fall, 0.0) * 100.0, 14)
    source = f"{WILDER}, 14 bars"
    trend = over("supertrend", 100, HIGH, LOW, CLOSE, atr(10) * 3.0)
    followed = "Seban's supertrend of 10 bars and factor 3, followed over the last 100 bars"
    return {
        "adx_14": (adx, "percent", source),
        "plus_di_14": (rise, "percent", source),
        "minus_di_14": (fall, "percent", source),
        "adx_strong_trend": (adx > 25.0, "0 or 1", source),
        "supertrend": (trend, "price", followed),
        "supertrend_direction": ((trend > CLOSE) * -2.0 + 1.0, "sign", followed),
    }


def _family(name: str, about: str, made: Made) -> Family:
    return Family(name, about, tuple(Declared(title, *parts) for title, parts in made.items()))


RETURNS = _family("returns", "Returns, and the shape of a bar.", _returns())
AVERAGES = _family("averages", "Moving averages, and the price beside them.", _averages())
OSCILLATORS = _family("oscillators", "Bounded and crossing indicators.", _oscillators())
DIRECTION = _family("direction", "Directional movement, and a trend that is followed.", _direction())
