"""Who is listed when: every row of a market is a place that names hold one after another."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from eraforge.simulator.world.market.prices.names import COUNTRIES, FIRST_TOKENS, SECTORS, TOKEN_SECTORS, symbols
from eraforge.simulator.world.market.prices.spec import LAST_DAY, Spec
from eraforge.simulator.world.rows.draws import generator

LATE = 0.25  # share of rows whose first name is listed later than the first day
GAP = 100  # days at least between one name's end and the next one's start, longer than any target looks ahead
YEAR = {False: 261, True: 365}
STYLES = 4


@dataclass(frozen=True)
class Listing:
    """Names of a market with their lives, and the traits that stay with a row.

    Args:
        days: (t,) datetime64[D], the whole grid of days.
        row, start, stop: (names,) the row of a name, its first day and the day after its last, as places in `days`;
            sorted by row and start.
        distressed: (names,) whether it falls to its end.
        symbol: (names,).
        country, sector: (rows,) labels; country "" where there are none.
        country_place, sector_place: (rows,) their numbers.
    """

    days: np.ndarray
    row: np.ndarray
    start: np.ndarray
    stop: np.ndarray
    distressed: np.ndarray
    symbol: np.ndarray
    country: np.ndarray
    sector: np.ndarray
    country_place: np.ndarray
    sector_place: np.ndarray

    @cached_property
    def first_of_row(self) -> np.ndarray:
        """(rows + 1,) where each row's names begin among the names."""
        return np.searchsorted(self.row, np.arange(len(self.sector) + 1))

    def holder(self, place: int) -> np.ndarray:
        """(rows,) which name holds each row on that day; -1 where none does."""
        held = np.full(len(self.sector), -1)
        alive = np.flatnonzero((self.start <= place) & (place < self.stop))
        held[self.row[alive]] = alive
        return held


def lay_out(seed: int, spec: Spec) -> Listing:
    """The listing of a market, a function of its seed and spec."""
    source = generator(seed, spec.name, "listing")
    days = np.arange(np.datetime64(spec.first_day), np.datetime64(LAST_DAY) + 1)
    if not spec.every_day:
        days = days[np.is_busday(days)]
    country_place = _countries(source, spec)
    sectors = SECTORS if spec.countries else TOKEN_SECTORS
    sector_place = source.integers(len(sectors), size=spec.rows)
    row, start, stop = _lives(source, spec, len(days))
    codes = (
        np.array([country.code for country in COUNTRIES])[country_place]
        if spec.countries
        else np.full(spec.rows, "", dtype="U2")
    )
    symbol = np.array(symbols(source, codes[row]))
    if not spec.countries:
        symbol[np.searchsorted(row, np.arange(len(FIRST_TOKENS)))] = FIRST_TOKENS
    return Listing(
        days=days,
        row=row,
        start=start,
        stop=stop,
        distressed=source.random(len(row)) < spec.dynamics.distressed,
        symbol=symbol,
        country=codes,
        sector=np.array(sectors)[sector_place],
        country_place=country_place,
        sector_place=sector_place,
    )


def _countries(source: np.random.Generator, spec: Spec) -> np.ndarray:
    """(rows,) number of the country; the first countries have room even in a small market."""
    if not spec.countries:
        return np.zeros(spec.rows, np.int64)
    shares = np.cumsum([country.share for country in COUNTRIES])
    spread = (source.permutation(spec.rows) + 0.5) / spec.rows
    return np.searchsorted(shares / shares[-1], spread)


def _lives(source: np.random.Generator, spec: Spec, days: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Row, first day and day after the last of every name."""
    year = YEAR[spec.every_day]
    rows, starts, stops = [], [], []
    immortal = 0 if spec.countries else len(FIRST_TOKENS)
    for row in range(spec.rows):
        late = source.random() < LATE
        place = int(source.integers(1, max(2, int(days * 0.6)))) if late and row >= immortal else 0
        while place < days:
            life = int(source.exponential(year / spec.dynamics.deaths)) + 40
            stop = days if row < immortal else min(days, place + life)
            rows.append(row)
            starts.append(place)
            stops.append(stop)
            place = stop + GAP + int(source.exponential(60))
    return np.array(rows), np.array(starts), np.array(stops)
