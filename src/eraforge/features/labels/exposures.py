"""Exposures of symbols to what moves many of them at once, each from the bars up to its own moment.

Sources: market beta and momentum of Jegadeesh and Titman (1993) and Carhart (1997); size as the logarithm of dollars
traded, where no market value is known; volatility as the standard deviation of daily log returns.
"""

from __future__ import annotations

import numpy as np

from eraforge.core.bars import Bars

YEAR = 252
MONTH = 21
FACTORS = ("beta", "momentum", "volatility", "size")


def log_returns(close: np.ndarray) -> np.ndarray:
    """(n, t) logarithms of close over the last close before it; 0 at the first bar, NaN where there is no bar."""
    closes = np.asarray(close, np.float64)
    place = np.where(np.isnan(closes), -1, np.arange(closes.shape[1]))
    seen = np.maximum.accumulate(place, axis=1)
    before = np.concatenate([np.full((len(closes), 1), -1), seen[:, :-1]], axis=1)
    rows = np.arange(len(closes))[:, None]
    with np.errstate(invalid="ignore", divide="ignore"):
        moves = np.log(closes / np.where(before >= 0, closes[rows, before], closes))
    return np.where(np.isfinite(moves), moves, np.nan)


def market_returns(moves: np.ndarray) -> np.ndarray:
    """(t,) mean return of the symbols that have one; 0 where none has."""
    count = (~np.isnan(moves)).sum(axis=0)
    return np.asarray(np.nansum(moves, axis=0) / np.maximum(count, 1))


def market_beta(moves: np.ndarray, market: np.ndarray) -> np.ndarray:
    """(n,) slopes of returns on the market's, shrunk by a fifth towards 1; 1 where there are fewer than a month's.

    Args:
        moves: (n, w) returns, NaN where there is none.
        market: (w,).
    """
    known = ~np.isnan(moves)
    count = np.maximum(known.sum(axis=1), 1)
    filled = np.where(known, moves, 0.0)
    own, others = filled.sum(axis=1) / count, (known * market).sum(axis=1) / count
    product = (filled * market).sum(axis=1) / count - own * others
    spread = (known * market**2).sum(axis=1) / count - others**2
    with np.errstate(invalid="ignore", divide="ignore"):
        slope = product / spread
    return np.asarray(np.where((count >= MONTH) & (spread > 0), 0.8 * slope + 0.2, 1.0))


def factor_exposures(bars: Bars, at: int) -> np.ndarray:
    """(n, len(FACTORS)) exposures at one moment, ranked to [-1, 1] across symbols; 0 where nothing is known.

    Args:
        bars: daily bars.
        at: the place in time; nothing after it is looked at.
    """
    window = slice(max(0, at - YEAR), at + 1)
    moves = log_returns(bars["close"][:, window])
    market = market_returns(moves)
    known = (~np.isnan(moves)).sum(axis=1)
    momentum = np.nansum(moves[:, :-MONTH], axis=1)
    recent = moves[:, -3 * MONTH :]
    count = np.maximum((~np.isnan(recent)).sum(axis=1), 1)
    mean = np.nansum(recent, axis=1) / count
    volatility = np.sqrt(np.maximum(np.nansum(recent**2, axis=1) / count - mean**2, 0))
    traded = (bars["close"] * bars["volume"])[:, window][:, -MONTH:]
    size = np.log1p(np.nansum(traded, axis=1))
    columns = np.stack([market_beta(moves, market), momentum, volatility, size], axis=1)
    columns[known < MONTH] = np.nan
    return np.stack([_spread(column) for column in columns.T], axis=1)


def _spread(values: np.ndarray) -> np.ndarray:
    from eraforge.features.labels.bins import ranked

    return np.asarray(np.nan_to_num(2 * ranked(values) - 1))
