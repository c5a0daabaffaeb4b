"""Measures of one window at a time: each value is computed afresh from the bars of its window, in order."""

# mypy: disable-error-code="untyped-decorator,no-any-return"
from __future__ import annotations

import numpy as np
from numba import njit

from eraforge.features.kernels import complexity

NAMES = (
    "skewness", "kurtosis", "median", "mean_distance", "latest_rank", "since_highest", "since_lowest", "trend",
    "trend_fit", "path_score", "drawdown", "value_entropy", "order_entropy", "sign_entropy", "katz_dimension",
    "petrosian_dimension", "higuchi_dimension", "rescaled_range", "linear_mean",
)  # fmt: skip
CODES = {name: code for code, name in enumerate(NAMES)}
GAPS = (132, 57, 23, 10, 4, 1)


@njit(cache=True, nogil=True)
def measure(x: np.ndarray, starts: np.ndarray, window: int, code: int, out: np.ndarray) -> None:
    """The measure `NAMES[code]` of each window of `x`; NaN where a window is not whole or not finite."""
    scratch = np.empty(window)
    for row in range(len(starts) - 1):
        begin, end = starts[row], starts[row + 1]
        broken = begin - 1  # the latest cell that is not finite
        for cell in range(begin, end):
            if not np.isfinite(x[cell]):
                broken = cell
            if cell - broken < window:
                out[cell] = np.nan
            elif code <= 10 or code == 18:
                out[cell] = _statistic(x[cell - window + 1 : cell + 1], code, scratch)
            else:
                out[cell] = complexity.complexity(x[cell - window + 1 : cell + 1], code - 11)


@njit(cache=True, nogil=True)
def _ascend(values: np.ndarray) -> None:
    """Sort a window in place: Shell's sort with the gaps of Ciura (2001).

    Not numba's own: its quicksort for `sort` and the one for `argsort` (which ranks use) can bear one name in two
    cached kernels, and a process that loads both then crashes.
    """
    for step in range(len(GAPS)):
        gap = GAPS[step]
        for start in range(gap, len(values)):
            place, value = start, values[start]
            while place >= gap and values[place - gap] > value:
                values[place] = values[place - gap]
                place -= gap
            values[place] = value


@njit(cache=True, nogil=True)
def _statistic(x: np.ndarray, code: int, scratch: np.ndarray) -> float:
    if code <= 1:
        return _moment(x, code)
    if code == 2:
        scratch[:] = x
        _ascend(scratch)
        middle = len(x) // 2
        return scratch[middle] if len(x) % 2 else (scratch[middle - 1] + scratch[middle]) / 2.0
    if code == 3:
        centre = _mean(x)
        total = 0.0
        for value in x:
            total += abs(value - centre)
        return total / len(x)
    if code <= 6:
        return _place(x, code)
    if code <= 8:
        return _line(x, code)
    if code == 18:
        total = 0.0
        for place in range(len(x)):
            total += (place + 1) * x[place]
        return total / (len(x) * (len(x) + 1) / 2)
    return _path(x, code)


@njit(cache=True, nogil=True)
def _mean(x: np.ndarray) -> float:
    total = 0.0
    for value in x:
        total += value - x[0]
    return x[0] + total / len(x)


@njit(cache=True, nogil=True)
def _moment(x: np.ndarray, code: int) -> float:
    """Skewness (0) or excess kurtosis (1) of the population; NaN of a constant."""
    centre = _mean(x)
    second, third, fourth = 0.0, 0.0, 0.0
    for value in x:
        gap = value - centre
        square = gap * gap
        second += square
        third += square * gap
        fourth += square * square
    second /= len(x)
    if second <= (1e-14 * centre) ** 2:
        return np.nan
    return third / len(x) / second**1.5 if code == 0 else fourth / len(x) / (second * second) - 3.0


@njit(cache=True, nogil=True)
def _place(x: np.ndarray, code: int) -> float:
    """Share of the other values below the latest, ties counting half (4); bars since the highest (5), lowest (6)."""
    latest = x[-1]
    if code == 4:
        below = 0.0
        for value in x[:-1]:
            below += 1.0 if value < latest else (0.5 if value == latest else 0.0)
        return below / (len(x) - 1)
    best = len(x) - 1
    for place in range(len(x) - 2, -1, -1):
        if (code == 5 and x[place] > x[best]) or (code == 6 and x[place] < x[best]):
            best = place
    return float(len(x) - 1 - best)


@njit(cache=True, nogil=True)
def _line(x: np.ndarray, code: int) -> float:
    """Slope per bar of the least-squares line (7), or how much of the variance it explains (8; NaN of a constant)."""
    count = len(x)
    centre = _mean(x)
    middle = (count - 1) / 2.0
    product, squares = 0.0, 0.0
    for place in range(count):
        gap = x[place] - centre
        product += (place - middle) * gap
        squares += gap * gap
    times = count * (count * count - 1.0) / 12.0
    if code == 7:
        return product / times
    return product * product / (times * squares) if squares > (1e-14 * centre) ** 2 * count else np.nan


@njit(cache=True, nogil=True)
def _path(x: np.ndarray, code: int) -> float:
    """Of the path of running sums from 0: z-score of its end (9); of the values: largest fall from a peak (10)."""
    if code == 10:
        peak, fall = x[0], 0.0
        for value in x:
            peak = max(peak, value)
            fall = max(fall, peak - value)
        return fall
    count = len(x) + 1
    total, path = 0.0, 0.0
    for value in x:
        path += value
        total += path
    centre = total / count
    squares, walked = centre * centre, 0.0
    for value in x:
        walked += value
        squares += (walked - centre) ** 2
    return (path - centre) / np.sqrt(squares / (count - 1)) if squares > 0.0 else np.nan
