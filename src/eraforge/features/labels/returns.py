"""Forward returns: from the close `lag` days after an era's date to the close `horizon` days after that.

Days are weekdays in every tournament, crypto included, although coins trade on Sundays too: daily score k of a round is
its target after k days of returns and comes out on the k-th score day, and five days of a week are score days. Twenty
calendar days would be over before the twentieth score. (The published training file of crypto has about 300 rows for
every weekday since 2020, and fewer than the universe holds for every calendar day: its eras are weekdays as well.)
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

import numpy as np

from eraforge.core.errors import UserError

LAG = 2
STALE = 5
"""Bars back that the close before the returns may lie; an older one is no price anybody could have traded at."""


class Days(StrEnum):
    """Which days a horizon counts."""

    WEEK = "week"
    CALENDAR = "calendar"


def moved(dates: np.ndarray, count: int, counted: Days = Days.WEEK) -> np.ndarray:
    """The date `count` counted days after each date. From a weekend, the first weekday after it is Monday.

    Args:
        dates: datetime64[D] of any shape.
    """
    if counted is Days.CALENDAR:
        return np.asarray(dates + np.timedelta64(count, "D"))
    return np.asarray(np.busday_offset(dates, count, roll="backward"))


def look_ahead(
    dates: np.ndarray, horizon: int, lag: int = LAG, counted: Days = Days.WEEK
) -> tuple[np.ndarray, np.ndarray]:
    """Which bars the returns of each moment start and end at.

    Args:
        dates: (t,) datetime64[D], not falling: the date each bar belongs to.
        horizon, lag: counted days of returns, and counted days before they start.

    Returns:
        (t,) places of the last bars dated at or before the start and the end; -1 for both where the end's day is
        not there yet.

    Raises:
        UserError: `horizon-out-of-range`.
    """
    if horizon < 1 or lag < 0:
        raise UserError(
            "horizon-out-of-range",
            f"A label of {horizon} days after {lag} has no returns.",
            "Use a horizon of at least 1 and a lag of at least 0.",
        )
    if not len(dates):
        return np.empty(0, np.int64), np.empty(0, np.int64)
    first, last = moved(dates, lag, counted), moved(dates, lag + horizon, counted)
    starts = np.searchsorted(dates, first, side="right") - 1
    ends = np.searchsorted(dates, last, side="right") - 1
    there = last <= dates[-1]
    return np.where(there, starts, -1), np.where(there, ends, -1)


def forward_returns(
    close: np.ndarray, starts: np.ndarray | Sequence[int], ends: np.ndarray | Sequence[int], stale: int = STALE
) -> np.ndarray:
    """Simple returns between pairs of moments.

    A symbol without a bar at the start is bought at its last close, if that is at most `stale` bars old. One without a
    bar at the end is sold at its last close: a symbol that is delisted on the way keeps what it had come to, so that
    survivors alone never make the label. One that does not trade between start and end has no return.

    Args:
        close: (n, t) closes adjusted for splits, NaN where there is no bar.
        starts, ends: (m,) places in time; -1 where the end is not there yet.

    Returns:
        (n, m) returns, NaN where there is none.
    """
    begin, end = np.asarray(starts, np.int64), np.asarray(ends, np.int64)
    closes = np.asarray(close, np.float64)
    place = np.where(np.isnan(closes), -1, np.arange(closes.shape[1]))
    seen = np.maximum.accumulate(place, axis=1) if closes.shape[1] else place
    if not closes.shape[1]:
        return np.full((len(closes), len(begin)), np.nan)
    bought, sold = seen[:, begin], seen[:, end]
    usable = (end >= 0) & (bought >= 0) & (begin - bought <= stale) & (sold > begin)
    rows = np.arange(len(closes))[:, None]
    with np.errstate(invalid="ignore", divide="ignore"):
        returns = closes[rows, sold] / closes[rows, bought] - 1
    return np.where(usable & np.isfinite(returns), returns, np.nan)
