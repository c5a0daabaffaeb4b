"""Windows over the own bars of each symbol, exact whatever has passed through them.

A row of windows is cut into pieces of one window length, on a grid counted from a symbol's first bar. A window that
ends inside a piece is the end of the piece before it and the beginning of this one, so its sum is one running sum from
the cut backwards plus one from the cut forwards. Nothing is ever subtracted: an outlier, an infinity or a NaN is gone
the moment it has left the window, and a value depends on the bars of its window alone, to the last bit. Spreads and
products are summed about the first value of the piece, which lies in every window that ends there.

Every kernel takes `x` (cells,), `starts` (rows + 1,) where each row begins in it, `firsts` (rows,) how many own bars
the symbol had before the first one given, the window in bars, and `out` (cells,), NaN until a row has a whole window.
"""

# mypy: disable-error-code="untyped-decorator"
from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def shift(x: np.ndarray, starts: np.ndarray, window: int, out: np.ndarray) -> None:
    """The value `window` own bars earlier."""
    for row in range(len(starts) - 1):
        begin, end = starts[row], starts[row + 1]
        warm = min(begin + window, end)
        out[begin:warm] = np.nan
        for cell in range(warm, end):
            out[cell] = x[cell - window]


@njit(cache=True, nogil=True)
def mean(x: np.ndarray, starts: np.ndarray, firsts: np.ndarray, window: int, out: np.ndarray) -> None:
    """Mean of the window."""
    tail = np.zeros(window + 1)
    for row in range(len(starts) - 1):
        begin, end = starts[row], starts[row + 1]
        warm = min(begin + window - 1, end)
        out[begin:warm] = np.nan
        cut = begin + (window - firsts[row] % window) % window
        while cut < end:
            total = 0.0
            for place in range(window - 1, max(0, begin - cut + window - 1), -1):
                total += x[cut - window + place]
                tail[place] = total
            total = 0.0
            stop = min(window, end - cut)
            for place in range(stop):
                total += x[cut + place]
                if cut + place >= warm:
                    out[cut + place] = (total + tail[place + 1]) / window
            cut += window


@njit(cache=True, nogil=True)
def deviation(x: np.ndarray, starts: np.ndarray, firsts: np.ndarray, window: int, ddof: int, out: np.ndarray) -> None:
    """Standard deviation of the window; 0 exactly where it is constant."""
    tail, tail_squares = np.zeros(window + 1), np.zeros(window + 1)
    for row in range(len(starts) - 1):
        begin, end = starts[row], starts[row + 1]
        warm = min(begin + window - 1, end)
        out[begin:warm] = np.nan
        cut = begin + (window - firsts[row] % window) % window
        while cut < end:
            centre = x[cut]
            total, squares = 0.0, 0.0
            for place in range(window - 1, max(0, begin - cut + window - 1), -1):
                gap = x[cut - window + place] - centre
                total += gap
                squares += gap * gap
                tail[place], tail_squares[place] = total, squares
            total, squares = 0.0, 0.0
            for place in range(min(window, end - cut)):
                gap = x[cut + place] - centre
                total += gap
                squares += gap * gap
                if cut + place >= warm:
                    whole, both = total + tail[place + 1], squares + tail_squares[place + 1]
                    spread = both - whole * whole / window
                    out[cut + place] = np.sqrt((0.0 if spread < 0.0 else spread) / (window - ddof))
            cut += window


@njit(cache=True, nogil=True)
def covariation(
    x: np.ndarray, y: np.ndarray, starts: np.ndarray, firsts: np.ndarray, window: int, kind: int, out: np.ndarray
) -> None:
    """Of the window of x and y: their correlation (`kind` 0), covariance with ddof 1 (1), or slope of x on y (2).

    NaN where a correlation has a constant side, or a slope a constant y.
    """
    tails = np.zeros((window + 1, 5))
    for row in range(len(starts) - 1):
        begin, end = starts[row], starts[row + 1]
        warm = min(begin + window - 1, end)
        out[begin:warm] = np.nan
        cut = begin + (window - firsts[row] % window) % window
        while cut < end:
            centre, other = x[cut], y[cut]
            sx, sy, sxx, syy, sxy = 0.0, 0.0, 0.0, 0.0, 0.0
            for place in range(window - 1, max(0, begin - cut + window - 1), -1):
                dx, dy = x[cut - window + place] - centre, y[cut - window + place] - other
                sx, sy, sxx, syy, sxy = sx + dx, sy + dy, sxx + dx * dx, syy + dy * dy, sxy + dx * dy
                tails[place, 0], tails[place, 1], tails[place, 2] = sx, sy, sxx
                tails[place, 3], tails[place, 4] = syy, sxy
            sx, sy, sxx, syy, sxy = 0.0, 0.0, 0.0, 0.0, 0.0
            for place in range(min(window, end - cut)):
                dx, dy = x[cut + place] - centre, y[cut + place] - other
                sx, sy, sxx, syy, sxy = sx + dx, sy + dy, sxx + dx * dx, syy + dy * dy, sxy + dx * dy
                if cut + place >= warm:
                    tail = tails[place + 1]
                    tx, ty = sx + tail[0], sy + tail[1]
                    vx = sxx + tail[2] - tx * tx / window
                    vy = syy + tail[3] - ty * ty / window
                    product = sxy + tail[4] - tx * ty / window
                    out[cut + place] = _of_sums(vx, vy, product, window, kind)
            cut += window


@njit(cache=True, nogil=True, inline="always")
def _of_sums(vx: float, vy: float, product: float, window: int, kind: int) -> float:
    if kind == 1:
        return product / (window - 1)
    if kind == 2:
        return product / vy if vy > 0.0 else np.nan
    if not (vx > 0.0 and vy > 0.0):
        return np.nan
    ratio = product / (np.sqrt(vx) * np.sqrt(vy))
    return min(1.0, max(-1.0, ratio)) if ratio == ratio else np.nan


@njit(cache=True, nogil=True)
def highest(x: np.ndarray, starts: np.ndarray, firsts: np.ndarray, window: int, out: np.ndarray) -> None:
    """Largest value of the window; NaN where it holds a NaN."""
    tail = np.full(window + 1, -np.inf)
    for row in range(len(starts) - 1):
        begin, end = starts[row], starts[row + 1]
        warm = min(begin + window - 1, end)
        out[begin:warm] = np.nan
        cut = begin + (window - firsts[row] % window) % window
        while cut < end:
            top = -np.inf
            for place in range(window - 1, max(0, begin - cut + window - 1), -1):
                value = x[cut - window + place]
                top = value if value > top or value != value else top
                tail[place] = top
            top = -np.inf
            for place in range(min(window, end - cut)):
                value = x[cut + place]
                top = value if value > top or value != value else top
                if cut + place >= warm:
                    other = tail[place + 1]
                    out[cut + place] = other if other > top or other != other else top
            cut += window


@njit(cache=True, nogil=True)
def lowest(x: np.ndarray, starts: np.ndarray, firsts: np.ndarray, window: int, out: np.ndarray) -> None:
    """Smallest value of the window; NaN where it holds a NaN."""
    tail = np.full(window + 1, np.inf)
    for row in range(len(starts) - 1):
        begin, end = starts[row], starts[row + 1]
        warm = min(begin + window - 1, end)
        out[begin:warm] = np.nan
        cut = begin + (window - firsts[row] % window) % window
        while cut < end:
            low = np.inf
            for place in range(window - 1, max(0, begin - cut + window - 1), -1):
                value = x[cut - window + place]
                low = value if value < low or value != value else low
                tail[place] = low
            low = np.inf
            for place in range(min(window, end - cut)):
                value = x[cut + place]
                low = value if value < low or value != value else low
                if cut + place >= warm:
                    other = tail[place + 1]
                    out[cut + place] = other if other < low or other != other else low
            cut += window
