"""The price feed: daily bars an entrant downloads, as of the end of a market day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import polars as pl

from eraforge.core.errors import UserError
from eraforge.simulator.world.market.corrections import LONGEST, told_wrong
from eraforge.simulator.world.market.prices.feed_rows import SCHEMA
from eraforge.simulator.world.market.prices.source import Prices
from eraforge.simulator.world.parquet import sink

ROW_GROUP = 200_000
RECENT_DAYS = 30


class PriceFiles:
    """Files of a price feed: `daily.parquet` is all history, `recent` the last RECENT_DAYS days, for updates.

    A bar, once there, stands unchanged in every later file, but for the few planted corrections that the prices name:
    prices are as traded, `split_factor` and `dividend_factor` count splits and dividends since the listing, so that
    `adjusted_close = close * split_factor * dividend_factor` never has to be rewritten.

    Args:
        arena: stands in the names.
    """

    def __init__(self, arena: str, prices: Prices, synthetic: str) -> None:
        self._prices, self._synthetic = prices, synthetic
        whole, recent = f"prices/{arena}/daily.parquet", f"prices/{arena}/recent"
        self._days = {whole: None, f"{recent}.parquet": RECENT_DAYS, f"{recent}.csv": RECENT_DAYS}

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the files."""
        return tuple(self._days)

    def write(self, name: str, day: date, destination: Path) -> None:
        """Write the file with the bars up to and including `day`.

        Raises:
            UserError: `unknown-price-file`.
        """
        wanted, stop = self._wanted(name), self._prices.place(day) + 1
        frames = self._frames(0 if wanted is None else max(0, stop - wanted), stop)
        if name.endswith(".csv"):
            pl.concat([pl.DataFrame(schema=SCHEMA), *frames]).write_csv(destination)
            return
        sink(frames, SCHEMA, destination, ROW_GROUP, self._synthetic, ())

    def edition(self, name: str, day: date) -> str:
        """Names the content: the last day of bars.

        Raises:
            UserError: `unknown-price-file`.
        """
        self._wanted(name)
        return f"day-{self._prices.days[self._prices.place(day)].item():%Y%m%d}"

    def _wanted(self, name: str) -> int | None:
        if name not in self._days:
            raise UserError("unknown-price-file", f"There is no price file {name!r}.", f"Use {', '.join(self._days)}.")
        return self._days[name]

    def _frames(self, first: int, stop: int) -> Iterator[pl.DataFrame]:
        newest = self._prices.days[stop - 1].item()
        near = self._prices.corrections(max(0, stop - LONGEST), stop)
        standing = [one for one in near if one.corrected > newest]
        step = 256
        for begin in range(first, stop, step):
            frames = self._prices.bars(begin, min(begin + step, stop))
            yield from (told_wrong(frame, standing) for frame in frames)
