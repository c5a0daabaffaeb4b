"""The registered labels: each a declared recipe of what it looks at, what it takes out and how it is graded.

The tournaments publish what their targets are made of, not every constant: a `factor_neutral` label here takes out the
market, country, sector and the four factors of `exposures`; the published one uses factors of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

import numpy as np

from eraforge.core.bars import Bars
from eraforge.core.calendar import label_known_on
from eraforge.core.errors import UserError
from eraforge.core.panel import Moments, Target
from eraforge.core.words import Calendar
from eraforge.features.labels.bins import binned, ranked
from eraforge.features.labels.exposures import YEAR, factor_exposures, log_returns, market_beta, market_returns
from eraforge.features.labels.neutral import dummies, residual, weighted_basis
from eraforge.features.labels.returns import LAG, Days, forward_returns, look_ahead

VOLUME_DAYS = 20
GROUPS = ("country", "sector")


class Grade(StrEnum):
    """How a label is expressed."""

    PLAIN = "plain"
    RANKED = "ranked"
    BINNED = "binned"


@dataclass(frozen=True, slots=True)
class Label:
    """A label and everything it depends on.

    Args:
        name: the column.
        horizon, lag: counted days of returns, and days before they start.
        market: take out beta times the mean return of the market over the same days.
        groups: groupings of the bars whose mean is taken out; one that the bars lack or do not know is refused.
        factors: take out the factors of `exposures.FACTORS` as well.
        by_volume: weigh symbols by the square root of dollars traded, both to take out and to bin.
        grade: plain numbers, ranks within (0, 1), or the published five bins.
        counted: which days count.
    """

    name: str
    horizon: int
    lag: int = LAG
    market: bool = False
    groups: tuple[str, ...] = ()
    factors: bool = False
    by_volume: bool = False
    grade: Grade = Grade.PLAIN
    counted: Days = Days.WEEK

    @property
    def target(self) -> Target:
        """The label as a panel carries it."""
        return Target(self.name, self.horizon, self.lag)

    def known_on(self, calendar: Calendar, days: Sequence[date]) -> tuple[date, ...]:
        """When the label of each day is published: the last score day of the round that opens after it."""
        return tuple(label_known_on(calendar, day, self.horizon) for day in days)

    def moments(self, calendar: Calendar, days: Sequence[date]) -> Moments:
        """Eras named by their dates, and when this label of each becomes known."""
        return Moments(tuple(day.isoformat() for day in days), tuple(days), {self.name: self.known_on(calendar, days)})

    def compute(
        self, bars: Bars, at: Sequence[int] | np.ndarray | None = None, universe: np.ndarray | None = None
    ) -> np.ndarray:
        """The label at some moments.

        Args:
            bars: daily bars, closes adjusted for splits; a bar belongs to the UTC date of its moment.
            at: places in time; None means all.
            universe: (n, t) whether a symbol is in the universe; None takes all.

        Returns:
            (n, moments); NaN outside the universe, without a return, or where the last bar is not there yet.

        Raises:
            UserError: `bars-without-group`.
        """
        places = np.arange(len(bars.times)) if at is None else np.asarray(at, np.int64)
        starts, ends = look_ahead(bars.times.astype("datetime64[D]"), self.horizon, self.lag, self.counted)
        returns = forward_returns(bars["close"], starts[places], ends[places])
        if universe is not None:
            returns = np.where(universe[:, places], returns, np.nan)
        groups = [dummies(self._labels(bars, name)) for name in self.groups]
        columns = [self._era(bars, groups, place, returns[:, era]) for era, place in enumerate(places.tolist())]
        return np.stack(columns, axis=1) if columns else returns

    def _labels(self, bars: Bars, name: str) -> tuple[str, ...]:
        labels = bars.groups.get(name, ())
        if not any(labels):
            raise UserError(
                "bars-without-group",
                f"Label {self.name!r} needs the {name} of every symbol, which these bars do not tell.",
                "Join a map of symbols to groups, or use a label that needs none.",
            )
        return labels

    def _era(self, bars: Bars, groups: list[np.ndarray], at: int, returns: np.ndarray) -> np.ndarray:
        known = ~np.isnan(returns)
        if not known.any():
            return returns
        weights = _volume_weights(bars, at) if self.by_volume else None
        left = self._without_market(bars, at, returns) if self.market else returns
        exposures = [np.ones((len(returns), 1)), *groups] if groups or self.factors else []
        exposures += [factor_exposures(bars, at)] if self.factors else []
        if exposures:
            table, some = np.concatenate(exposures, axis=1)[known], None if weights is None else weights[known]
            left = left.copy()
            left[known] = residual(left[known], weighted_basis(table, some), some)
        if self.grade is Grade.PLAIN:
            return left
        return ranked(left, weights) if self.grade is Grade.RANKED else binned(left, weights)

    def _without_market(self, bars: Bars, at: int, returns: np.ndarray) -> np.ndarray:
        moves = log_returns(bars["close"][:, max(0, at - YEAR) : at + 1])
        beta = market_beta(moves, market_returns(moves))
        mean = float(np.nanmean(returns))
        return np.asarray(returns - beta * mean)


def _volume_weights(bars: Bars, at: int) -> np.ndarray:
    """(n,) square roots of mean dollars traded, at mean 1; a symbol that never traded gets the smallest weight."""
    window = slice(max(0, at - VOLUME_DAYS + 1), at + 1)
    traded = np.nansum(bars["close"][:, window] * bars["volume"][:, window], axis=1)
    root = np.sqrt(traded)
    root = np.where(root > 0, root, root[root > 0].min() if (root > 0).any() else 1.0)
    return np.asarray(root / root.mean())


RAW_RETURN_20, RAW_RETURN_60 = Label("raw_return_20", 20), Label("raw_return_60", 60)
RANKED_RETURN_20 = Label("ranked_return_20", 20, grade=Grade.RANKED)
RANKED_RETURN_60 = Label("ranked_return_60", 60, grade=Grade.RANKED)
BINNED_RETURN_20 = Label("binned_return_20", 20, grade=Grade.BINNED)
BINNED_RETURN_60 = Label("binned_return_60", 60, grade=Grade.BINNED)
MARKET_NEUTRAL_20 = Label("market_neutral_20", 20, market=True, grade=Grade.BINNED)
MARKET_NEUTRAL_60 = Label("market_neutral_60", 60, market=True, grade=Grade.BINNED)
GROUP_NEUTRAL_20 = Label("group_neutral_20", 20, groups=GROUPS, grade=Grade.BINNED)
GROUP_NEUTRAL_60 = Label("group_neutral_60", 60, groups=GROUPS, grade=Grade.BINNED)
FACTOR_NEUTRAL_20 = Label("factor_neutral_20", 20, groups=GROUPS, factors=True, grade=Grade.BINNED)
FACTOR_NEUTRAL_60 = Label("factor_neutral_60", 60, groups=GROUPS, factors=True, grade=Grade.BINNED)
CHILI_60 = Label("chili_60", 60, groups=GROUPS, factors=True, by_volume=True, grade=Grade.BINNED)
