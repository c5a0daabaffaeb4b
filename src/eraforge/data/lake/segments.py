"""Segments: immutable parquet files of rows sorted by (symbol, time, learned)."""

from __future__ import annotations

import io
from collections.abc import Sequence

import polars as pl

from eraforge.data.lake.catalogue import Segment
from eraforge.data.sources.columns import SYMBOL, TIME, TOLD, VALUES
from eraforge.store.objects import Objects

LEARNED = "learned"
CORRECTION = "correction"
KEY = (SYMBOL, TIME)
SMALL = 250_000
"""Rows below which a segment is small; many small ones are merged."""
MANY = 24


def write_segment(objects: Objects, rows: pl.DataFrame, corrections: int) -> Segment:
    """Store rows as one segment.

    Args:
        rows: columns `symbol, time, told, learned` and values, at least one row.
    """
    ordered = rows.sort(SYMBOL, TIME, LEARNED, maintain_order=True)
    names = ordered.get_column(SYMBOL).unique().sort()
    values = [
        name for name in VALUES if name in ordered.columns and ordered.get_column(name).null_count() < rows.height
    ]
    packed = ordered.select(pl.col(SYMBOL).cast(pl.Enum(names)), TIME, TOLD, LEARNED, *values)
    stream = io.BytesIO()
    packed.write_parquet(stream, compression="lz4", statistics=True)
    first, last, low, high = ordered.select(
        first=pl.col(TIME).min(), last=pl.col(TIME).max(), low=pl.col(LEARNED).min(), high=pl.col(LEARNED).max()
    ).row(0)
    return Segment(objects.put(stream.getvalue()), rows.height, len(names), first, last, low, high, corrections)


def read_segment(objects: Objects, segment: Segment, columns: Sequence[str], until: int | None = None) -> pl.DataFrame:
    """Columns of a segment; where it lacks a value the column is null. `symbol` comes as an ascending Enum.

    Args:
        until: leave out what was learned later.
    """
    path = objects.path(segment.digest)
    there = pl.read_parquet_schema(path)
    cut = until is not None and segment.learned_last > until
    wanted = [name for name in columns if name in there]
    frame = pl.read_parquet(path, columns=[*wanted, *([LEARNED] if cut and LEARNED not in wanted else [])])
    if cut:
        frame = frame.filter(pl.col(LEARNED) <= until)
    absent = [pl.lit(None, dtype=pl.Float64).alias(name) for name in columns if name not in there]
    return frame.with_columns(absent).select(columns) if absent or cut else frame


def read_rows(
    objects: Objects, segments: Sequence[Segment], columns: Sequence[str], until: int | None = None
) -> pl.DataFrame:
    """Rows of all versions of some segments, in the order learned, symbols as text."""
    kept = [segment for segment in segments if until is None or segment.learned_first <= until]
    if not kept:
        kinds = {SYMBOL: pl.String, TIME: pl.Int64, TOLD: pl.Int64, LEARNED: pl.Int64}
        return pl.DataFrame(schema={name: kinds.get(name, pl.Float64) for name in columns})
    parts = [read_segment(objects, segment, columns, until) for segment in kept]
    return pl.concat([part.with_columns(pl.col(SYMBOL).cast(pl.String)) for part in parts], how="vertical")


def newest_versions(rows: pl.DataFrame) -> pl.DataFrame:
    """Of each (symbol, time) only the rows learned last; a vendor that told a bar twice at once keeps both."""
    if rows.height < 2 or rows.get_column(LEARNED).n_unique() == 1:
        return rows
    newest = rows.group_by(KEY).agg(pl.col(LEARNED).max())
    return rows.join(newest, on=[*KEY, LEARNED], how="semi", maintain_order="left")


def merged(objects: Objects, segments: Sequence[Segment]) -> tuple[Segment, ...]:
    """The small segments at the end put together when they are many. No row, no version and no order is lost."""
    tail = len(segments)
    while tail and segments[tail - 1].rows < SMALL:
        tail -= 1
    small = segments[tail:]
    if len(small) < MANY:
        return tuple(segments)
    rows = read_rows(objects, small, (SYMBOL, TIME, TOLD, LEARNED, *VALUES))
    return (*segments[:tail], write_segment(objects, rows, sum(segment.corrections for segment in small)))
