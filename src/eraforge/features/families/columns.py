"""What many families start from."""

from __future__ import annotations

from eraforge.features.expression import Node, change, clip, divide, field, of, shift, wilder

OPEN, HIGH, LOW, CLOSE, VOLUME = (field(name) for name in ("open", "high", "low", "close", "volume"))
RETURN = CLOSE / shift(CLOSE) - 1.0
LOG_RETURN = of("log", CLOSE / shift(CLOSE))
TYPICAL = (HIGH + LOW + CLOSE) / 3.0
WILDER = "Wilder (1978), New Concepts in Technical Trading Systems"

_PREVIOUS = shift(CLOSE)
TRUE_RANGE = of("larger", HIGH, _PREVIOUS) - of("smaller", LOW, _PREVIOUS)


def atr(bars: int) -> Node:
    """Average true range: Wilder's mean of the true range."""
    return wilder(TRUE_RANGE, bars)


def rsi(bars: int) -> Node:
    """Relative strength index from 0 to 100: the share of the rises in Wilder's means of rises and falls; 0 at rest."""
    step = change(CLOSE)
    rises, moves = wilder(clip(step, 0.0), bars), wilder(of("magnitude", step), bars)
    return divide(rises, moves, 0.0) * 100.0
