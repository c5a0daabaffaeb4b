"""Rows of the price feed: what happens within a day, and the columns an entrant downloads."""

from __future__ import annotations

import numpy as np
import polars as pl

from eraforge.simulator.world.market.prices.spec import Spec
from eraforge.simulator.world.rows.draws import generator, normals

SCHEMA: dict[str, pl.DataType] = {
    "symbol": pl.String(),
    "date": pl.Date(),
    "open": pl.Float32(),
    "high": pl.Float32(),
    "low": pl.Float32(),
    "close": pl.Float32(),
    "volume": pl.Float32(),
    "split_factor": pl.Float32(),
    "dividend_factor": pl.Float32(),
    "adjusted_close": pl.Float64(),
    "country": pl.String(),
    "sector": pl.String(),
}


def within_day(
    seed: int, spec: Spec, number: int, before: np.ndarray, close: np.ndarray, own: np.ndarray, level: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Open, high and low of a block, unrounded, (rows, days) each.

    Args:
        number: of the block, whose own stream this draws from.
        before: the close before each bar in the bar's own units (NaN at a listing); `close` the bar's.
        own: (rows,) volatilities; `level` (rows, days) their logarithms' moves.
    """
    source = generator(seed, spec.name, "within day", number)
    size = (own[:, None] * np.exp(level)).astype(np.float64)
    start = np.where(np.isnan(before), close, before)
    share = 0.15 if spec.every_day else 0.35  # of the day's move that is over when trading opens
    with np.errstate(invalid="ignore"):
        opening = start * np.exp(share * np.log(close / start) + 0.25 * size * normals(source, *close.shape))
        high = np.maximum(opening, close) * np.exp(0.45 * size * np.abs(normals(source, *close.shape)))
        low = np.minimum(opening, close) * np.exp(-0.45 * size * np.abs(normals(source, *close.shape)))
    return opening, high, low


def long_rows(days: np.ndarray, columns: dict[str, np.ndarray], labels: dict[str, np.ndarray]) -> pl.DataFrame:
    """Rows of (date, symbol) where there is a close, in that order.

    Args:
        days: (w,) datetime64[D].
        columns: (rows, w) arrays, `close` and `symbol` among them.
        labels: (rows,) arrays.
    """
    there = ~np.isnan(columns["close"]).T
    day, row = np.nonzero(there)
    values = {name: column.T[there] for name, column in columns.items()}
    values |= {name: label[row] for name, label in labels.items()}
    frame = pl.DataFrame({"date": days[day], **values}, schema_overrides={"date": pl.Date()})
    return frame.sort("date", "symbol").select([pl.col(name).cast(kind) for name, kind in SCHEMA.items()])
