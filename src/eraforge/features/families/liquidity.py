"""What trading costs, and how it moves the price."""

from __future__ import annotations

import math

from eraforge.features.expression import Node, change, clip, deviation, divide, mean, of, over, shift, total
from eraforge.features.families.columns import CLOSE, HIGH, LOG_RETURN, LOW, RETURN, VOLUME
from eraforge.features.feature import Declared, Family

DOLLARS = CLOSE * VOLUME


def corwin_schultz(window: int) -> Node:
    """Mean high-low spread of pairs of bars, negative ones counted as 0; a share of the price."""
    squared = of("log", HIGH / LOW)
    squared = squared * squared
    two = of("log", over("highest", 2, HIGH) / over("lowest", 2, LOW))
    root = 3.0 - 2.0 * math.sqrt(2.0)
    both = of("root", squared + shift(squared))
    alpha = both * ((math.sqrt(2.0) - 1.0) / root) - of("magnitude", two) / math.sqrt(root)
    grown = of("exp", alpha)
    return mean(clip((grown - 1.0) / (grown + 1.0) * 2.0, 0.0), window)


def roll(window: int) -> Node:
    """Twice the root of the negative covariance of neighbouring returns, 0 where that is positive."""
    return of("root", -over("covariance", window, LOG_RETURN, shift(LOG_RETURN))) * 2.0


def _members() -> list[Declared]:
    signed = of("sign", RETURN)
    made = []
    for window in (20, 60):
        made += [
            Declared(f"amihud_{window}", mean(of("magnitude", RETURN) / DOLLARS, window), "1 / (price x volume)",
                     "Amihud (2002)"),
            Declared(f"roll_spread_{window}", roll(window), "ratio", "Roll (1984), of log returns"),
            Declared(f"kyle_lambda_{window}", over("slope_on", window, RETURN, signed * of("root", DOLLARS)),
                     "1 / root(price x volume)", "Kyle (1985), slope on signed root of traded value, Hasbrouck (2009)"),
            Declared(f"corwin_schultz_{window}", corwin_schultz(window), "ratio", "Corwin and Schultz (2012)"),
            Declared(f"volume_imbalance_{window}", divide(total(signed * VOLUME, window), total(VOLUME, window), 0.0),
                     "share", "volume of rising less falling bars"),
            Declared(f"zero_returns_{window}", 1.0 - mean(of("magnitude", signed), window), "share",
                     "Lesmond, Ogden and Trzcinka (1999)"),
            Declared(f"dollar_volume_{window}", mean(DOLLARS, window), "price x volume", "definition"),
        ]  # fmt: skip
    made += [
        Declared("trade_intensity", mean(VOLUME, 5) / mean(VOLUME, 60), "ratio", "volume of 5 bars beside 60"),
        Declared("dollar_volume_change_20", change(of("log", mean(DOLLARS, 20)), 20), "log return", "definition"),
        Declared("volume_volatility_20", deviation(VOLUME, 20) / mean(VOLUME, 20), "ratio", "ddof 1"),
    ]
    return made


LIQUIDITY = Family("liquidity", "Illiquidity, spreads, price impact and order flow from bars.", tuple(_members()))
