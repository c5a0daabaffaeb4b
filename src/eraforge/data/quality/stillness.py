"""Gates on prices that do not move and bars without trade."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from eraforge.core.bars import Bars
from eraforge.data.finding import Severity
from eraforge.data.quality.fault import Fault, PriceLimits, View, fault_of_mask


def still_faults(view: View, limits: PriceLimits) -> Iterator[Fault]:
    """Flat bars, stale closes, no volume."""
    bars, total = view.bars, max(int(view.known.sum()), 1)
    flat = flat_bars(bars)
    if flat.sum() > limits.flat_share * total:
        yield from fault_of_mask(
            view,
            flat,
            Severity.WARN,
            "bars-flat",
            "{bars} bars of {symbols} symbols have one price from open to close.",
            'Thin trading; choose the repair "drop-flat" if features should not see it.',
        )
    yield from fault_of_mask(
        view,
        stale_bars(bars, limits.stale),
        Severity.WARN,
        "closes-stale",
        f"{{bars}} bars of {{symbols}} symbols stand in runs of {limits.stale} or more equal closes.",
        'A halt, or a vendor that repeats the last price: choose the repair "drop-stale".',
    )
    silent = no_volume(bars)
    if silent.sum() > limits.silent_share * total:
        yield from fault_of_mask(
            view,
            silent,
            Severity.WARN,
            "volume-zero",
            "{bars} bars of {symbols} symbols have no volume.",
            'Choose the repair "drop-zero-volume" if nothing was traded then.',
        )


def flat_bars(bars: Bars) -> np.ndarray:
    """(symbols, times) bool: open, high, low and close are one price."""
    close = bars["close"]
    return np.asarray((bars["open"] == close) & (bars["high"] == close) & (bars["low"] == close))


def no_volume(bars: Bars) -> np.ndarray:
    """(symbols, times) bool: a volume of zero was told."""
    return np.asarray(bars["volume"] == 0)


def stale_bars(bars: Bars, shortest: int) -> np.ndarray:
    """(symbols, times) bool: the bar belongs to a run of at least `shortest` bars with one close."""
    close = bars["close"]
    out = np.zeros(close.shape, bool)
    for row in range(close.shape[0]):
        there = np.flatnonzero(~np.isnan(close[row]))
        if there.size < shortest:
            continue
        values = close[row, there]
        starts = np.flatnonzero(np.r_[True, values[1:] != values[:-1]])
        lengths = np.diff(np.r_[starts, values.size])
        long = np.repeat(lengths >= shortest, lengths)
        out[row, there[long]] = True
    return out
