"""The past of bars by digest: one for each moment, of everything that had closed by then."""

from __future__ import annotations

import hashlib

import numpy as np

from eraforge.core.bars import SERIES, Bars
from eraforge.core.digest import digest_value


def bar_marks(bars: Bars) -> tuple[str, ...]:
    """A digest for each moment: equal ones mean equal bars up to it, under the same names and groups.

    What comes later does not change it, nor does a symbol that is not listed yet.
    """
    kinds = sorted(bars.groups)
    names = [
        digest_value(symbol, [bars.groups[kind][row] for kind in kinds]) for row, symbol in enumerate(bars.symbols)
    ]
    symbols = np.array([int(name[:16], 16) for name in names], np.uint64)
    own = [bars[name] for name in sorted(bars.columns) if not name.startswith(SERIES)]
    shared = [bars[name] for name in sorted(bars.columns) if name.startswith(SERIES)]
    there = np.isfinite(bars["close"])
    state = hashlib.sha256(digest_value(sorted(bars.columns), kinds, bars.synthetic).encode())
    marks = []
    for place in range(len(bars.times)):
        rows = np.flatnonzero(there[:, place])
        state.update(bars.times[place].tobytes() + symbols[rows].tobytes())
        for values in own:
            state.update(values[rows, place].tobytes())
        for values in shared:
            state.update(values[:1, place].tobytes())
        marks.append(state.copy().hexdigest())
    return tuple(marks)
