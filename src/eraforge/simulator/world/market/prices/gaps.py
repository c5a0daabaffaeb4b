"""Days without a bar: the last value before a moment, and returns that bridge gaps."""

from __future__ import annotations

import numpy as np


def last_known(values: np.ndarray) -> np.ndarray:
    """(rows,) the last value of each row of (rows, w) that is not NaN; NaN where there is none."""
    known = ~np.isnan(values)
    last = values.shape[1] - 1 - np.argmax(known[:, ::-1], axis=1)
    return np.where(known.any(axis=1), values[np.arange(len(values)), last], np.nan)


def carried(values: np.ndarray) -> np.ndarray:
    """(rows, w) each value, or the last one before it where it is NaN."""
    place = np.maximum.accumulate(np.where(np.isnan(values), 0, np.arange(values.shape[1])), axis=1)
    return np.take_along_axis(values, place, axis=1)


def last_before(values: np.ndarray) -> np.ndarray:
    """(rows, w) the last value strictly before each place; NaN where there is none."""
    return np.concatenate([np.full((len(values), 1), np.nan), carried(values)[:, :-1]], axis=1)


def bridged_moves(closes: np.ndarray, last_log: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Log returns of (rows, w) closes, 0 without a bar and at a first one, and the last log close after them.

    Args:
        last_log: (rows,) log closes before the first place, NaN where there is none.
    """
    with np.errstate(invalid="ignore"):
        logs = carried(np.concatenate([last_log[:, None], np.log(closes)], axis=1))
    moves = np.diff(logs, axis=1)
    return np.where(np.isnan(moves), 0.0, moves), logs[:, -1]
