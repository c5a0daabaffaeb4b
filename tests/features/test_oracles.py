"""Features against TA-Lib where it has them, and against plain slow formulas where it has not, to 1e-9."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import talib

from eraforge.core.bars import Bars
from eraforge.features.catalogue import named

GAP = 1e-9
DAYS = 2200
Arrays = dict[str, np.ndarray]


@pytest.fixture(scope="module")
def bars(made: Any) -> Bars:
    return made(2, DAYS, 11, whole=True)


def arrays(bars: Bars) -> Arrays:
    return {name: values[0] for name, values in bars.columns.items()}


def shifted(values: np.ndarray, bars: int) -> np.ndarray:
    return np.concatenate([np.full(bars, np.nan), values[: len(values) - bars]])


TALIB: dict[str, tuple[int, Callable[[Arrays], np.ndarray]]] = {
    **{f"sma_{n}": (n, lambda a, n=n: talib.SMA(a["close"], n)) for n in (10, 20, 50, 100, 200)},
    **{f"ema_{n}": (14 * n + 30, lambda a, n=n: talib.EMA(a["close"], n)) for n in (9, 12, 21, 26, 50)},
    **{f"roc_{n}": (n, lambda a, n=n: talib.ROC(a["close"], n)) for n in (5, 10, 20)},
    **{f"atr_{n}": (30 * n, lambda a, n=n: talib.ATR(a["high"], a["low"], a["close"], n)) for n in (7, 14, 21)},
    **{f"rsi_{n}d_lag1": (30 * n, lambda a, n=n: shifted(talib.RSI(a["close"], n), 1)) for n in (14, 21, 30)},
    "rsi_14": (420, lambda a: talib.RSI(a["close"], 14)),
    "macd_line": (400, lambda a: talib.EMA(a["close"], 12) - talib.EMA(a["close"], 26)),
    "macd_signal": (600, lambda a: talib.MACD(a["close"], 12, 26, 9)[1]),
    "macd_hist": (600, lambda a: talib.MACD(a["close"], 12, 26, 9)[2]),
    "stoch_k": (14, lambda a: talib.STOCHF(a["high"], a["low"], a["close"], 14, 1)[0]),
    "stoch_d": (20, lambda a: talib.STOCHF(a["high"], a["low"], a["close"], 14, 3)[1]),
    "williams_r": (14, lambda a: talib.WILLR(a["high"], a["low"], a["close"], 14)),
    "cci_20": (20, lambda a: talib.CCI(a["high"], a["low"], a["close"], 20)),
    "mfi_14": (15, lambda a: talib.MFI(a["high"], a["low"], a["close"], a["volume"], 14)),
    "adx_14": (1000, lambda a: talib.ADX(a["high"], a["low"], a["close"], 14)),
    "plus_di_14": (500, lambda a: talib.PLUS_DI(a["high"], a["low"], a["close"], 14)),
    "minus_di_14": (500, lambda a: talib.MINUS_DI(a["high"], a["low"], a["close"], 14)),
    "bb_upper": (20, lambda a: talib.BBANDS(a["close"], 20, 2, 2)[0]),
    "bb_middle": (20, lambda a: talib.BBANDS(a["close"], 20, 2, 2)[1]),
    "bb_lower": (20, lambda a: talib.BBANDS(a["close"], 20, 2, 2)[2]),
    "obv": (253, lambda a: (obv := talib.OBV(a["close"], a["volume"])) - shifted(obv, 252)),
    "pvm_pv_correlation_30d_lag1": (31, lambda a: shifted(talib.CORREL(a["close"], a["volume"], 30), 1)),
    "pvm_vol_volatility_20d_lag1": (21, lambda a: shifted(talib.STDDEV(a["volume"], 20) * math.sqrt(20 / 19), 1)),
    "trend_slope_20": (20, lambda a: talib.LINEARREG_SLOPE(np.log(a["close"]), 20)),
}


@pytest.mark.parametrize("name", TALIB)
def test_as_in_talib(bars: Bars, name: str) -> None:
    warm, oracle = TALIB[name]
    ours, theirs = named([name])[0].compute(bars)[0], oracle(arrays(bars))
    assert np.isfinite(ours[warm:]).all() and np.isfinite(theirs[warm:]).all()
    gap = np.abs(ours - theirs)[warm:] / np.maximum(np.abs(theirs[warm:]), 1.0)
    assert gap.max() <= GAP


def window(x: np.ndarray, bars: int, formula: Callable[[np.ndarray], float]) -> np.ndarray:
    """A formula on each window, the slow way."""
    out = np.full(len(x), np.nan)
    for place in range(bars - 1, len(x)):
        part = x[place - bars + 1 : place + 1]
        out[place] = formula(part) if np.isfinite(part).all() else np.nan
    return out


def windows(bars: int, formula: Callable[..., float], *columns: np.ndarray) -> np.ndarray:
    known = np.isfinite(np.sum(columns, axis=0))
    places = np.where(known, np.arange(len(known)), np.nan)
    return window(places, bars, lambda at: formula(*(column[at.astype(int)] for column in columns)))


def returns(a: Arrays) -> np.ndarray:
    return np.concatenate([[np.nan], a["close"][1:] / a["close"][:-1] - 1])


def logs(a: Arrays) -> np.ndarray:
    return np.concatenate([[np.nan], np.diff(np.log(a["close"]))])


def correlation(x: np.ndarray, y: np.ndarray) -> float:
    return float(np.corrcoef(x, y)[0, 1]) if np.isfinite(x + y).all() else math.nan


def standard(x: np.ndarray) -> float:
    return float(np.std(x, ddof=1))


def moment(x: np.ndarray, power: int) -> float:
    return float(np.mean((x - x.mean()) ** power) / np.std(x) ** power)


def shannon(counts: Any, words: int) -> float:
    share = np.array([count for count in counts if count], float) / sum(counts)
    return float(-(share * np.log(share)).sum() / math.log(words))


def orders(x: np.ndarray) -> float:
    words = [tuple(np.argsort(x[place : place + 3], kind="stable")) for place in range(len(x) - 2)]
    return shannon([words.count(word) for word in set(words)], 6)


def signs(x: np.ndarray) -> float:
    words = [tuple(x[place : place + 3] > 0) for place in range(len(x) - 2)]
    return shannon([words.count(word) for word in set(words)], 8)


def katz(x: np.ndarray) -> float:
    length, farthest, steps = np.abs(np.diff(x)).sum(), np.abs(x - x[0]).max(), math.log10(len(x) - 1)
    return steps / (steps + math.log10(farthest / length))


def petrosian(x: np.ndarray) -> float:
    turns, count = int((np.diff(np.sign(np.diff(x))) != 0).sum()), len(x)
    return math.log10(count) / (math.log10(count) + math.log10(count / (count + 0.4 * turns)))


def higuchi(x: np.ndarray) -> float:
    lengths = []
    for step in range(1, 9):
        pieces = [x[begin::step] for begin in range(step)]
        scaled = [np.abs(np.diff(p)).sum() * (len(x) - 1) / ((len(p) - 1) * step) / step for p in pieces]
        lengths.append(np.mean(scaled))
    return float(np.polyfit(-np.log(np.arange(1, 9)), np.log(lengths), 1)[0])


def hurst(x: np.ndarray) -> float:
    sizes, ratios = [], []
    for size in (8, 16, 32, 64, 128):
        if size <= len(x):
            pieces = x[len(x) % size :].reshape(-1, size)
            paths = np.cumsum(pieces - pieces.mean(axis=1, keepdims=True), axis=1)
            paths = np.concatenate([np.zeros((len(paths), 1)), paths], axis=1)
            ratios.append(np.mean((paths.max(axis=1) - paths.min(axis=1)) / pieces.std(axis=1)))
            sizes.append(size)
    return float(np.polyfit(np.log(sizes), np.log(ratios), 1)[0])


def corwin_schultz(a: Arrays) -> np.ndarray:
    spread = np.full(DAYS, np.nan)
    for day in range(1, DAYS):
        high, low = a["high"][day - 1 : day + 1], a["low"][day - 1 : day + 1]
        beta, gamma = (np.log(high / low) ** 2).sum(), math.log(high.max() / low.min()) ** 2
        root = 3 - 2 * math.sqrt(2)
        alpha = (math.sqrt(2 * beta) - math.sqrt(beta)) / root - math.sqrt(gamma / root)
        spread[day] = max(0.0, 2 * (math.exp(alpha) - 1) / (1 + math.exp(alpha)))
    return window(spread, 20, lambda x: float(x.mean()))


def supertrend(a: Arrays, bars: int = 100) -> np.ndarray:
    reach = 3 * talib.ATR(a["high"], a["low"], a["close"], 10)
    middle = (a["high"] + a["low"]) / 2

    def followed(close: np.ndarray, upper: np.ndarray, lower: np.ndarray) -> float:
        over, under, rising = upper[0], lower[0], True
        for day in range(1, bars):
            under = max(lower[day], under) if close[day - 1] >= under else lower[day]
            over = min(upper[day], over) if close[day - 1] <= over else upper[day]
            rising = close[day] >= under if rising else close[day] > over
        return under if rising else over

    return windows(bars, followed, a["close"], middle + reach, middle - reach)


def adjusted(x: np.ndarray, alpha: float) -> np.ndarray:
    """Exponential mean over all bars so far, with normalised weights."""
    out, total, weight = np.full(len(x), np.nan), 0.0, 0.0
    for day, value in enumerate(x):
        total, weight = total * (1 - alpha) + value, weight * (1 - alpha) + 1
        out[day] = total / weight
    return out


def dollars(a: Arrays) -> np.ndarray:
    return a["close"] * a["volume"]


def autocovariance(x: np.ndarray) -> float:
    return float(np.cov(x[1:], x[:-1], ddof=1)[0, 1])


PLAIN: dict[str, tuple[int, Callable[[Arrays], np.ndarray]]] = {
    "pvm_price_momentum_20d_lag1": (21, lambda a: shifted(a["close"] / shifted(a["close"], 19) - 1, 1)),
    "pvm_momentum_acceleration_14d_lag1": (
        15, lambda a: shifted(window(a["close"], 14, lambda x: standard(np.diff(x))), 1)),
    "pvm_composite_score_5d_lag1": (6, lambda a: shifted(windows(
        5, lambda c, v: (c[-1] / c[0] - 1) ** 2 * v.mean() * standard(c), a["close"], a["volume"]), 1)),
    "stat_price_zscore_30d_lag1": (
        31, lambda a: shifted(window(a["close"], 30, lambda x: (x[-1] - x.mean()) / standard(x)), 1)),
    "stat_price_range_ratio_10d_lag1": (11, lambda a: shifted(windows(
        10, lambda h, low, c: (h.max() - low.min()) / c.mean(), a["high"], a["low"], a["close"]), 1)),
    "stat_hl_volatility_20d_lag1": (
        21, lambda a: shifted(window((a["high"] - a["low"]) / a["close"], 20, standard), 1)),
    "bb_width": (20, lambda a: window(a["close"], 20, lambda x: 4 * x.std() / x.mean())),
    "close_bb_zscore": (20, lambda a: window(a["close"], 20, lambda x: (x[-1] - x.mean()) / x.std())),
    "vwap": (20, lambda a: windows(20, lambda h, low, c, v: ((h + low + c) / 3 * v).sum() / v.sum(),
                                   a["high"], a["low"], a["close"], a["volume"])),
    "parkinson_vol": (20, lambda a: windows(
        20, lambda h, low: math.sqrt((np.log(h / low) ** 2).mean() / (4 * math.log(2))), a["high"], a["low"])),
    "gk_vol": (20, lambda a: windows(20, lambda o, h, low, c: math.sqrt(
        (0.5 * np.log(h / low) ** 2 - (2 * math.log(2) - 1) * np.log(c / o) ** 2).mean()),
        a["open"], a["high"], a["low"], a["close"])),
    "hvol_60": (61, lambda a: window(logs(a), 60, standard)),
    "supertrend": (800, supertrend),
    "skewness_20": (21, lambda a: window(logs(a), 20, lambda x: moment(x, 3))),
    "kurtosis_60": (61, lambda a: window(logs(a), 60, lambda x: moment(x, 4) - 3)),
    "return_median_20": (21, lambda a: window(logs(a), 20, lambda x: float(np.median(x)))),
    "price_rank_60": (60, lambda a: window(a["close"], 60, lambda x: float((x[:-1] < x[-1]).mean()))),
    "autocorrelation_5": (66, lambda a: windows(60, correlation, logs(a), shifted(logs(a), 5))),
    "trend_fit_60": (60, lambda a: window(np.log(a["close"]), 60, lambda x: correlation(x, np.arange(60.0)) ** 2)),
    "drawdown_60": (
        60, lambda a: window(np.log(a["close"]), 60, lambda x: float((np.maximum.accumulate(x) - x).max()))),
    "since_highest_60": (60, lambda a: window(a["close"], 60, lambda x: float(len(x) - 1 - np.argmax(x)))),
    "efficiency_20": (
        21, lambda a: window(a["close"], 21, lambda x: abs(x[-1] - x[0]) / np.abs(np.diff(x)).sum())),
    "value_entropy_64": (65, lambda a: window(logs(a), 64, lambda x: shannon(np.histogram(x, 8)[0], 8))),
    "order_entropy_64": (64, lambda a: window(a["close"], 64, orders)),
    "sign_entropy_64": (65, lambda a: window(logs(a), 64, signs)),
    "katz_dimension_64": (64, lambda a: window(np.log(a["close"]), 64, katz)),
    "petrosian_dimension_64": (64, lambda a: window(np.log(a["close"]), 64, petrosian)),
    "higuchi_dimension_64": (64, lambda a: window(np.log(a["close"]), 64, higuchi)),
    "hurst_128": (129, lambda a: window(logs(a), 128, hurst)),
    "amihud_20": (21, lambda a: window(np.abs(returns(a)) / dollars(a), 20, lambda x: float(x.mean()))),
    "roll_spread_20": (22, lambda a: window(
        logs(a), 21, lambda x: 2 * math.sqrt(max(0.0, -autocovariance(x))))),
    "kyle_lambda_60": (61, lambda a: windows(60, lambda r, d: float(np.polyfit(d, r, 1)[0]), returns(a),
                                             np.sign(returns(a)) * np.sqrt(dollars(a)))),
    "corwin_schultz_20": (21, corwin_schultz),
    "volume_imbalance_20": (
        21, lambda a: windows(20, lambda r, v: (np.sign(r) * v).sum() / v.sum(), returns(a), a["volume"])),
    "variance_ratio_5": (130, lambda a: windows(
        120, lambda one, five: five.var(ddof=1) / one.var(ddof=1) / 5, logs(a),
        np.log(a["close"]) - shifted(np.log(a["close"]), 5))),
    "haar_8": (16, lambda a: window(np.log(a["close"]), 16, lambda x: (x[8:].mean() - x[:8].mean()) / 2)),
}  # fmt: skip


@pytest.mark.parametrize("name", PLAIN)
def test_as_the_plain_formula_says(bars: Bars, name: str) -> None:
    warm, oracle = PLAIN[name]
    ours, theirs = named([name])[0].compute(bars)[0], oracle(arrays(bars))
    assert np.isfinite(ours[warm:]).all()
    gap = np.abs(ours - theirs)[warm:] / np.maximum(np.abs(theirs[warm:]), 1e-6)
    assert gap.max() <= GAP


def test_an_exponential_mean_is_the_adjusted_one_from_its_span_on(bars: Bars) -> None:
    ours = named(["ema_26"])[0].compute(bars)[0]
    theirs = adjusted(bars["close"][0], 2 / 27)
    assert np.isnan(ours[:25]).all() and np.allclose(ours[25:], theirs[25:], rtol=1e-10, atol=0)


def test_everything_is_exact_after_an_outlier_has_left(made: Any) -> None:
    """A spike of 1e8 leaves no trace: where running sums, and with them pandas, are wrong for ever."""
    calm = made(1, 400, 13, whole=True)
    spiked = Bars(calm.symbols, calm.times, {name: values.copy() for name, values in calm.columns.items()})
    for values in spiked.columns.values():
        values[0, 150] *= 1e8
    for name in ("hvol_20", "close_bb_zscore", "volume_zscore", "skewness_20", "correlation_20", "bb_width", "cci_20"):
        feature = named([name])[0]
        one, other = (feature.compute(which)[0, 151 + feature.lookback :] for which in (calm, spiked))
        assert np.array_equal(one, other, equal_nan=True), name


def test_across_symbols_as_plain_formulas_say(made: Any) -> None:
    import polars as pl

    bars = made(12, 200, 17)
    names = ["momentum_20_rank", "momentum_20_zscore", "momentum_20_sector_rank", "momentum_20_country_zscore",
             "excess_momentum_20", "market_return", "market_dispersion"]  # fmt: skip
    values = {one: named([one])[0].compute(bars).ravel() for one in names}
    move = named(["return_20"])[0].compute(bars).ravel()
    step = named(["return_1"])[0].compute(bars).ravel()
    rows = pl.DataFrame({**values, "move": move, "step": step}).with_columns(
        day=pl.Series(np.tile(np.arange(200), 12)),
        sector=pl.Series(np.repeat(bars.groups["sector"], 200)),
        country=pl.Series(np.repeat(bars.groups["country"], 200)),
    )
    rows = rows.fill_nan(None)
    move_, step_ = pl.col("move"), pl.col("step")
    rank = (move_.rank("average") - 0.5) / move_.count()
    score = (move_ - move_.mean()) / move_.std(ddof=0)
    expected = {
        "momentum_20_rank": rank.over("day"),
        "momentum_20_zscore": score.over("day"),
        "momentum_20_sector_rank": pl.when(pl.col("sector") != "").then(rank.over("day", "sector")),
        "momentum_20_country_zscore": score.over("day", "country"),
        "excess_momentum_20": move_ - move_.median().over("day"),
        "market_return": pl.when(pl.col("market_return").is_not_null()).then(step_.mean().over("day")),
        "market_dispersion": pl.when(pl.col("market_dispersion").is_not_null()).then(step_.std(ddof=0).over("day")),
    }
    for name, formula in expected.items():
        pair = rows.select(ours=pl.col(name), theirs=formula).fill_nan(0.0)
        pair = pair.filter(pl.col("ours").is_not_null() | pl.col("theirs").is_not_null())
        assert pair.height > 300 and pair["ours"].null_count() == pair["theirs"].null_count() == 0, name
        assert np.allclose(pair["ours"], pair["theirs"], rtol=1e-9, atol=1e-12), name


def test_what_is_left_of_momentum_is_orthogonal_to_what_explains_it(made: Any) -> None:
    bars = made(40, 150, 19, whole=True)
    left = named(["neutral_momentum_20"])[0].compute(bars)[:, -1]
    explaining = named(["beta", "volatility_60_zscore", "dollar_volume_20_zscore"])
    table = np.column_stack([np.ones(40), *(feature.compute(bars)[:, -1] for feature in explaining)])
    move = named(["return_20"])[0].compute(bars)[:, -1]
    fit, *_ = np.linalg.lstsq(table, move, rcond=None)
    assert np.allclose(left, move - table @ fit, rtol=0, atol=1e-12)
