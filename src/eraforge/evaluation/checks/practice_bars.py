"""Made-up bars to try features on: a market in which the next return cannot be known, with the faults of real ones."""

from __future__ import annotations

import numpy as np

from eraforge.core.bars import Bars

DAY = np.timedelta64(86_400, "s")
FIRST = np.datetime64("2019-01-01", "s")


def practice_bars(seed: int = 7, symbols: int = 14, moments: int = 260, ragged: bool = True) -> Bars:
    """Random-walk bars with a common factor, sectors, two extra fields, and a hole here and there.

    Args:
        seed: of everything in it.
        symbols, moments: its size.
        ragged: whether some symbols are listed late or leave early, some bars are missing, some volumes are zero, and
            a return is sometimes an outlier. If not, a bar opens where the last one closed, so that the walk is also
            one when it runs backwards.
    """
    rng = np.random.default_rng(seed)
    shape = (symbols, moments)
    returns = 0.01 * rng.normal(size=moments) * rng.uniform(0.5, 1.5, (symbols, 1)) + 0.02 * rng.normal(size=shape)
    if ragged:
        returns[rng.random(shape) < 0.002] = 0.6
    close = np.exp(np.cumsum(returns, axis=1) + rng.normal(3.0, 1.0, (symbols, 1)))
    gap = rng.uniform(0.3, 1.0, shape) if ragged else 1.0
    opened = close * np.exp(-returns * gap)
    reach = np.exp(np.abs(rng.normal(0.0, 0.01, (2, *shape))))
    high, low = np.maximum(opened, close) * reach[0], np.minimum(opened, close) / reach[1]
    volume = np.exp(rng.normal(10.0, 0.5, shape) + 5 * np.abs(returns))
    if ragged:
        volume[rng.random(shape) < 0.01] = 0.0
    columns = {"open": opened, "high": high, "low": low, "close": close, "volume": volume}
    columns["turnover"] = volume * (high + low) / 2
    columns["market_cap"] = close * np.exp(rng.normal(12.0, 1.0, (symbols, 1)))
    if ragged:
        missing = rng.random(shape) < 0.004
        for place in range(0, symbols, 4):  # listed and gone at all times, so that every cut lies before some of them
            missing[place, : moments * (place + 2) // (symbols + 4)] = True
            missing[(place + 2) % symbols, moments * (place + 3) // (symbols + 4) :] = True
        for values in columns.values():
            values[missing] = np.nan
    names = tuple(f"S{place:03d}" for place in range(symbols))
    groups = {
        "sector": tuple(f"sector {place % 3}" for place in range(symbols)),
        "country": tuple("US" if place % 2 else "JP" for place in range(symbols)),
    }
    return Bars(names, FIRST + np.arange(moments) * DAY, columns, groups, f"practice bars seed={seed}")
