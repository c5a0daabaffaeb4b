"""The shape of returns: moments, memory, entropies, fractal dimensions, Hurst exponents, wavelets."""

from __future__ import annotations

from eraforge.features.expression import clip, deviation, mean, over, shift, total
from eraforge.features.families.columns import CLOSE, LOG_RETURN
from eraforge.features.families.regimes import LOG_CLOSE
from eraforge.features.feature import Declared, Family


def _distribution() -> list[Declared]:
    made = []
    falls = clip(-LOG_RETURN, 0.0)
    for window in (20, 60):
        down = total(falls * falls, window) / total(LOG_RETURN * LOG_RETURN, window)
        made += [
            Declared(f"skewness_{window}", over("skewness", window, LOG_RETURN), "score", "third moment, population"),
            Declared(f"kurtosis_{window}", over("kurtosis", window, LOG_RETURN), "score", "fourth moment less 3"),
            Declared(f"downside_share_{window}", down, "share", "semivariance, Markowitz (1959)"),
            Declared(f"highest_return_{window}", over("highest", window, LOG_RETURN), "log return",
                     "Bali, Cakici and Whitelaw (2011)"),
            Declared(f"return_median_{window}", over("median", window, LOG_RETURN), "log return", "definition"),
            Declared(f"price_rank_{window}", over("latest_rank", window, CLOSE), "rank", "ties count half"),
        ]  # fmt: skip
    made += [
        Declared(
            f"autocorrelation_{lag}", over("correlation", 60, LOG_RETURN, shift(LOG_RETURN, lag)), "score", "60 bars"
        )
        for lag in (1, 2, 5)
    ]
    return made


def _memory() -> list[Declared]:
    made = []
    for window in (64, 128):
        made += [
            Declared(f"value_entropy_{window}", over("value_entropy", window, LOG_RETURN), "share",
                     "Shannon (1948), 8 equal bins"),
            Declared(f"order_entropy_{window}", over("order_entropy", window, CLOSE), "share",
                     "Bandt and Pompe (2002), order 3"),
            Declared(f"sign_entropy_{window}", over("sign_entropy", window, LOG_RETURN), "share",
                     "Shannon (1948), words of 3 signs"),
            Declared(f"hurst_{window}", over("rescaled_range", window, LOG_RETURN), "dimension",
                     "Hurst (1951), rescaled range of 8, 16, ... bars"),
            Declared(f"higuchi_dimension_{window}", over("higuchi_dimension", window, LOG_CLOSE), "dimension",
                     "Higuchi (1988), steps 1 to 8"),
            Declared(f"katz_dimension_{window}", over("katz_dimension", window, LOG_CLOSE), "dimension", "Katz (1988)"),
            Declared(f"petrosian_dimension_{window}", over("petrosian_dimension", window, LOG_CLOSE), "dimension",
                     "Petrosian (1995)"),
        ]  # fmt: skip
    return made


def _scales() -> list[Declared]:
    made = []
    for half in (2, 4, 8, 16, 32):
        smooth = mean(LOG_CLOSE, half)
        made.append(
            Declared(f"haar_{half}", (smooth - shift(smooth, half)) / 2.0, "log return", "Haar (1910) wavelet detail")
        )
    single = deviation(LOG_RETURN, 120)
    for bars in (2, 5, 10):
        longer = deviation(LOG_CLOSE - shift(LOG_CLOSE, bars), 120)
        ratio = longer * longer / (single * single) / float(bars)
        made.append(
            Declared(f"variance_ratio_{bars}", ratio, "ratio", "Lo and MacKinlay (1988), 120 bars, overlapping")
        )
    return made


DISTRIBUTION = Family("distribution", "Moments and memory of returns.", tuple(_distribution()))
MEMORY = Family("complexity", "Entropies, fractal dimensions and Hurst exponents.", tuple(_memory()))
SCALES = Family("scales", "Wavelet details and variance ratios.", tuple(_scales()))
