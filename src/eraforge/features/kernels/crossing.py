"""Across symbols at one moment: means, ranks, scores, and what is left when other columns have explained their part.

Every kernel takes `x` (symbols, times), NaN where a symbol takes no part, works on the moments `first` to `last`, and
writes `out` of the same shape; NaN stays NaN. `groups` (symbols,) holds a group number from 0, or -1 for unknown.
"""

# mypy: disable-error-code="untyped-decorator,no-any-return"
from __future__ import annotations

import numpy as np
from numba import njit

NAMES = ("across_mean", "across_median", "across_deviation", "across_rank", "across_score")
CODES = {name: code for code, name in enumerate(NAMES)}


@njit(cache=True, nogil=True)
def across(x: np.ndarray, groups: np.ndarray, count: int, code: int, first: int, last: int, out: np.ndarray) -> None:
    """Within each of the `count` groups: mean (0), median (1) and deviation (2, ddof 0) for every member, also those
    without a value; rank (3), `(average rank - 0.5) / members`; z-score (4), 0 in a group of equal values.
    """
    symbols = len(x)
    order, begins = np.empty(symbols, np.int64), np.zeros(count + 3, np.int64)
    for row in range(symbols):
        begins[groups[row] + 3] += 1
    for group in range(count + 2):
        begins[group + 1] += begins[group]
    for row in range(symbols):  # by group, in order of rows; afterwards group g begins at begins[g + 1]
        order[begins[groups[row] + 2]] = row
        begins[groups[row] + 2] += 1
    values, members = np.empty(symbols), np.empty(symbols, np.int64)
    for moment in range(first, last):
        for row in range(symbols):
            out[row, moment] = np.nan
        for group in range(count):
            known = 0
            for place in range(begins[group + 1], begins[group + 2]):
                value = x[order[place], moment]
                if value == value:
                    values[known], members[known] = value, order[place]
                    known += 1
            if known == 0:
                continue
            if code == 3:
                _ranks(values[:known], members[:known], moment, out)
                continue
            centre, spread = _centre(values[:known], code == 1)
            if code == 4:
                for place in range(known):
                    gap = values[place] - centre
                    out[members[place], moment] = gap / spread if spread > 0.0 else 0.0
            else:
                value = spread if code == 2 else centre
                for place in range(begins[group + 1], begins[group + 2]):
                    out[order[place], moment] = value


@njit(cache=True, nogil=True)
def _centre(values: np.ndarray, middle: bool) -> tuple[float, float]:
    """Mean (or median) and standard deviation about the mean; exactly 0 of equal values."""
    start, total, squares = values[0], 0.0, 0.0
    for value in values:
        total += value - start
    mean = start + total / len(values)
    for value in values:
        squares += (value - mean) ** 2
    spread = np.sqrt(squares / len(values)) if values.min() != values.max() else 0.0
    return (np.median(values) if middle else mean), spread


@njit(cache=True, nogil=True)
def _ranks(values: np.ndarray, members: np.ndarray, moment: int, out: np.ndarray) -> None:
    order = np.argsort(values)
    begin = 0
    while begin < len(order):
        end = begin
        while end + 1 < len(order) and values[order[end + 1]] == values[order[begin]]:
            end += 1
        rank = ((begin + end) / 2.0 + 0.5) / len(order)
        for place in range(begin, end + 1):
            out[members[order[place]], moment] = rank
        begin = end + 1


@njit(cache=True, nogil=True)
def unexplained(x: np.ndarray, others: np.ndarray, first: int, last: int, out: np.ndarray) -> None:
    """What a least-squares fit on a constant and the columns `others` (columns, symbols, times) leaves of `x`.

    Symbols without a value in any of them take no part. A column that adds nothing to those before it is left out.
    """
    width, symbols = len(others), len(x)
    basis = np.empty((width + 1, symbols))
    rest, members = np.empty(symbols), np.empty(symbols, np.int64)
    for moment in range(first, last):
        known = 0
        for row in range(symbols):
            out[row, moment] = np.nan
            whole = np.isfinite(x[row, moment])
            for column in range(width):
                whole = whole and np.isfinite(others[column, row, moment])
            if whole:
                members[known] = row
                known += 1
        if known == 0:
            continue
        basis[0, :known] = 1.0 / np.sqrt(known)
        kept = 1
        for column in range(width):
            for place in range(known):
                basis[kept, place] = others[column, members[place], moment]
            size = np.sqrt((basis[kept, :known] ** 2).sum())
            left = _orthogonal(basis[kept, :known], basis[:kept, :known])
            if left > 1e-10 * size:
                basis[kept, :known] /= left
                kept += 1
        for place in range(known):
            rest[place] = x[members[place], moment]
        _orthogonal(rest[:known], basis[:kept, :known])
        for place in range(known):
            out[members[place], moment] = rest[place]


@njit(cache=True, nogil=True)
def _orthogonal(vector: np.ndarray, basis: np.ndarray) -> float:
    """Take the orthonormal rows of `basis` out of `vector`, twice; the length that is left."""
    for _ in range(2):
        for row in range(len(basis)):
            share = 0.0
            for place in range(len(vector)):
                share += basis[row, place] * vector[place]
            for place in range(len(vector)):
                vector[place] -= share * basis[row, place]
    return np.sqrt((vector**2).sum())
