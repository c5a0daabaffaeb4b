"""Statistics of some columns of one row, row by row."""

# mypy: disable-error-code="untyped-decorator"
from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def row_statistics(matrix: np.ndarray, places: np.ndarray, first: int, last: int, out: np.ndarray) -> None:
    """Mean, deviation (ddof 0) and skewness of the columns `places` of the rows `first` to `last` of `matrix`.

    `out` (rows, 3). NaN is not counted; a row without a value has none, a row of equal values a skewness of 0.
    """
    for row in range(first, last):
        count, total = 0, 0.0
        for place in places:
            value = np.float64(matrix[row, place])
            if value == value:
                count += 1
                total += value
        if count == 0:
            out[row, :] = np.nan
            continue
        centre = total / count
        second, third = 0.0, 0.0
        for place in places:
            gap = np.float64(matrix[row, place]) - centre
            if gap == gap:
                second += gap * gap
                third += gap * gap * gap
        spread = np.sqrt(second / count)
        out[row, 0] = centre
        out[row, 1] = spread
        out[row, 2] = third / count / spread**3 if spread > 1e-12 * abs(centre) else 0.0
