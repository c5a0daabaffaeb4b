"""Cross-sections: the universe of one market day, its features in bins, and what targets are made neutral to."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

import numpy as np

from eraforge.evaluation.kernels.threads import one_algebra_thread
from eraforge.features.labels import dummies, weighted_basis
from eraforge.simulator.world.market.layout import Layout
from eraforge.simulator.world.market.lookback import Lookback, summed
from eraforge.simulator.world.market.prices.process import MOMENTUM_DAYS, REVERSAL_DAYS, SKIPPED_DAYS
from eraforge.simulator.world.market.prices.source import Prices

BINS = 5
MIDDLE = 2
YOUNGEST = 30  # days of prices a name needs before it may enter
LEAST_TRADED = 0.03  # share of names that trade too little to enter
REMEMBERED_ROWS = 1_200_000  # rows of cross-sections that are remembered, about 100 bytes each


@dataclass(frozen=True)
class Section:
    """One market day's universe, in order of its ids.

    Args:
        place: the day.
        rows: (n,) rows of the market.
        ids: (n,) ascending symbols.
        bins: (features, n) int8, 0 to 4.
        signals: (2, n) float32 half-year momentum and one-month reversal without the market's part, about
            standard normal: what the planted signal acts on.
        weights: (n,) sample weights, at mean 1: square roots of money traded.
        country, sector: (n,) numbers.
        factors: which features' bins span the factors.
    """

    place: int
    rows: np.ndarray
    ids: np.ndarray
    bins: np.ndarray
    signals: np.ndarray
    weights: np.ndarray
    country: np.ndarray
    sector: np.ndarray
    factors: tuple[int, ...]

    def basis(self, features: bool, by_volume: bool) -> np.ndarray:
        """(n, k) orthonormal basis of a constant, countries, sectors and factors, or of all features instead.

        Args:
            features: span all features instead of the factors.
            by_volume: orthonormal under the sample weights instead of equal ones.
        """
        chosen = self.bins if features else self.bins[list(self.factors)]
        spread = (chosen.T.astype(np.float64) - MIDDLE) / np.sqrt(2)
        table = np.concatenate([np.ones((len(self.rows), 1)), dummies(self.country), dummies(self.sector), spread], 1)
        with one_algebra_thread():
            return weighted_basis(table, self.weights if by_volume else None)

    def neutralizers(self) -> np.ndarray:
        """(n, k) the matrix of the scores: orthonormal under the sample weights."""
        return self.basis(features=False, by_volume=True)


class Sections:
    """The cross-sections of a world, each made when asked for and remembered for a while."""

    def __init__(self, prices: Prices, layout: Layout) -> None:
        self.prices, self.layout = prices, layout
        self._kept: OrderedDict[int, Section] = OrderedDict()
        self._kept_rows = 0
        names = layout.feature_names
        self._factors = tuple(names.index(name) for name in layout.factors)
        self._country, self._sector = (_codes(labels) for labels in (prices.country, prices.sector))
        self._local = np.array([name in layout.local for name in names])

    def at(self, place: int) -> Section:
        """The cross-section of a day, from what was known at its close."""
        section = self._kept.get(place)
        if section is None:
            section = self._kept[place] = self._make(Lookback(self.prices, place))
            self._kept_rows += len(section.rows)
            while self._kept_rows > REMEMBERED_ROWS:
                self._kept_rows -= len(self._kept.popitem(last=False)[1].rows)
        return section

    def _make(self, back: Lookback) -> Section:
        rows, ids = self._universe(back)
        country, sector = self._country[rows], self._sector[rows]
        values = self.layout.features(back)[:, rows]
        dollars = np.sqrt(back.dollars[rows])
        least = dollars[dollars > 0].min() if (dollars > 0).any() else 1.0
        weights = np.maximum(dollars, least)
        return Section(
            place=back.place,
            rows=rows,
            ids=ids,
            bins=self._binned(values, country),
            signals=_signals(back)[:, rows],
            weights=weights / weights.mean(),
            country=country,
            sector=sector,
            factors=self._factors,
        )

    def _binned(self, values: np.ndarray, country: np.ndarray) -> np.ndarray:
        bins = np.empty(values.shape, np.int8)
        local = self._local
        bins[~local] = in_bins(values[~local])
        if local.any():
            bins[local] = in_bins(values[local], country)
        return bins

    def _universe(self, back: Lookback) -> tuple[np.ndarray, np.ndarray]:
        """Rows and ids of the day's universe, in order of the ids."""
        symbols = self.prices.symbols(back.place)
        enough = (back.age >= YOUNGEST) & ~np.isnan(back.last_close)
        always = np.isin(symbols, self.layout.always) & enough
        layout = self.layout
        measure = back.capital if layout.by_size and not np.isnan(back.capital).all() else back.dollars
        measure = np.where(enough, np.nan_to_num(measure, nan=0.0), -1.0)
        if not layout.by_size and enough.any():
            enough &= back.dollars >= np.quantile(back.dollars[enough], LEAST_TRADED)
        order = np.lexsort((symbols, -measure, ~always))
        rows = order[enough[order]][: layout.universe]
        rows = rows[np.argsort(symbols[rows])]
        return rows, symbols[rows]


def in_bins(values: np.ndarray, groups: np.ndarray | None = None) -> np.ndarray:
    """Equal fifths of each row of (features, n), 0 to 4; ties go by their mean rank, a missing value by the median.

    Args:
        groups: (n,) numbers of groups within which to rank; None ranks all together.
    """
    complete = _complete(values)
    order = np.argsort(complete, axis=1, kind="stable")
    turn = np.zeros(values.shape, bool)
    turn[:, :1] = True
    if groups is not None:
        order = np.take_along_axis(order, np.argsort(groups[order], axis=1, kind="stable"), axis=1)
        turn[:, 1:] = np.diff(groups[order], axis=1) != 0
    key = np.take_along_axis(complete, order, axis=1)
    fresh = turn.copy()
    fresh[:, 1:] |= key[:, 1:] != key[:, :-1]
    first, last = _ends(turn)
    start, stop = _ends(fresh)
    rank = ((start + stop + 1) / 2 - first) / (last + 1 - first)
    bins = np.empty(values.shape, np.int8)
    np.put_along_axis(bins, order, np.minimum(BINS * rank, BINS - 1).astype(np.int8), axis=1)
    return bins


def _ends(starts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Places of the first and the last member of each run; `starts` (lines, n) marks where one begins."""
    count = starts.shape[1]
    places = np.arange(count)
    first = np.maximum.accumulate(np.where(starts, places, 0), axis=1)
    final = np.ones(starts.shape, bool)
    final[:, :-1] = starts[:, 1:]
    last = np.minimum.accumulate(np.where(final, places, count)[:, ::-1], axis=1)[:, ::-1]
    return first, last


def _complete(values: np.ndarray) -> np.ndarray:
    """Missing values replaced by the median of their line, 0 where there is none."""
    missing = np.isnan(values)
    if not missing.any():
        return values
    filled = values.copy()
    for line in np.flatnonzero(missing.any(axis=1)):
        known = values[line][~missing[line]]
        filled[line, missing[line]] = np.median(known) if len(known) else 0.0
    return filled


def _codes(labels: np.ndarray) -> np.ndarray:
    return np.asarray(np.unique(labels, return_inverse=True)[1])


def _signals(back: Lookback) -> np.ndarray:
    """(2, rows) momentum and reversal of each name's own moves."""
    long, short = summed(MOMENTUM_DAYS, SKIPPED_DAYS), summed(REVERSAL_DAYS)
    sums = back.filtered([long, short])
    newest = back.market[::-1]
    market = np.array([np.dot(weights[: len(newest)], newest[: len(weights)]) for weights in (long, short)])
    left = sums - market[:, None] * back.beta
    size = np.maximum(back.volatility(MOMENTUM_DAYS), 1e-9)
    scale = np.sqrt([MOMENTUM_DAYS - SKIPPED_DAYS, REVERSAL_DAYS])[:, None]
    return np.asarray(np.array([[1.0], [-1.0]]) * left / size / scale, np.float32)
