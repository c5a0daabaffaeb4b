"""From features over moments to the rows of a panel: one row per era and id, as models want them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from enum import StrEnum

import numpy as np
import polars as pl

from eraforge.core.errors import UserError
from eraforge.core.panel import ERA, ID
from eraforge.features.engine import FeatureTable, share

BINS = 5


class Shape(StrEnum):
    """How values are told: as they are, as ranks within an era, or as equal bins of these."""

    VALUES = "values"
    RANKS = "ranks"
    BINS = "bins"


def to_panel(
    table: FeatureTable,
    eras: Mapping[str, np.datetime64],
    ids: Mapping[str, str] | None = None,
    *,
    shape: Shape = Shape.RANKS,
    oldest: int = 0,
    states: Collection[str] = (),
) -> pl.DataFrame:
    """Rows `era`, `id` and one column per feature, sorted by them.

    Args:
        table: features over moments.
        eras: era label to the moment at which its predictions are made: what was known then is told.
        ids: symbol to the id of the arena; symbols without one get no row. None: the symbols are the ids.
        shape: `ranks`: `(average rank - 0.5) / count` within the era, in (0, 1), float32, 0.5 where there is no value;
            `bins`: int8 0 to 4, fifths of these ranks, 2 where there is no value; `values`: as in the table, NaN where
            there is none.
        oldest: moments by which a symbol's last bar may lie before an era's last moment (a market with a holiday).
            A symbol without any value at it has no row.
        states: features between 0 and 1 that are the same for all symbols: they are told as they are, 0.5 where there
            is no value, and never give a symbol a row (as ranks they would say nothing).

    Raises:
        UserError: `moment-before-table` for an era before the first moment, `id-twice` when two symbols have one id.
    """
    named = {symbol: symbol for symbol in table.symbols} if ids is None else ids
    rows = np.array([row for row, symbol in enumerate(table.symbols) if symbol in named], np.int64)
    labels = np.array([named[table.symbols[row]] for row in rows], dtype=object)
    if len(set(labels)) != len(labels):
        raise UserError("id-twice", "Two symbols have the same id.", "Map every symbol to an id of its own.")
    order = np.argsort(labels)
    rows, labels = rows[order], labels[order]
    names = sorted(eras)
    parts: list[tuple[np.ndarray, np.ndarray]] = [(np.empty(0), np.empty(0))] * len(names)
    places = [_place(table, era, eras[era]) for era in names]
    common = np.array([name in states for name in table.names], bool)

    def work(pieces: Iterator[int]) -> None:
        for piece in pieces:
            parts[piece] = _era_rows(table, rows, places[piece], shape, oldest, common)

    share(work, len(names))
    kinds = {Shape.VALUES: table.values.dtype, Shape.RANKS: np.dtype(np.float32), Shape.BINS: np.dtype(np.int8)}
    values = np.concatenate([np.empty((0, len(table.names)), kinds[shape]), *(made for _, made in parts)])
    told = np.concatenate([labels[:0], *(labels[kept] for kept, _ in parts)])
    counts = [len(kept) for kept, _ in parts]
    era_of = np.repeat(np.array(names, dtype=object), counts)
    series = [pl.Series(ERA, era_of, dtype=pl.String), pl.Series(ID, told, dtype=pl.String)]
    turned = np.ascontiguousarray(values.T)
    return pl.DataFrame([*series, *(pl.Series(name, turned[place]) for place, name in enumerate(table.names))])


def _place(table: FeatureTable, era: str, moment: np.datetime64) -> int:
    place = int(np.searchsorted(table.times, moment, side="right")) - 1
    if place < 0:
        raise UserError(
            "moment-before-table", f"Era {era!r} lies before the first feature.", "Compute features that reach so far."
        )
    return place


def _era_rows(
    table: FeatureTable, rows: np.ndarray, place: int, shape: Shape, oldest: int, common: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Which of the rows have a value of their own, and their values (kept, features) in the wanted shape."""
    values = np.ascontiguousarray(table.values[:, rows, place].T)
    own = np.flatnonzero(~common) if not common.all() else np.arange(len(common))
    for back in range(1, min(oldest, place) + 1):
        stale = np.flatnonzero(np.isnan(values[:, own]).all(axis=1))
        if not len(stale):
            break
        values[np.ix_(stale, own)] = table.values[own][:, rows[stale], place - back].T
    kept = np.flatnonzero(~np.isnan(values[:, own]).all(axis=1))
    values = values[kept]
    if shape is Shape.VALUES:
        return kept, values
    ranks = _ranks(values)
    ranks[:, common] = values[:, common]
    if shape is Shape.RANKS:
        return kept, np.where(np.isnan(ranks), 0.5, ranks).astype(np.float32)
    binned = np.minimum(np.floor(ranks * BINS), BINS - 1)
    return kept, np.where(np.isnan(ranks), BINS // 2, binned).astype(np.int8)


def _ranks(values: np.ndarray) -> np.ndarray:
    from eraforge.features.kernels.crossing import CODES, across

    wide = values.astype(np.float64)
    out = np.empty(wide.shape)
    across(wide, np.zeros(len(wide), np.int64), 1, CODES["across_rank"], 0, wide.shape[1], out)
    return out
