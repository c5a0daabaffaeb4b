"""A made-up market: blocks of bars made in order, each once, and looked into through windows."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from eraforge.simulator.world.market.corrections import Correction, planned
from eraforge.simulator.world.market.prices.dividends import Dividends
from eraforge.simulator.world.market.prices.feed_rows import long_rows, within_day
from eraforge.simulator.world.market.prices.gaps import bridged_moves, last_before, last_known
from eraforge.simulator.world.market.prices.listing import YEAR, lay_out
from eraforge.simulator.world.market.prices.process import BLOCK, Process, common_factors, opening_state
from eraforge.simulator.world.market.prices.spec import Spec
from eraforge.simulator.world.market.prices.traits import closed_days, draw_traits, regimes
from eraforge.simulator.world.rows.draws import generator, normals

WHOLE = slice(0, BLOCK)
REMEMBERED_BARS = 1_000_000  # rows of the price feed that are remembered, about 90 bytes each

SPLIT_ABOVE, SPLIT_BELOW, SPLIT_TO = 12.0, 0.04, 2.0  # multiples of the usual price of the country


@dataclass(frozen=True)
class Block:
    """Bars of BLOCK days, (rows, BLOCK) float32 each, NaN where there is no bar.

    Args:
        close: as traded; times `factor` and `paid` it is adjusted for splits and dividends since the listing and never
            changes.
        volume: shares or coins traded.
        moves: log returns of adjusted closes, 0 without a bar, the next one bridging the gap.
        level: log volatility of own moves, for what happens within a day, in half precision.
    """

    close: np.ndarray
    factor: np.ndarray
    paid: np.ndarray
    volume: np.ndarray
    moves: np.ndarray
    level: np.ndarray


class MadeMarket:
    """Daily bars of a made-up market as a function of its seed and spec.

    A day's bars are the same whichever days were asked for before, and however far the market has been made.
    """

    def __init__(self, seed: int, spec: Spec) -> None:
        self.seed, self.spec = seed, spec
        self.listing = lay_out(seed, spec)
        self.traits = draw_traits(seed, spec, self.listing)
        self.days = self.listing.days
        self.country, self.sector = self.listing.country, self.listing.sector
        self._process = Process(seed, spec, self.listing, self.traits, regimes(seed, spec, len(self.days)))
        self._closed = closed_days(seed, spec, self.days)
        self._blocks: list[Block] = []
        self._state = opening_state(spec, common_factors(self.listing))
        self._log_price = np.log(self.traits.price)
        self._factor, self._paid = np.ones(spec.rows), np.ones(spec.rows)
        self._dividends = Dividends(seed, spec, self.traits.fundamentals[:, 1])
        self._last_log = np.full(spec.rows, np.nan)
        self._lock = threading.Lock()
        self._told: dict[int, pl.DataFrame] = {}
        self._told_rows = 0

    def place(self, day: date) -> int:
        """The place of the last trading day at or before `day`."""
        return int(np.searchsorted(self.days, np.datetime64(day), side="right")) - 1

    def holders(self, place: int) -> np.ndarray:
        """(rows,) the number of the name that holds each row on that day, -1 where none does."""
        return self.listing.holder(place)

    def age(self, place: int) -> np.ndarray:
        """(rows,) trading days since the listing of the row's name, 0 on its first; -1 where there is none."""
        held = self.holders(place)
        return np.where(held < 0, -1, place - self.listing.start[held])

    def symbols(self, place: int) -> np.ndarray:
        """(rows,) the symbol that holds each row on that day, "" where none does."""
        held = self.holders(place)
        return np.where(held < 0, "", self.listing.symbol[held])

    def closes(self, first: int, stop: int) -> np.ndarray:
        """(rows, stop - first) float64 closes adjusted for splits and dividends; NaN where there is no bar."""
        parts = [
            block.close[:, cut].astype(np.float64) * block.factor[:, cut] * block.paid[:, cut]
            for block, cut, _ in self.parts(first, stop)
        ]
        return np.concatenate(parts, axis=1)

    def moves(self, first: int, stop: int) -> np.ndarray:
        """(rows, stop - first) log returns of the adjusted closes; 0 without a bar, the next one bridging the gap."""
        return np.concatenate([block.moves[:, cut] for block, cut, _ in self.parts(first, stop)], axis=1)

    def dollars(self, first: int, stop: int) -> np.ndarray:
        """(rows, stop - first) money traded; NaN where there is no bar."""
        parts = [
            block.close[:, cut].astype(np.float64) * block.volume[:, cut] for block, cut, _ in self.parts(first, stop)
        ]
        return np.concatenate(parts, axis=1)

    def capital(self, place: int) -> np.ndarray:
        """(rows,) market value in millions at the last close; NaN where none is near."""
        return np.asarray(last_known(self.closes(max(0, place - 5), place + 1)) * self.traits.shares)

    def fundamentals(self, place: int) -> np.ndarray:
        """(rows, 4) book, dividends, earnings and growth as last reported; a report stands for a quarter."""
        quarter = str(self.days[place].astype("datetime64[M]").astype(int) // 3)
        reported = normals(generator(self.seed, self.spec.name, "reports", quarter), self.spec.rows, 4)
        return np.asarray(self.traits.fundamentals + 0.35 * reported)

    def corrections(self, first: int, stop: int) -> list[Correction]:
        """Bars of these days that the price feed tells wrong at first, in order of days."""
        found = []
        chance = self.spec.corrections / YEAR[self.spec.every_day]
        for place in range(first, stop):
            plan = planned(self.seed, self.spec.name, place, chance)
            if plan is None:
                continue
            draw, days, column, ratio = plan
            ((block, cut, _),) = self.parts(place, place + 1)
            there = np.flatnonzero(~np.isnan(block.close[:, cut.start]))
            if not len(there):
                continue
            row = int(there[draw % len(there)])
            right = float(getattr(block, column)[row, cut.start])
            wrong = np.float32(
                round_to_tick(np.array(right * ratio), self.spec.countries)
                if column == "close"
                else max(1.0, round(right * ratio))
            )
            if wrong == right:
                continue
            symbol, day = str(self.symbols(place)[row]), self.days[place].item()
            found.append(Correction(symbol, day, self.days[place + days].item(), column, float(wrong), right))
        return found

    def bars(self, first: int, stop: int) -> list[pl.DataFrame]:
        """Rows of the price feed for these days, one piece per block, as they are once all corrections are made."""
        return [
            self._whole(block, number) if cut == WHOLE else self._rows(block, cut, number)
            for block, cut, number in self.parts(first, stop)
        ]

    def _whole(self, block: Block, number: int) -> pl.DataFrame:
        """The rows of all days of a block, remembered: the feed tells them again every day."""
        rows = self._told.get(number)
        if rows is None:
            rows = self._rows(block, WHOLE, number)
            if self._told_rows + rows.height <= REMEMBERED_BARS:
                self._told[number] = rows
                self._told_rows += rows.height
        return rows

    def _rows(self, block: Block, cut: slice, number: int) -> pl.DataFrame:
        begin = number * BLOCK
        # The close before a bar, in the bar's own units: a split or a dividend lies between them.
        closes = self.closes(max(0, begin - 16), begin + BLOCK)
        before = last_before(closes)[:, -BLOCK:] / block.factor / block.paid
        close = block.close.astype(np.float64)
        parts = within_day(self.seed, self.spec, number, before, close, self.traits.own, block.level.astype(np.float32))
        opening, high, low = (round_to_tick(part, self.spec.countries) for part in parts)
        places = range(begin + cut.start, begin + cut.stop)
        columns = {
            "symbol": np.stack([self.symbols(place) for place in places], axis=1),
            "open": opening[:, cut],
            "high": np.fmax(high, np.fmax(opening, close))[:, cut],
            "low": np.fmin(low, np.fmin(opening, close))[:, cut],
            "close": block.close[:, cut],
            "volume": block.volume[:, cut],
            "split_factor": block.factor[:, cut],
            "dividend_factor": block.paid[:, cut],
            "adjusted_close": close[:, cut] * block.factor[:, cut] * block.paid[:, cut],
        }
        labels = {"country": self.country, "sector": self.sector}
        return long_rows(self.days[begin:][cut], columns, labels)

    def parts(self, first: int, stop: int) -> list[tuple[Block, slice, int]]:
        """The blocks of some days: each with the part of it that is wanted and its number."""
        numbers = range(first // BLOCK, (stop - 1) // BLOCK + 1)
        self._make(numbers[-1])
        return [
            (self._blocks[one], slice(max(0, first - one * BLOCK), min(BLOCK, stop - one * BLOCK)), one)
            for one in numbers
        ]

    def _make(self, number: int) -> None:
        with self._lock:
            while len(self._blocks) <= number:
                self._blocks.append(self._next(len(self._blocks)))

    def _next(self, number: int) -> Block:
        returns, level, self._state = self._process.block(number, self._state)
        first = number * BLOCK
        path = self._log_price[:, None] + np.cumsum(returns, axis=1, dtype=np.float64)
        listed = self._listed(first, path)
        self._log_price = path[:, -1].copy()
        source = generator(self.seed, self.spec.name, "trading", number)
        factor = self._splits(source, path, number)
        there = listed & ~self._absent(source, first)
        paid = self._dividends.factors(first, self._paid, BLOCK, self._starts(first)).astype(np.float32)
        self._paid = paid[:, -1].astype(np.float64)
        price = np.where(there, np.exp(path) / factor / paid, np.nan)
        close = round_to_tick(price, self.spec.countries)
        volume = self._volume(source, returns, level, factor)
        close, factor = close.astype(np.float32), factor.astype(np.float32)
        moves, self._last_log = bridged_moves(close.astype(np.float64) * factor * paid, self._last_log)
        volume = np.where(there, volume, np.nan).astype(np.float32)
        return Block(close, factor, paid, volume, moves.astype(np.float32), level.astype(np.float16))

    def _listed(self, first: int, path: np.ndarray) -> np.ndarray:
        """(rows, BLOCK) whether a name holds the row; a name starts at its row's listing price, without splits."""
        listing = self.listing
        listed = np.zeros(path.shape, bool)
        near = np.flatnonzero((listing.start < first + BLOCK) & (listing.stop > first))
        for name in near:
            begin, end = max(0, listing.start[name] - first), min(BLOCK, listing.stop[name] - first)
            row = listing.row[name]
            listed[row, begin:end] = True
            if listing.start[name] >= first and listing.start[name]:
                path[row, begin:] += np.log(self.traits.price[row]) - path[row, begin]
                self._factor[row] = self._paid[row] = 1.0
                self._last_log[row] = np.nan
        return listed

    def _starts(self, first: int) -> np.ndarray:
        """(rows,) the place at which the name that holds a row during a block was listed."""
        starts = np.zeros(self.spec.rows, np.int64)
        begun = self.listing.start < first + BLOCK
        np.maximum.at(starts, self.listing.row[begun], self.listing.start[begun])
        return starts

    def _absent(self, source: np.random.Generator, first: int) -> np.ndarray:
        """(rows, BLOCK) days without a bar: holidays, halts and single gaps."""
        moves = self.spec.dynamics
        absent = source.random((self.spec.rows, BLOCK), dtype=np.float32) < moves.missing
        halted = source.random(self.spec.rows) < moves.halts * BLOCK / YEAR[self.spec.every_day]
        for row in np.flatnonzero(halted):
            begin = int(source.integers(BLOCK - 3))
            absent[row, begin : begin + int(source.integers(2, 14))] = True
        closed = self._closed[:, first : first + BLOCK][self.listing.country_place]
        absent[:, : closed.shape[1]] |= closed
        absent[:, closed.shape[1] :] = True
        return absent

    def _splits(self, source: np.random.Generator, path: np.ndarray, number: int) -> np.ndarray:
        """(rows, BLOCK) split factors since the listing; a price far from the usual is split on a day of the block."""
        factor = np.repeat(self._factor[:, None], BLOCK, axis=1)
        days = source.integers(BLOCK, size=self.spec.rows)
        if self.spec.splits:
            ratio = np.exp(path[:, 0]) / self._factor / self.traits.price
            for row in np.flatnonzero((ratio > SPLIT_ABOVE) | (ratio < SPLIT_BELOW)):
                times = max(2, round(float(ratio[row]) / SPLIT_TO))
                step = float(times) if ratio[row] > 1 else 1 / float(np.clip(round(0.5 / float(ratio[row])), 2, 100))
                factor[row, days[row] :] *= step
        self._factor = factor[:, -1].copy()
        return factor

    def _volume(
        self,
        source: np.random.Generator,
        returns: np.ndarray,
        level: np.ndarray,
        factor: np.ndarray,
    ) -> np.ndarray:
        """Shares traded: more on days of large moves and in loud times."""
        size = np.abs(returns) / self.traits.own[:, None].astype(np.float32)
        log = 0.4 * normals(source, *returns.shape) + 0.25 * np.minimum(size, 6.0) + 0.3 * level
        shares = self.traits.shares[:, None] * 1e6 * self.traits.turnover[:, None] * factor * np.exp(log)
        return np.asarray(np.maximum(np.round(shares), 1.0))


def round_to_tick(price: np.ndarray, cents: bool) -> np.ndarray:
    """Prices as an exchange quotes them: cents from 1 upwards and hundredths of them below, or five digits."""
    if cents:
        return np.where(price >= 1, np.round(price, 2), np.maximum(np.round(price, 4), 0.0001))
    with np.errstate(invalid="ignore", divide="ignore"):
        scale = 10.0 ** (4 - np.floor(np.log10(price)))
    return np.asarray(np.round(price * scale) / scale)
