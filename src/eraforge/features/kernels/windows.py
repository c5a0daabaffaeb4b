"""Windows over the own bars of each symbol, exact whatever has passed through them.

A row of windows is cut into pieces of one window length, on a grid counted from a symbol's first bar. A window that
ends inside a piece is the end of the piece before it and the beginning of this one, so its sum is one running sum from
the cut backwards plus one from the cut forwards. Nothing is ever subtracted: an outlier, an infinity or a NaN is gone
the moment it has left the window, and a value depends on the bars of its window alone, to the last bit. Spreads and
products are summed about the first value of the piece, which lies in every window that ends there.

Every kernel takes `x` (cells,), `starts` (rows + 1,) where each row begins in it, `firsts` (rows,) how many own bars
the symbol had before the first one given, the window in bars, and `out` (cells,), NaN until a row has a whole window.

Places are counted unsigned: numba need not ask whether one is negative, which a third of the time went into.
"""

# mypy: disable-error-code="untyped-decorator"
from __future__ import annotations

import numpy as np
from numba import njit

ZERO, ONE = np.uint64(0), np.uint64(1)


@njit(cache=True, nogil=True)
def shift(x: np.ndarray, starts: np.ndarray, window: int, out: np.ndarray) -> None:
    """The value `window` own bars earlier."""
    for row in range(len(starts) - 1):
        begin, end = starts[row], starts[row + 1]
        warm = min(begin + window, end)
        out[begin:warm] = np.nan
        out[warm:end] = x[warm - window : end - window]


@njit(cache=True, nogil=True)
def mean(x: np.ndarray, starts: np.ndarray, firsts: np.ndarray, window: int, out: np.ndarray) -> None:
    """Mean of the window."""
    tail, head, wide = np.zeros(window + 1), np.empty(window), np.uint64(window)
    for row in range(len(starts) - 1):
        begin, end = starts[row], starts[row + 1]
        warm = min(begin + window - 1, end)
        out[begin:warm] = np.nan
        cut = begin + (window - firsts[row] % window) % window
        while cut < end:
            at, stop = np.uint64(cut), np.uint64(min(window, end - cut))
            total = 0.0
            for step in range(ONE, np.uint64(min(window, cut - begin + 1))):
                total += x[at - step]
                tail[wide - step] = total
            total = 0.0
            for place in range(ZERO, stop):
                total += x[at + place]
                head[place] = total
            for place in range(np.uint64(max(0, warm - cut)), stop):
                out[at + place] = (head[place] + tail[place + ONE]) / window
            cut += window


@njit(cache=True, nogil=True)
def deviation(x: np.ndarray, starts: np.ndarray, firsts: np.ndarray, window: int, ddof: int, out: np.ndarray) -> None:
    """Standard deviation of the window; 0 exactly where it is constant."""
    tail, tail_squares = np.zeros(window + 1), np.zeros(window + 1)
    head, head_squares, wide = np.empty(window), np.empty(window), np.uint64(window)
    for row in range(len(starts) - 1):
        begin, end = starts[row], starts[row + 1]
        warm = min(begin + window - 1, end)
        out[begin:warm] = np.nan
        cut = begin + (window - firsts[row] % window) % window
        while cut < end:
            at, stop = np.uint64(cut), np.uint64(min(window, end - cut))
            centre, total, squares = x[at], 0.0, 0.0
            for step in range(ONE, np.uint64(min(window, cut - begin + 1))):
                gap = x[at - step] - centre
                total += gap
                squares += gap * gap
                tail[wide - step], tail_squares[wide - step] = total, squares
            total, squares = 0.0, 0.0
            for place in range(ZERO, stop):
                gap = x[at + place] - centre
                total += gap
                squares += gap * gap
                head[place], head_squares[place] = total, squares
            for place in range(np.uint64(max(0, warm - cut)), stop):  # apart from the sums: done four at a time
                whole = head[place] + tail[place + ONE]
                spread = head_squares[place] + tail_squares[place + ONE] - whole * whole / window
                out[at + place] = np.sqrt((0.0 if spread < 0.0 else spread) / (window - ddof))
            cut += window


@njit(cache=True, nogil=True)
def covariation(
    x: np.ndarray, y: np.ndarray, starts: np.ndarray, firsts: np.ndarray, window: int, kind: int, out: np.ndarray
) -> None:
    """Of the window of x and y: their correlation (`kind` 0), covariance with ddof 1 (1), or slope of x on y (2).

    NaN where a correlation has a constant side, or a slope a constant y.
    """
    tails, heads, wide = np.zeros((5, window + 1)), np.empty((5, window)), np.uint64(window)
    tx, ty, txx, tyy, txy = tails[0], tails[1], tails[2], tails[3], tails[4]
    hx, hy, hxx, hyy, hxy = heads[0], heads[1], heads[2], heads[3], heads[4]
    for row in range(len(starts) - 1):
        begin, end = starts[row], starts[row + 1]
        warm = min(begin + window - 1, end)
        out[begin:warm] = np.nan
        cut = begin + (window - firsts[row] % window) % window
        while cut < end:
            at, stop = np.uint64(cut), np.uint64(min(window, end - cut))
            centre, other = x[at], y[at]
            sx, sy, sxx, syy, sxy = 0.0, 0.0, 0.0, 0.0, 0.0
            for step in range(ONE, np.uint64(min(window, cut - begin + 1))):
                dx, dy = x[at - step] - centre, y[at - step] - other
                sx, sy, sxx, syy, sxy = sx + dx, sy + dy, sxx + dx * dx, syy + dy * dy, sxy + dx * dy
                back = wide - step
                tx[back], ty[back], txx[back], tyy[back], txy[back] = sx, sy, sxx, syy, sxy
            sx, sy, sxx, syy, sxy = 0.0, 0.0, 0.0, 0.0, 0.0
            for place in range(ZERO, stop):
                dx, dy = x[at + place] - centre, y[at + place] - other
                sx, sy, sxx, syy, sxy = sx + dx, sy + dy, sxx + dx * dx, syy + dy * dy, sxy + dx * dy
                hx[place], hy[place], hxx[place], hyy[place], hxy[place] = sx, sy, sxx, syy, sxy
            for place in range(np.uint64(max(0, warm - cut)), stop):
                back = place + ONE
                wx, wy = hx[place] + tx[back], hy[place] + ty[back]
                vx, vy = hxx[place] + txx[back] - wx * wx / window, hyy[place] + tyy[back] - wy * wy / window
                out[at + place] = _of_sums(vx, vy, hxy[place] + txy[back] - wx * wy / window, window, kind)
            cut += window


@njit(cache=True, nogil=True, inline="always")
def _of_sums(vx: float, vy: float, product: float, window: int, kind: int) -> float:
    if kind == 1:
        return product / (window - 1)
    if kind == 2:
        return product / vy if vy > 0.0 else np.nan
    scale = np.sqrt(vx if vx > 0.0 else 0.0) * np.sqrt(vy if vy > 0.0 else 0.0)
    ratio = product / scale if scale > 0.0 else np.nan
    ratio = 1.0 if ratio > 1.0 else ratio
    return -1.0 if ratio < -1.0 else ratio


@njit(cache=True, nogil=True)
def highest(x: np.ndarray, starts: np.ndarray, firsts: np.ndarray, window: int, out: np.ndarray) -> None:
    """Largest value of the window; NaN where it holds a NaN."""
    tail, wide = np.full(window + 1, -np.inf), np.uint64(window)
    for row in range(len(starts) - 1):
        begin, end = starts[row], starts[row + 1]
        warm = min(begin + window - 1, end)
        out[begin:warm] = np.nan
        cut = begin + (window - firsts[row] % window) % window
        while cut < end:
            at, ready = np.uint64(cut), np.uint64(max(0, warm - cut))
            top = -np.inf
            for step in range(ONE, np.uint64(min(window, cut - begin + 1))):
                value = x[at - step]
                top = value if value > top or value != value else top
                tail[wide - step] = top
            top = -np.inf
            for place in range(ZERO, np.uint64(min(window, end - cut))):
                value = x[at + place]
                top = value if value > top or value != value else top
                if place >= ready:
                    other = tail[place + ONE]
                    out[at + place] = other if other > top or other != other else top
            cut += window


@njit(cache=True, nogil=True)
def lowest(x: np.ndarray, starts: np.ndarray, firsts: np.ndarray, window: int, out: np.ndarray) -> None:
    """Smallest value of the window; NaN where it holds a NaN."""
    tail, wide = np.full(window + 1, np.inf), np.uint64(window)
    for row in range(len(starts) - 1):
        begin, end = starts[row], starts[row + 1]
        warm = min(begin + window - 1, end)
        out[begin:warm] = np.nan
        cut = begin + (window - firsts[row] % window) % window
        while cut < end:
            at, ready = np.uint64(cut), np.uint64(max(0, warm - cut))
            low = np.inf
            for step in range(ONE, np.uint64(min(window, cut - begin + 1))):
                value = x[at - step]
                low = value if value < low or value != value else low
                tail[wide - step] = low
            low = np.inf
            for place in range(ZERO, np.uint64(min(window, end - cut))):
                value = x[at + place]
                low = value if value < low or value != value else low
                if place >= ready:
                    other = tail[place + ONE]
                    out[at + place] = other if other < low or other != other else low
            cut += window
