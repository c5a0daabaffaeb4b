"""Ranking kernels: order each column once, then look every tied rank up in a table.

A tie-kept rank is a half-integer, so any function of it (the rank itself, its gaussian quantile, that to the power
1.5) has only `2 rows - 1` possible values: a value tied over the sorted places first..last stands at `first + last`.
"""

# mypy: disable-error-code="untyped-decorator"
from __future__ import annotations

import numpy as np
from numba import njit

DIGIT = 11
BUCKETS = 1 << DIGIT
PLACE = np.uint64(0xFFFFFFFF)


@njit(cache=True, nogil=True)
def _keys(column: np.ndarray, bits: np.ndarray, keys: np.ndarray) -> int:
    """Fill `keys` with integers that sort as the column does; return the bits their range needs, or -1 with a NaN."""
    smallest, largest = np.int64(0x7FFFFFFFFFFFFFFF), np.int64(-0x8000000000000000)
    for row in range(len(column)):
        value = column[row] + 0.0  # -0.0 becomes 0.0: they are tied
        if value != value:
            return -1
        column[row] = value
        key = bits[row]
        if key < 0:
            key ^= np.int64(0x7FFFFFFFFFFFFFFF)
        keys[row] = key
        smallest, largest = min(smallest, key), max(largest, key)
    span = np.uint64(largest) - np.uint64(smallest)
    for row in range(len(column)):
        keys[row] = np.int64(np.uint64(keys[row]) - np.uint64(smallest))
    width = 0
    while span:
        span >>= np.uint64(1)
        width += 1
    return width


@njit(cache=True, nogil=True)
def _finish(column: np.ndarray, packed: np.ndarray) -> bool:
    """Insertion sort of an almost sorted order; False when it is not almost sorted after all."""
    budget = 16 * len(column)
    for place in range(1, len(packed)):
        entry = packed[place]
        value = column[entry & PLACE]
        back = place - 1
        while back >= 0 and column[packed[back] & PLACE] > value:
            packed[back + 1] = packed[back]
            back -= 1
        packed[back + 1] = entry
        budget -= place - 1 - back
        if budget < 0:
            return False
    return True


@njit(cache=True, nogil=True)
def _order(column: np.ndarray, bits: np.ndarray, order: np.ndarray, spare: np.ndarray, keys: np.ndarray) -> bool:
    """Stable ascending order of one column into `order`; False when it holds a NaN.

    Two (in long columns three) counting passes over the leading bits, then an insertion pass over full values.
    """
    rows = len(column)
    width = _keys(column, bits, keys)
    if width < 0:
        return False
    passes = 2 if rows <= 1 << 14 else 3
    shift = np.uint64(max(width - DIGIT * passes, 0))
    counts = np.zeros((passes, BUCKETS), np.int64)
    for row in range(rows):
        digits = np.uint64(keys[row]) >> shift
        order[row] = (digits << np.uint64(32)) | np.uint64(row)
        for turn in range(passes):
            counts[turn, (digits >> np.uint64(DIGIT * turn)) & np.uint64(BUCKETS - 1)] += 1
    source, sink = order, spare
    for turn in range(passes):
        total = 0
        for bucket in range(BUCKETS):
            count = counts[turn, bucket]
            counts[turn, bucket] = total
            total += count
        move = np.uint64(32 + DIGIT * turn)
        for row in range(rows):
            entry = source[row]
            bucket = (entry >> move) & np.uint64(BUCKETS - 1)
            sink[counts[turn, bucket]] = entry
            counts[turn, bucket] += 1
        source, sink = sink, source
    if not _finish(column, source):
        source[:] = np.argsort(column, kind="mergesort").astype(np.uint64)
    for row in range(rows):
        order[row] = source[row] & PLACE
    return True


@njit(cache=True, nogil=True)
def look_up(columns: np.ndarray, table: np.ndarray, out: np.ndarray) -> bool:
    """Replace each value of each row of `columns` (columns, rows) by the table's value of its tie-kept rank.

    `columns` is scratch: its -0.0 become 0.0. `table` is (2 rows - 1,). False, and nothing of use, with a NaN.
    """
    rows = columns.shape[1]
    order, spare, keys = np.empty(rows, np.uint64), np.empty(rows, np.uint64), np.empty(rows, np.int64)
    for column in range(len(columns)):
        values = columns[column]
        if not _order(values, values.view(np.int64), order, spare, keys):
            return False
        first = 0
        while first < rows:
            last = first
            while last + 1 < rows and values[order[last + 1]] == values[order[first]]:
                last += 1
            looked = table[first + last]
            for place in range(first, last + 1):
                out[column, order[place]] = looked
            first = last + 1
    return True


@njit(cache=True, nogil=True)
def look_up_sums(columns: np.ndarray, table: np.ndarray, vectors: np.ndarray, out: np.ndarray) -> bool:
    """Sums over the looked-up values x of each column, without storing them.

    `columns` (columns, rows) is scratch, `vectors` (rows, vectors). `out` (columns, 2 + vectors) receives sum x,
    sum xx and the product of x with each vector, each summed in rank order. False, and nothing of use, with a NaN.
    """
    rows = columns.shape[1]
    order, spare, keys = np.empty(rows, np.uint64), np.empty(rows, np.uint64), np.empty(rows, np.int64)
    for column in range(len(columns)):
        values = columns[column]
        if not _order(values, values.view(np.int64), order, spare, keys):
            return False
        sums = out[column]
        sums[:] = 0.0
        first = 0
        while first < rows:
            last = first
            while last + 1 < rows and values[order[last + 1]] == values[order[first]]:
                last += 1
            x = table[first + last]
            sums[0] += (last - first + 1) * x
            sums[1] += (last - first + 1) * (x * x)
            for place in range(first, last + 1):
                row = order[place]
                for vector in range(vectors.shape[1]):
                    sums[2 + vector] += x * vectors[row, vector]
            first = last + 1
    return True


@njit(cache=True, nogil=True)
def orders(columns: np.ndarray, out: np.ndarray) -> bool:
    """Stable ascending order of each row of `columns` (columns, rows), which is scratch; False with a NaN."""
    rows = columns.shape[1]
    order, spare, keys = np.empty(rows, np.uint64), np.empty(rows, np.uint64), np.empty(rows, np.int64)
    for column in range(len(columns)):
        values = columns[column]
        if not _order(values, values.view(np.int64), order, spare, keys):
            return False
        for row in range(rows):
            out[column, row] = order[row]
    return True
