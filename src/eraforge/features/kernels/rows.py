"""Own bars: from wide arrays with holes to rows without, and back."""

# mypy: disable-error-code="untyped-decorator"
from __future__ import annotations

import numpy as np
from numba import njit

RUN = 64
"""Own bars without a gap that are copied at once."""


@njit(cache=True, nogil=True)
def own_bars(
    present: np.ndarray, first: int, last: int, since: int, lookback: int, places: np.ndarray, starts: np.ndarray,
    firsts: np.ndarray,
) -> None:  # fmt: skip
    """Where the own bars of the symbols `first` to `last` stand, as far back as values from moment `since` on look.

    `present` (symbols, times). Fills `places` with moments, `starts` (rows + 1,) with where each row begins in them,
    and `firsts` with how many own bars lie before; a symbol without a bar from `since` on has an empty row.
    """
    times = present.shape[1]
    cell = 0
    for row in range(last - first):
        starts[row] = cell
        before = 0
        for moment in range(since):
            before += present[first + row, moment]
        after = 0
        for moment in range(since, times):
            after += present[first + row, moment]
        skipped = max(0, before - (lookback - 1)) if after else before + after
        firsts[row] = skipped
        seen = 0
        for moment in range(times):
            if present[first + row, moment]:
                if seen >= skipped:
                    places[cell] = moment
                    cell += 1
                seen += 1
    starts[last - first] = cell


@njit(cache=True, nogil=True)
def _copy(source: np.ndarray, target: np.ndarray) -> None:
    """Fill `target` from the beginning of `source`; assigning a slice compiles ten times as long."""
    for place in range(len(target)):
        target[place] = source[place]


@njit(cache=True, nogil=True)
def gather(values: np.ndarray, first: int, places: np.ndarray, starts: np.ndarray, out: np.ndarray) -> None:
    """`values` (symbols, times) at the own bars: `out` (cells,)."""
    for row in range(len(starts) - 1):
        begin, end = starts[row], starts[row + 1]
        if begin == end:
            continue
        source = values[first + row]
        if places[end - 1] - places[begin] == end - begin - 1:
            _copy(source[places[begin] :], out[begin:end])
        else:
            cell = begin
            while cell < end:
                run = RUN if cell + RUN <= end and places[cell + RUN - 1] - places[cell] == RUN - 1 else 1
                _copy(source[places[cell] :], out[cell : cell + run])
                cell += run


@njit(cache=True, nogil=True)
def scatter(
    x: np.ndarray, first: int, places: np.ndarray, starts: np.ndarray, since: int, before: int, lag: int,
    out: np.ndarray,
) -> None:  # fmt: skip
    """`x` (cells,), held back by `lag` own bars, to `out` (symbols, times), whose first moment is `before`.

    Only moments from `since` on are written; NaN where there is no own bar.
    """
    for row in range(len(starts) - 1):
        begin, end = starts[row], starts[row + 1]
        sink = out[first + row]
        cell = min(begin + lag, end)
        while cell < end and places[cell] < since:
            cell += 1
        if cell == end:
            sink[since - before :] = np.nan
            continue
        start, stop = places[cell] - before, places[end - 1] - before + 1
        sink[since - before : start] = np.nan
        sink[stop:] = np.nan
        if stop - start == end - cell:
            _copy(x[cell - lag :], sink[start:stop])
        else:
            sink[start:stop] = np.nan
            while cell < end:
                run = RUN if cell + RUN <= end and places[cell + RUN - 1] - places[cell] == RUN - 1 else 1
                begin = places[cell] - before
                _copy(x[cell - lag :], sink[begin : begin + run])
                cell += run
