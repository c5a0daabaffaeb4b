"""How orderly a window is: entropies, fractal dimensions, rescaled range."""

# mypy: disable-error-code="untyped-decorator,no-any-return"
from __future__ import annotations

import numpy as np
from numba import njit

BINS = 8
"""Bins of the entropy of values."""
LAGS = 8
"""Largest step of the Higuchi dimension."""
SHORTEST = 8
"""Shortest piece of the rescaled range."""


@njit(cache=True, nogil=True)
def complexity(x: np.ndarray, code: int) -> float:
    """Entropy of values (0), orders (1), signs (2); dimension of Katz (3), Petrosian (4), Higuchi (5); Hurst (6)."""
    if code <= 2:
        return _entropy(x, code)
    if code == 3:
        return _katz(x)
    if code == 4:
        return _petrosian(x)
    if code == 5:
        return _higuchi(x)
    return _rescaled_range(x)


@njit(cache=True, nogil=True)
def _entropy(x: np.ndarray, code: int) -> float:
    """Shannon entropy as a share of its largest: of 8 equal bins, of orders of 3 values, or of words of 3 signs."""
    words = BINS if code != 1 else 6
    counts = np.zeros(words)
    total = 0.0
    if code == 0:
        low, high = x.min(), x.max()
        width = (high - low) / words
        for value in x:
            counts[min(words - 1, int((value - low) / width)) if width > 0.0 else 0] += 1.0
        total = float(len(x))
    else:
        for place in range(2, len(x)):
            one, two, three = x[place - 2], x[place - 1], x[place]
            if code == 1:
                counts[_order(one, two, three)] += 1.0
            else:
                counts[(4 if one > 0.0 else 0) + (2 if two > 0.0 else 0) + (1 if three > 0.0 else 0)] += 1.0
            total += 1.0
    entropy = 0.0
    for count in counts:
        if count > 0.0:
            entropy -= count / total * np.log(count / total)
    return entropy / np.log(words)


@njit(cache=True, nogil=True)
def _order(one: float, two: float, three: float) -> int:
    """Which of the six orders three values stand in; the earlier of equals counts as the smaller."""
    if one <= two:
        if two <= three:
            return 0
        return 1 if one <= three else 2
    if one <= three:
        return 3
    return 4 if two <= three else 5


@njit(cache=True, nogil=True)
def _katz(x: np.ndarray) -> float:
    """Katz (1988): log n / (log n + log(d / L)), d the farthest from the first value, L the length of the path."""
    length, farthest = 0.0, 0.0
    for place in range(1, len(x)):
        length += abs(x[place] - x[place - 1])
        farthest = max(farthest, abs(x[place] - x[0]))
    if farthest <= 0.0:
        return np.nan
    steps = np.log(len(x) - 1.0)
    return steps / (steps + np.log(farthest / length))


@njit(cache=True, nogil=True)
def _petrosian(x: np.ndarray) -> float:
    """Petrosian (1995): log n / (log n + log(n / (n + 0.4 turns)))."""
    turns = 0
    for place in range(2, len(x)):
        if (x[place] - x[place - 1]) * (x[place - 1] - x[place - 2]) < 0.0:
            turns += 1
    count = float(len(x))
    return np.log(count) / (np.log(count) + np.log(count / (count + 0.4 * turns)))


@njit(cache=True, nogil=True)
def _higuchi(x: np.ndarray) -> float:
    """Higuchi (1988): slope of the log length of the curve sampled at steps k = 1..8 on log(1 / k)."""
    count = len(x)
    sx, sy, sxx, sxy, used = 0.0, 0.0, 0.0, 0.0, 0
    for step in range(1, LAGS + 1):
        lengths = 0.0
        for begin in range(step):
            pieces = (count - 1 - begin) // step
            if pieces == 0:
                continue
            length = 0.0
            for piece in range(1, pieces + 1):
                length += abs(x[begin + piece * step] - x[begin + (piece - 1) * step])
            lengths += length * (count - 1) / (pieces * step) / step
        if lengths <= 0.0:
            return np.nan
        across, up = -np.log(step), np.log(lengths / step)
        sx, sy, sxx, sxy, used = sx + across, sy + up, sxx + across * across, sxy + across * up, used + 1
    return (used * sxy - sx * sy) / (used * sxx - sx * sx)


@njit(cache=True, nogil=True)
def _rescaled_range(x: np.ndarray) -> float:
    """Hurst (1951): slope of the log of the mean R/S of pieces of n = 8, 16, ... values on log n; NaN of a constant."""
    sx, sy, sxx, sxy, used = 0.0, 0.0, 0.0, 0.0, 0
    size = SHORTEST
    while size <= len(x):
        ranges, pieces = 0.0, 0
        for begin in range(len(x) % size, len(x) - size + 1, size):
            ratio = _range_over_spread(x[begin : begin + size])
            if ratio > 0.0:
                ranges += ratio
                pieces += 1
        if pieces:
            across, up = np.log(size), np.log(ranges / pieces)
            sx, sy, sxx, sxy, used = sx + across, sy + up, sxx + across * across, sxy + across * up, used + 1
        size *= 2
    return (used * sxy - sx * sy) / (used * sxx - sx * sx) if used > 1 else np.nan


@njit(cache=True, nogil=True)
def _range_over_spread(x: np.ndarray) -> float:
    centre = x.mean()
    total, low, high, squares = 0.0, 0.0, 0.0, 0.0
    for value in x:
        gap = value - centre
        total += gap
        low, high = min(low, total), max(high, total)
        squares += gap * gap
    return (high - low) / np.sqrt(squares / len(x)) if squares > (1e-14 * centre) ** 2 * len(x) else 0.0
