"""What is known of every row on one day: a year of returns and trading up to it, and linear filters over them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from eraforge.evaluation.kernels.threads import one_algebra_thread
from eraforge.simulator.world.market.prices.gaps import last_known
from eraforge.simulator.world.market.prices.source import Prices

YEAR = 260
STALE = 5


@dataclass(frozen=True)
class Lookback:
    """A year up to a day, for all rows of a market.

    Args:
        prices: where it looks.
        place: the day.
        length: days of the year that are looked at.
    """

    prices: Prices
    place: int
    length: int = YEAR

    @cached_property
    def age(self) -> np.ndarray:
        """(rows,) days since listing; -1 where no name holds the row."""
        return self.prices.age(self.place)

    @cached_property
    def last_close(self) -> np.ndarray:
        """(rows,) the last close at most STALE days old."""
        first = max(0, self.place - STALE)
        closes = self.prices.closes(first, self.place + 1)
        return last_known(np.where(self._held(first, closes.shape[1]), closes, np.nan))

    @cached_property
    def returns(self) -> np.ndarray:
        """(rows, w) float32 log returns, newest last; 0 where there is no bar, the next one bridging the gap."""
        first = max(0, self.place - self.length + 1)
        moves = self.prices.moves(first, self.place + 1)
        young = np.flatnonzero(self.age < moves.shape[1])
        moves[young] *= self._held(first, moves.shape[1])[young]
        return moves

    def _held(self, first: int, count: int) -> np.ndarray:
        """(rows, count) whether the name that holds a row now held it on those days."""
        return np.asarray(first + np.arange(count) >= (self.place - self.age)[:, None])

    @cached_property
    def dollars(self) -> np.ndarray:
        """(rows,) mean money traded a day over the last 20 days; 0 where none was."""
        first = max(0, self.place - 19)
        traded = self.prices.dollars(first, self.place + 1)
        held = self._held(first, traded.shape[1]) & ~np.isnan(traded)
        return np.asarray(np.where(held, traded, 0.0).sum(axis=1) / traded.shape[1])

    def trading(self, days: int) -> np.ndarray:
        """(rows, days) money traded on each of the last days; 0 where none was."""
        traded = self.prices.dollars(max(0, self.place - days + 1), self.place + 1)
        return np.where(np.isnan(traded), 0.0, traded)

    @cached_property
    def capital(self) -> np.ndarray:
        """(rows,) market value; NaN where none is known."""
        return self.prices.capital(self.place)

    @cached_property
    def market(self) -> np.ndarray:
        """(w,) mean return of the rows that are held."""
        held = self.age >= 0
        return np.asarray(self.returns[held].mean(axis=0)) if held.any() else np.zeros(self.returns.shape[1])

    @cached_property
    def beta(self) -> np.ndarray:
        """(rows,) slopes on the market's returns, shrunk by a fifth towards 1."""
        centred = (self.market - self.market.mean()).astype(np.float32)
        spread = float(np.einsum("t,t->", centred, centred))
        slope = np.einsum("rt,t->r", self.returns, centred) / spread if spread > 0 else np.ones(len(self.returns))
        return np.asarray(0.8 * slope + 0.2)

    def filtered(self, filters: Sequence[np.ndarray]) -> np.ndarray:
        """(filters, rows) weighted sums of returns; the first weight of a filter is the newest day's."""
        width = self.returns.shape[1]
        table = np.zeros((width, len(filters)), np.float32)
        for column, weights in enumerate(filters):
            some = weights[:width]
            table[width - len(some) :, column] = some[::-1]
        with one_algebra_thread():
            return np.asarray((self.returns @ table).T, np.float64)

    def volatility(self, days: int) -> np.ndarray:
        """(rows,) standard deviation of the last returns."""
        recent = self.returns[:, -days:]
        mean = recent.mean(axis=1, dtype=np.float64)
        square = np.einsum("rt,rt->r", recent, recent, dtype=np.float64) / recent.shape[1]
        return np.asarray(np.sqrt(np.maximum(square - mean**2, 0.0)))

    def strength(self, days: int) -> np.ndarray:
        """(rows,) relative strength index: the share of rises in all movement, .5 where nothing moved."""
        recent = self.returns[:, -days:]
        moved = np.abs(recent).sum(axis=1, dtype=np.float64)
        up = (moved + recent.sum(axis=1, dtype=np.float64)) / 2
        share: np.ndarray = np.divide(up, moved, out=np.full_like(up, 0.5), where=moved > 0)
        return share


def summed(days: int, skipped: int = 0) -> np.ndarray:
    """The filter that adds the returns of the last `days`, without the newest `skipped`."""
    weights = np.ones(days)
    weights[:skipped] = 0
    return weights


def exponential(days: int) -> np.ndarray:
    """The filter that gives close over its exponential mean of span `days`, in logarithms."""
    keep = 1 - 2 / (days + 1)
    return np.asarray(keep ** (np.arange(YEAR) + 1))


def triple_exponential(days: int) -> np.ndarray:
    """The filter that gives the newest change of the triple exponential mean of log prices (TRIX, Hutson 1983)."""
    keep = 1 - 2 / (days + 1)
    lags = np.arange(YEAR)
    return np.asarray((1 - keep) ** 3 * (lags + 1) * (lags + 2) / 2 * keep**lags)
