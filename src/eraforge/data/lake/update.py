"""A pull: a source is asked for what is new, and the lake takes it over piece by piece."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import polars as pl

from eraforge.core.clock import Clock
from eraforge.core.errors import EraforgeError
from eraforge.core.ports import Progress
from eraforge.data.lake.lake import Lake
from eraforge.data.sources.columns import SYMBOL, TIME, TOLD, VALUES
from eraforge.data.sources.source import Delivery, Known, Note, PriceSource

BATCH = 3_000_000
"""Rows gathered before they are written: what has arrived so far survives whatever happens next."""


class _Newest(Mapping[str, int]):
    """The lake's newest bars, read when a source first asks for one: a folder never does."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake

    @cached_property
    def _found(self) -> dict[str, int]:
        return self._lake.newest()

    def __getitem__(self, symbol: str) -> int:
        return self._found[symbol]

    def __iter__(self) -> Iterator[str]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)


@dataclass
class Pulled:
    """What a pull brought.

    Args:
        files: deliveries read; unreadable ones are in `errors`.
        added, corrected, unchanged: bars.
        open_bars: bars left out because they had not closed yet.
        notes: what was left out and why.
        errors: name -> why it brought nothing.
    """

    files: int = 0
    added: int = 0
    corrected: int = 0
    unchanged: int = 0
    open_bars: int = 0
    notes: list[Note] = field(default_factory=list)
    errors: list[tuple[str, EraforgeError]] = field(default_factory=list)


def pull(
    source: PriceSource, lake: Lake, clock: Clock, scratch: Path, progress: Progress, whole: bool = False
) -> Pulled:
    """Bring what is new from the source into the lake.

    Args:
        whole: ask for everything again, so that corrections of the far past are found.

    Raises:
        What the source raises; rows that had arrived by then are in the lake.
    """
    known = Known({} if whole else _Newest(lake), {} if whole else dict(lake.catalogue.seen), scratch, clock, progress)
    pulled = Pulled()
    gathered: list[Delivery] = []
    try:
        for delivery in source.deliveries(known):
            _count(pulled, delivery)
            if delivery.rows is not None:
                gathered.append(delivery)
            if sum(one.rows.height for one in gathered if one.rows is not None) >= BATCH:
                _take(lake, gathered, pulled, clock)
                gathered = []
    finally:
        _take(lake, gathered, pulled, clock)
    return pulled


def _count(pulled: Pulled, delivery: Delivery) -> None:
    pulled.files += delivery.error is None
    pulled.notes += delivery.notes
    if delivery.error is not None:
        pulled.errors.append((delivery.name, delivery.error))


def _take(lake: Lake, gathered: list[Delivery], pulled: Pulled, clock: Clock) -> None:
    if not gathered:
        return
    now = clock.now()
    rows = pl.concat(list(_aligned(gathered)), how="vertical")
    closed = rows.filter(pl.col(TOLD) + lake.seconds <= int(now.timestamp()))
    groups: dict[str, dict[str, str]] = {}
    for delivery in gathered:
        for name, labels in delivery.groups.items():
            groups.setdefault(name, {}).update(labels)
    tags = sorted({one.synthetic for one in gathered if one.synthetic})
    # A file with a bar that is still open is read again next time, when that bar has closed.
    waiting = rows.height > closed.height
    seen = {} if waiting else {one.name: one.mark for one in gathered if one.mark}
    done = lake.append(closed, now, seen, groups, "; ".join(tags) or None)
    pulled.open_bars += rows.height - closed.height
    pulled.added += done.added
    pulled.corrected += done.corrected
    pulled.unchanged += done.unchanged


def _aligned(gathered: list[Delivery]) -> Iterator[pl.DataFrame]:
    """The rows with the columns of all of them, missing values null."""
    there = {name for one in gathered if one.rows is not None for name in one.rows.columns}
    columns = [SYMBOL, TIME, TOLD, *(name for name in VALUES if name in there)]
    for one in gathered:
        if one.rows is not None:
            absent = [pl.lit(None, dtype=pl.Float64).alias(name) for name in columns if name not in one.rows.columns]
            yield one.rows.with_columns(absent).select(columns)
