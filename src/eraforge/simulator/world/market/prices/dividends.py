"""Dividends: who pays, how much, and on which days a share trades without the next one."""

from __future__ import annotations

import numpy as np

from eraforge.simulator.world.market.prices.spec import Spec
from eraforge.simulator.world.rows.draws import generator

QUARTER = 65
"""Weekdays from one dividend to the next."""
USUAL_YIELD, MOST_YIELD = 0.022, 0.08


class Dividends:
    """Quarterly dividends of a market, as the factor by which a holder's shares grow if all are reinvested.

    The factor counts from a name's listing on and only ever grows with days to come, as that of splits does: a bar,
    once told, stands. A price falls by its dividend, so that price times factor moves as the name itself.

    Args:
        reported: (rows,) the standing dividend among the fundamentals, about standard normal.
    """

    def __init__(self, seed: int, spec: Spec, reported: np.ndarray) -> None:
        source = generator(seed, spec.name, "dividends")
        pays = source.random(spec.rows) < spec.payers
        yearly = np.minimum(USUAL_YIELD * np.exp(0.5 * reported), MOST_YIELD)
        self._step = np.where(pays, 1 / (1 - yearly / 4), 1.0)
        self._offset = source.integers(QUARTER, size=spec.rows)

    def factors(self, first: int, before: np.ndarray, count: int, start: np.ndarray) -> np.ndarray:
        """(rows, count) factors of the days from place `first` on.

        Args:
            before: (rows,) factors on the day before; `start` (rows,) the place of the listing of the name that holds
                the row, on whose first day nothing is paid.
        """
        places = first + np.arange(count)
        due = ((places - self._offset[:, None]) % QUARTER == 0) & (places > start[:, None])
        return np.asarray(before[:, None] * self._step[:, None] ** np.cumsum(due, axis=1))
