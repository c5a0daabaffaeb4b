"""Columns to functions of their tie-kept ranks, by table; and sums over them."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from eraforge.evaluation.kernels.threads import spread

CHUNK = 8
"""Columns turned round and ranked together: enough to read whole cache lines, few enough to stay in the cache."""
SMALL = 30_000
"""Values below which a thread costs more than it saves."""


@lru_cache(maxsize=64)
def rank_table(rows: int) -> np.ndarray:
    """Tie-kept percentile ranks `(rank - 0.5) / rows` for the ranks 1, 1.5, ..., rows: (2 rows - 1,)."""
    return _frozen((np.arange(2 * rows - 1) / 2 + 0.5) / rows)


@lru_cache(maxsize=64)
def gauss_table(rows: int) -> np.ndarray:
    """Standard normal quantiles of `rank_table`: (2 rows - 1,)."""
    from scipy.special import ndtri

    return _frozen(ndtri(rank_table(rows)))


@lru_cache(maxsize=64)
def power_table(rows: int) -> np.ndarray:
    """`gauss_table` to the power 1.5 with its sign: (2 rows - 1,)."""
    gauss = gauss_table(rows)
    return _frozen(np.sign(gauss) * np.abs(gauss) ** 1.5)


def looked_up(columns: np.ndarray, table: np.ndarray) -> np.ndarray:
    """(rows, columns) of numbers without NaN -> (rows, columns) of the table's values of their tie-kept ranks."""
    from eraforge.evaluation.kernels.ranking import look_up

    rows, width = columns.shape
    out = np.empty((rows, width))
    size = _chunk(width)

    def chunk(piece: int) -> None:
        part = slice(piece * size, min((piece + 1) * size, width))
        turned = np.array(columns[:, part].T, dtype=np.float64, order="C")
        ranked = np.empty_like(turned)
        look_up(turned, table, ranked)
        out[:, part] = ranked.T

    spread(chunk, -(-width // size), alone=rows * width < SMALL)
    return out


def looked_up_sums(columns: np.ndarray, table: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """Sums over looked-up values, see `ranking.look_up_sums`: `vectors` (rows, vectors) -> (columns, 2 + vectors)."""
    from eraforge.evaluation.kernels.ranking import look_up_sums

    rows, width = columns.shape
    vectors = np.ascontiguousarray(vectors, np.float64)
    out = np.empty((width, 2 + vectors.shape[1]))
    size = _chunk(width)

    def chunk(piece: int) -> None:
        part = slice(piece * size, min((piece + 1) * size, width))
        turned = np.array(columns[:, part].T, dtype=np.float64, order="C")
        look_up_sums(turned, table, vectors, out[part])

    spread(chunk, -(-width // size), alone=rows * width < SMALL)
    return out


def stable_orders(columns: np.ndarray) -> np.ndarray:
    """(rows, columns) without NaN -> (columns, rows): each column's ascending order, ties in row order."""
    from eraforge.evaluation.kernels.ranking import orders

    turned = np.array(columns.T, dtype=np.float64, order="C")
    out = np.empty(turned.shape, np.int64)
    orders(turned, out)
    return out


def _chunk(width: int) -> int:
    return CHUNK if width >= 2 * CHUNK else max(1, -(-width // 2))


def _frozen(table: np.ndarray) -> np.ndarray:
    table.flags.writeable = False
    return table
