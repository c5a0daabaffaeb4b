"""States a market can be in, and how its volatility behaves."""

from __future__ import annotations

from eraforge.features.expression import Node, change, deviation, mean, of, over, shift, total, wilder
from eraforge.features.families.columns import CLOSE, LOG_RETURN
from eraforge.features.feature import Declared, Family

LOG_CLOSE = of("log", CLOSE)


def efficiency(window: int) -> Node:
    """Kaufman's efficiency ratio: how much of the way led somewhere."""
    return of("magnitude", CLOSE - shift(CLOSE, window)) / total(of("magnitude", change(CLOSE)), window)


def _thirds(node: Node, window: int) -> Node:
    """0, 1 or 2: the third of its last values in which the latest lies."""
    rank = over("latest_rank", window, node)
    return (rank > 1.0 / 3.0) + (rank > 2.0 / 3.0)


def _direction(window: int) -> Node:
    """Sign of the return of a window."""
    return of("sign", CLOSE / shift(CLOSE, window) - 1.0)


def _members() -> list[Declared]:
    volatility, squared = deviation(LOG_RETURN, 20), LOG_RETURN * LOG_RETURN
    own = "definition"
    slow = mean(CLOSE, 200)
    made = [
        Declared("volatility_regime", _thirds(volatility, 252), "class",
                 "third of the last 252 volatilities of 20 bars"),
        Declared("trend_regime", (mean(CLOSE, 50) > slow) + (slow < CLOSE) - 1.0, "class",
                 "average of 50 and price above the average of 200: 1, -1 both below, 0 between"),
        Declared("momentum_regime", _direction(20) + _direction(60), "class", "sum of the signs of two returns"),
        Declared("ewma_volatility", of("root", wilder(squared, 16)), "log return",
                 "RiskMetrics (1996) with weight 1 / 16"),
        Declared("volatility_of_volatility", deviation(volatility, 20) / mean(volatility, 20), "ratio", own),
        Declared("volatility_term_5_60", deviation(LOG_RETURN, 5) / deviation(LOG_RETURN, 60), "ratio", own),
    ]  # fmt: skip
    made += [
        Declared(f"realised_volatility_{window}", of("root", total(squared, window)), "log return",
                 "Andersen and Bollerslev (1998)")
        for window in (5, 20)
    ]  # fmt: skip
    for window in (20, 60):
        made += [
            Declared(f"trend_slope_{window}", over("trend", window, LOG_CLOSE), "log return", "least squares on time"),
            Declared(f"trend_fit_{window}", over("trend_fit", window, LOG_CLOSE), "share", "R squared on time"),
            Declared(f"efficiency_{window}", efficiency(window), "share", "Kaufman (1995)"),
        ]
    for window in (60, 250):
        made += [
            Declared(
                f"drawdown_{window}", over("drawdown", window, LOG_CLOSE), "log return", "largest fall from a peak"
            ),
            Declared(f"since_highest_{window}", over("since_highest", window, CLOSE), "bars", "Chande (1995)"),
            Declared(f"since_lowest_{window}", over("since_lowest", window, CLOSE), "bars", "Chande (1995)"),
        ]
    return made


REGIMES = Family("regimes", "Trend, momentum and volatility states.", tuple(_members()))
