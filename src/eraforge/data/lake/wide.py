"""Rows of the lake become Bars: each value is scattered to its place, the newest version last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from eraforge.data.sources.columns import SYMBOL, TIME

DENSEST = 40
"""Slots of time per row beyond which times are collected by sorting instead of counting."""


@dataclass(frozen=True)
class Grid:
    """Where rows go.

    Args:
        symbols: ascending.
        times: (t,) int64 seconds since 1970, rising: starts of the bars.
    """

    symbols: tuple[str, ...]
    times: np.ndarray

    def rows_of(self, names: Sequence[str]) -> np.ndarray:
        """Row of each name, -1 where the grid lacks it."""
        place = {name: row for row, name in enumerate(self.symbols)}
        return np.array([place.get(name, -1) for name in names], dtype=np.int64)


def rising_times(parts: Sequence[np.ndarray], step: int) -> np.ndarray:
    """All distinct times of the parts, rising. (t,) int64.

    Times on a regular grid are found by counting, which takes one pass; others by sorting.
    """
    parts = [part for part in parts if part.size]
    if not parts:
        return np.empty(0, np.int64)
    low, high = min(int(part.min()) for part in parts), max(int(part.max()) for part in parts)
    size = sum(part.size for part in parts)
    slots = (high - low) // step + 1
    if slots > DENSEST * size:
        return np.unique(np.concatenate(parts))
    there = np.zeros(slots, bool)
    for part in parts:
        place, rest = np.divmod(part - low, step)
        if rest.any():
            return np.unique(np.concatenate(parts))
        there[place] = True
    return low + np.flatnonzero(there) * step


def places(times: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Column of each wanted time among the rising `times`; every one is there."""
    if not times.size:
        return np.empty(0, np.int64)
    steps = np.diff(times)
    step = int(steps.min()) if steps.size else 1
    slots = (int(times[-1]) - int(times[0])) // step + 1
    if slots > DENSEST * max(times.size, wanted.size) or (steps % step).any():
        return np.asarray(np.searchsorted(times, wanted))
    table = np.zeros(slots, np.int64)
    table[(times - times[0]) // step] = np.arange(times.size)
    return np.asarray(table[(wanted - times[0]) // step])


def enum_names(frame: pl.DataFrame) -> list[str]:
    """The ascending names that the numbers of a segment's `symbol` column stand for."""
    kind = frame.schema[SYMBOL]
    return kind.categories.to_list() if isinstance(kind, pl.Enum) else []


def scatter(out: np.ndarray, frame: pl.DataFrame, grid: Grid, fields: Sequence[str], filled: np.ndarray | None) -> None:
    """Write the values of a part's rows into `out`, (fields, symbols, times); later rows overwrite earlier ones.

    Args:
        frame: `symbol` (Enum), `time`, and the fields.
        filled: (symbols, times) bool, set where a row was; None where nobody asks.
    """
    symbols = frame.get_column(SYMBOL)
    row = grid.rows_of(enum_names(frame))[symbols.to_physical().to_numpy()]
    column = places(grid.times, frame.get_column(TIME).to_numpy())
    flat = row * grid.times.size + column
    inside = None
    if row.size and row.min() < 0:
        inside = row >= 0
        flat = flat[inside]
    if filled is not None:
        filled.reshape(-1)[flat] = True
    for place, name in enumerate(fields):
        values = frame.get_column(name)
        array = values.to_numpy() if not values.null_count() else values.fill_null(float("nan")).to_numpy()
        out[place].reshape(-1)[flat] = array if inside is None else array[inside]
