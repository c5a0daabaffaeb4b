"""What every source of prices is: asked what is missing, it answers in deliveries of canonical rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol

import polars as pl

from eraforge.core.clock import Clock
from eraforge.core.errors import EraforgeError
from eraforge.core.ports import Progress
from eraforge.data.sources.columns import SYMBOL, TIME, TOLD, VALUES

SCHEMA: dict[str, pl.DataType] = {
    SYMBOL: pl.String(),
    TIME: pl.Int64(),
    TOLD: pl.Int64(),
    **{name: pl.Float64() for name in VALUES},
}


@dataclass(frozen=True)
class Wanted:
    """Which prices a person configured, from where.

    Args:
        name: of the `[prices.NAME]` table.
        folder: the folder of files.
        files: pattern of the files in it.
        url: address of a feed, or of the server that answers in an exchange's or vendor's place.
        exchange: name of the exchange.
        symbols: only these; all of them when empty (an exchange or vendor must be told).
        seconds: length of a bar.
        interval: the same as a person wrote it.
        zone: zone of times that do not tell theirs.
        start: first day of interest.
    """

    name: str
    folder: Path | None = None
    files: str = ""
    url: str = ""
    exchange: str = ""
    symbols: tuple[str, ...] = ()
    seconds: int = 86_400
    interval: str = "1d"
    zone: str = ""
    start: str = ""


@dataclass(frozen=True)
class Known:
    """What the lake holds already, so that a source fetches only what is new.

    Args:
        newest: symbol -> start of its newest bar, in seconds since 1970.
        seen: name of a file -> what told it apart when it was last read.
        scratch: folder for what is on its way.
        clock: the present, and pauses.
        progress: told how far the work is.
    """

    newest: Mapping[str, int]
    seen: Mapping[str, str]
    scratch: Path
    clock: Clock
    progress: Progress

    def now(self) -> datetime:
        """The present moment, in UTC."""
        return self.clock.now()


@dataclass(frozen=True)
class Note:
    """Something a delivery left out or put right, to be told: stable code, sentence, next step."""

    code: str
    sentence: str
    next_step: str


@dataclass(frozen=True)
class Delivery:
    """Rows of one file, page or symbol.

    Args:
        name: of the file or symbol.
        rows: columns `symbol, time, told` and values (float64), in the order told; None where it could not be read.
        mark: what tells this content apart, "" where nothing does.
        groups: name -> symbol -> label (country, sector), where the rows carry them.
        notes: what was left out.
        error: why there are no rows; the other deliveries are not touched by it.
        synthetic: tag of made-up data.
    """

    name: str
    rows: pl.DataFrame | None
    mark: str = ""
    groups: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    notes: tuple[Note, ...] = ()
    error: EraforgeError | None = None
    synthetic: str | None = None


class PriceSource(Protocol):
    """A source of prices, registered under `eraforge.source`. Constructed with what is wanted."""

    def deliveries(self, known: Known) -> Iterator[Delivery]:
        """What is new, piece by piece; what has not changed since `known` is not read again.

        Raises:
            UserError: the request is wrong; Transient: the other side failed (what was yielded before is kept).
        """
        ...


def rows_of(
    symbol: str, times: list[int], columns: Mapping[str, list[float | None]], seconds: int, zone: str = ""
) -> pl.DataFrame:
    """Canonical rows of one symbol from epoch seconds and lists of values, as an interface tells them."""
    from eraforge.data.sources.moments import read_moments

    if not times:
        return pl.DataFrame(schema={name: SCHEMA[name] for name in (SYMBOL, TIME, TOLD, *columns)})
    moments = read_moments(pl.Series(TIME, times, dtype=pl.Int64), zone, seconds, symbol)
    values = [pl.Series(name, column, dtype=pl.Float64, strict=False) for name, column in columns.items()]
    key = pl.Series(SYMBOL, [symbol] * len(times), dtype=pl.String)
    return pl.DataFrame([key, moments.slots.alias(TIME), moments.told.alias(TOLD), *values])
