"""Planted corrections: a few bars that the price feed tells wrong at first and puts right some market days later."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from eraforge.simulator.world.rows.draws import generator

LONGEST = 5
"""Market days after its own by which every wrong bar has been put right."""


@dataclass(frozen=True, slots=True)
class Correction:
    """One bar of the feed that was wrong.

    Args:
        symbol, day: the bar.
        corrected: the market day whose files are the first to tell it right.
        column: `close` or `volume`.
        wrong, right: what was told until then, and since. A wrong close moves high, low and adjusted close with it.
    """

    symbol: str
    day: date
    corrected: date
    column: str
    wrong: float
    right: float


def planned(seed: int, name: str, place: int, chance: float) -> tuple[int, int, str, float] | None:
    """What goes wrong on a day: (a draw for the row, days until it is put right, column, ratio to the right value)."""
    source = generator(seed, name, "corrections", place)
    if source.random() >= chance:
        return None
    column = "close" if source.random() < 0.75 else "volume"
    size = source.uniform(0.005, 0.03) if column == "close" else source.uniform(0.2, 0.6)
    ratio = float(np.exp(size * source.choice([-1, 1])))
    return int(source.integers(2**31)), int(source.integers(1, LONGEST + 1)), column, ratio


def told_wrong(frame: pl.DataFrame, standing: Sequence[Correction]) -> pl.DataFrame:
    """Rows of the feed as they were told while these corrections had not been made."""
    for one in standing:
        here = (pl.col("symbol") == one.symbol) & (pl.col("date") == one.day)
        changed = {one.column: pl.lit(one.wrong)}
        if one.column == "close":
            factor = pl.col("split_factor").cast(pl.Float64) * pl.col("dividend_factor").cast(pl.Float64)
            changed["high"] = pl.max_horizontal("high", pl.lit(one.wrong))
            changed["low"] = pl.min_horizontal("low", pl.lit(one.wrong))
            changed["adjusted_close"] = pl.lit(one.wrong, dtype=pl.Float32).cast(pl.Float64) * factor
        frame = frame.with_columns(
            pl.when(here).then(value).otherwise(pl.col(name)).cast(frame.schema[name]).alias(name)
            for name, value in changed.items()
        )
    return frame
