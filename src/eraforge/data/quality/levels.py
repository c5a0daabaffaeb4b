"""Gates on prices: ranges that contradict themselves, prices that are not positive, jumps and what they are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from eraforge.core.bars import Bars
from eraforge.data.finding import Severity
from eraforge.data.quality.fault import Fault, PriceLimits, View, fault_of_mask

ROUNDING = 1e-6
"""Relative; prices stored as 32-bit numbers differ by that much."""
ROUND = np.array([step * 10.0**power for power in range(1, 9) for step in (1, 2, 5)])


def level_faults(view: View, limits: PriceLimits, jumps: Jumps) -> Iterator[Fault]:
    """Range, sign and jumps."""
    wrong = contradicting_range(view.bars)
    heavy = wrong.sum() > limits.contradicting * max(int(view.known.sum()), 1)
    yield from fault_of_mask(
        view,
        wrong,
        Severity.REFUSE if heavy else Severity.WARN,
        "range-contradicts",
        "{bars} bars of {symbols} symbols have a high below, or a low above, another of their prices.",
        'Choose a repair: "widen-range" or "drop-contradictory-range".',
    )
    yield from fault_of_mask(
        view,
        not_positive(view.bars, ("close",)),
        Severity.REFUSE,
        "price-not-positive",
        "{bars} closes of {symbols} symbols are zero or below.",
        'Choose the repair "drop-not-positive".',
    )
    yield from fault_of_mask(
        view,
        not_positive(view.bars, ("open", "high", "low")) & ~not_positive(view.bars, ("close",)),
        Severity.WARN,
        "range-not-positive",
        "{bars} bars of {symbols} symbols close above zero but open or range at zero or below.",
        'Choose the repair "drop-not-positive".',
    )
    yield from _jump_faults(view, limits, jumps)


def contradicting_range(bars: Bars) -> np.ndarray:
    """(symbols, times) bool: high below or low above another price of the bar, beyond rounding."""
    high, low = bars["high"], bars["low"]
    top = np.fmax(np.fmax(bars["open"], bars["close"]), low)
    floor = np.fmin(np.fmin(bars["open"], bars["close"]), high)
    return np.asarray((high < top - ROUNDING * np.abs(top)) | (low > floor + ROUNDING * np.abs(floor)))


def not_positive(bars: Bars, fields: tuple[str, ...] = ("open", "high", "low", "close")) -> np.ndarray:
    """(symbols, times) bool: one of the prices is zero or below."""
    return np.asarray(np.logical_or.reduce([bars[name] <= 0 for name in fields]))


@dataclass(frozen=True)
class Jumps:
    """Every move of a positive close beyond the limit to the next bar there is, by what it is.

    Args:
        spikes: bars away from the level, to which the price comes back within a few bars: an error.
        shifts: first bars after a lasting shift by a round ratio: a redenomination or a split.
        moves: first bars after any other lasting jump.
        ratios: (symbols, times) of a shift, 1 elsewhere.
        count, symbols: of all jumps, a spike being two.
        with_zero: symbols that jump when zeros count as prices too.
    """

    spikes: np.ndarray
    shifts: np.ndarray
    moves: np.ndarray
    ratios: np.ndarray
    count: int
    symbols: int
    with_zero: int


def find_jumps(bars: Bars, limits: PriceLimits) -> Jumps:
    """Tell spikes, redenominations and other jumps apart.

    A jump that comes back to the old level (within `limits.back`) within `limits.returns` moments is a spike. One that
    lasts is a redenomination or split when the first open over the last close is a round ratio (1, 2, 5 times a power
    of ten), for then the price was not traded from one level to the other.
    """
    close, opened = bars["close"], bars["open"]
    shape = close.shape
    spikes, shifts, moves = (np.zeros(shape, bool) for _ in range(3))
    ratios = np.ones(shape)
    count = symbols = 0
    with np.errstate(invalid="ignore"):
        positive = close > 0
    step = np.log(limits.jump)
    for row in range(shape[0]):
        there = np.flatnonzero(positive[row])
        level = np.log(close[row, there])
        places = np.flatnonzero(np.abs(np.diff(level)) > step) + 1
        count += places.size
        symbols += bool(places.size)
        done = -1
        for place in places:
            if place <= done:
                continue
            back = _comes_back(level, there, int(place), limits)
            if back is not None:
                spikes[row, there[place:back]] = True
                done = back
                continue
            at = there[place]
            ratio = _round_ratio(opened[row, at] / close[row, there[place - 1]], limits)
            if ratio is None:
                moves[row, at] = True
            else:
                shifts[row, at] = True
                ratios[row, at] = ratio
    return Jumps(spikes, shifts, moves, ratios, count, symbols, _with_zero(close, limits))


def _comes_back(level: np.ndarray, there: np.ndarray, place: int, limits: PriceLimits) -> int | None:
    """The first bar back at the level before the jump at `place`, where it comes back soon."""
    end = int(np.searchsorted(there, there[place] + limits.returns, side="right"))
    later = np.abs(level[place + 1 : end] - level[place - 1]) < np.log(limits.back)
    return place + 1 + int(np.argmax(later)) if later.any() else None


def _round_ratio(ratio: float, limits: PriceLimits) -> float | None:
    if not np.isfinite(ratio) or ratio <= 0:
        return None
    size = max(ratio, 1 / ratio)
    nearest = float(ROUND[np.argmin(np.abs(np.log(ROUND / size)))])
    if size < limits.jump / 2 or abs(np.log(nearest / size)) > limits.round_ratio:
        return None
    return nearest if ratio > 1 else 1 / nearest


def _with_zero(close: np.ndarray, limits: PriceLimits) -> int:
    """Symbols with a jump when every close counts, zero or not."""
    found = 0
    for row in close:
        values = row[~np.isnan(row)]
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = values[1:] / values[:-1]
        found += bool(((ratio > limits.jump) | (ratio < 1 / limits.jump)).any())
    return found


def _jump_faults(view: View, limits: PriceLimits, found: Jumps) -> Iterator[Fault]:
    yield from fault_of_mask(
        view,
        found.spikes,
        Severity.REFUSE,
        "spikes",
        f"{{bars}} bars of {{symbols}} symbols lie more than {limits.jump:g} times away and the price comes back.",
        'Choose the repair "drop-spikes".',
    )
    yield from fault_of_mask(
        view,
        found.shifts,
        Severity.REFUSE,
        "redenominations",
        "{bars} lasting shifts of {symbols} symbols are by a round ratio: redenominations, splits, or cents for units.",
        'Choose the repair "rescale-redenominations".',
    )
    yield from fault_of_mask(
        view,
        found.moves,
        Severity.WARN,
        "jumps",
        f"{{bars}} moves of {{symbols}} symbols beyond {limits.jump:g} times last and have no round ratio.",
        "Look at them: a listing, a collapse, or another asset under the same name.",
    )
