"""Exponential means and what follows a path, with an end to their memory.

The textbook recursions never forget: their value hangs on the first bar ever seen, so no lookback is true of them. Here
the recursion is truncated: the mean is that of the last `length` bars with normalised weights, and is exact for it.
`length` is such that what is left out weighs less than 1e-12. It is summed in two parts, as in `windows`.
"""

# mypy: disable-error-code="untyped-decorator,assignment"
from __future__ import annotations

import numpy as np
from numba import njit

ONE = np.uint64(1)


@njit(cache=True, nogil=True)
def exponential(
    x: np.ndarray,
    starts: np.ndarray,
    firsts: np.ndarray,
    length: int,
    alpha: float,
    least: int,
    out: np.ndarray,
) -> None:
    """Exponentially weighted mean of the last `length` bars (fewer after a listing, from `least` bars on).

    Bars before the first that is not NaN do not count; a NaN after it makes the next `length` values NaN.
    """
    keep = 1.0 - alpha
    weights = np.empty(length + 1)  # sum of the weights of that many bars
    tail = np.zeros(length + 1)
    weights[0], power = 0.0, 1.0
    for count in range(1, length + 1):
        weights[count] = weights[count - 1] + power
        power *= keep
    for row in range(len(starts) - 1):
        begin, end = starts[row], starts[row + 1]
        known = begin
        while known < end and x[known] != x[known]:
            known += 1
        warm = min(known + least - 1, end)
        out[begin:warm] = np.nan
        cut = begin - firsts[row] % length
        while cut < end:
            oldest = min(length, max(0, known - cut + length))
            earliest = np.uint64(oldest)
            power, total = 1.0, 0.0
            for step in range(ONE, np.uint64(length - oldest + 1)):
                total += x[np.uint64(cut) - step] * power
                power *= keep
                tail[np.uint64(length) - step] = total
            power, total = 1.0, 0.0
            for place in range(np.uint64(max(0, known - cut)), np.uint64(min(length, end - cut))):
                cell = np.uint64(cut) + place  # wraps round, and back, where the first piece begins before the row
                total = keep * total + x[cell]
                power *= keep
                if cell >= np.uint64(warm):
                    earlier = tail[max(place + ONE, earliest)]
                    count = min(cell - np.uint64(known) + ONE, np.uint64(length))
                    out[cell] = (total + power * earlier) / weights[count]
            cut += length


@njit(cache=True, nogil=True)
def supertrend(
    high: np.ndarray,
    low: np.ndarray,
    close: np.ndarray,
    reach: np.ndarray,
    starts: np.ndarray,
    window: int,
    out: np.ndarray,
) -> None:
    """The supertrend line at the end of the last `window` bars, followed from their first, which starts upwards.

    `reach` is how far the bands lie from the middle of a bar. A path that is followed from a listing on would hang on
    the listing for ever; this one hangs on its window alone.
    """
    for row in range(len(starts) - 1):
        begin, end = starts[row], starts[row + 1]
        out[begin : min(begin + window - 1, end)] = np.nan
        for last in range(begin + window - 1, end):
            first = last - window + 1
            middle = (high[first] + low[first]) / 2.0
            under, over, rising = middle - reach[first], middle + reach[first], True
            for cell in range(first + 1, last + 1):
                middle = (high[cell] + low[cell]) / 2.0
                lower, upper = middle - reach[cell], middle + reach[cell]
                under = max(lower, under) if close[cell - 1] >= under else lower
                over = min(upper, over) if close[cell - 1] <= over else upper
                rising = close[cell] >= under if rising else close[cell] > over
            out[last] = under if rising else over
