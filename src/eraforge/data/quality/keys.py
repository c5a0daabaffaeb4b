"""Gates on the rows as told: bars told twice, bars that contradict each other, time zones mixed."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl

from eraforge.data.finding import Severity
from eraforge.data.quality.fault import EXAMPLES, Fault, View, fault
from eraforge.data.sources.columns import SYMBOL, TIME, TOLD, VALUES

KEY = (SYMBOL, TIME)


def key_faults(view: View) -> Iterator[Fault]:
    """Duplicates, and times of day that differ between symbols."""
    doubled = doubled_rows(view.rows)
    if doubled.height:
        clashing = contradicting_keys(doubled)
        keys = doubled.select(KEY).unique()
        equal = doubled.height - doubled.unique([*KEY, *_values(doubled)]).height
        if equal:
            yield fault(
                Severity.WARN,
                "bars-twice",
                "{bars} bars of {symbols} symbols are told again with the same values.",
                "Nothing to do: each counts once.",
                equal,
                keys.join(clashing, on=KEY, how="anti").get_column(SYMBOL).n_unique(),
                _places(view, keys.join(clashing, on=KEY, how="anti")),
            )
        if clashing.height:
            yield fault(
                Severity.REFUSE,
                "bars-contradict",
                "{bars} bars of {symbols} symbols are told more than once, with different values.",
                'Choose a repair: "keep-last", "keep-first" or "drop-contradicting".',
                clashing.height,
                clashing.get_column(SYMBOL).n_unique(),
                _places(view, clashing),
            )
    yield from _zones(view)


def doubled_rows(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows whose (symbol, time) stands more than once, in the order told."""
    ordered = rows.select(KEY).with_row_index("place")
    keys = ordered.group_by(KEY).agg(pl.len().alias("times")).filter(pl.col("times") > 1)
    if not keys.height:
        return rows.clear()
    return rows.join(keys.select(KEY), on=KEY, how="semi", maintain_order="left")


def contradicting_keys(doubled: pl.DataFrame) -> pl.DataFrame:
    """The (symbol, time) whose rows do not all have the same values."""
    distinct = doubled.unique([*KEY, *_values(doubled)]).group_by(KEY).agg(pl.len().alias("kinds"))
    return distinct.filter(pl.col("kinds") > 1).select(KEY).sort(KEY)


def _values(rows: pl.DataFrame) -> list[str]:
    return [name for name in VALUES if name in rows.columns]


def _places(view: View, keys: pl.DataFrame) -> list[str]:
    unit = "datetime64[D]" if view.daily else "datetime64[m]"
    first = keys.sort(KEY).unique(SYMBOL, keep="first", maintain_order=True).head(EXAMPLES)
    return [f"{symbol} {np.datetime64(time, 's').astype(unit)}" for symbol, time in first.rows()]


def _zones(view: View) -> Iterator[Fault]:
    """Daily bars stand at one time of the day; where they do not and nobody named the zone, days may be wrong."""
    if not view.daily or view.zone or not view.rows.height:
        return
    shifted = view.rows.filter(pl.col(TOLD) != pl.col(TIME))
    if not shifted.height:
        return
    clock = (pl.col(TOLD) % 86_400).alias("clock")
    usual = view.rows.select(SYMBOL, clock).group_by(SYMBOL).agg(pl.col("clock").mode().min())
    kinds = (
        usual.group_by("clock").agg(pl.len().alias("symbols"), pl.col(SYMBOL).min()).sort("symbols", descending=True)
    )
    told = ", ".join(f"{clock // 3600:02d}:{clock % 3600 // 60:02d} UTC" for clock in kinds.get_column("clock")[:4])
    if kinds.height > 1:
        others = int(kinds.get_column("symbols")[1:].sum())
        yield fault(
            Severity.WARN,
            "time-zones-mixed",
            f"daily bars stand at {kinds.height} times of the day ({told}); {{symbols}} symbols differ from the rest.",
            'Say where the days are counted: zone = "America/New_York", or one [prices.NAME] table for each zone.',
            shifted.height,
            others,
            kinds.get_column(SYMBOL)[1:].to_list(),
        )
