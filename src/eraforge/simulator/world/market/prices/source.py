"""What a world asks of the prices it is built on."""

from __future__ import annotations

from datetime import date
from typing import Protocol

import numpy as np
import polars as pl

from eraforge.simulator.world.market.corrections import Correction


class Prices(Protocol):
    """Daily bars of `rows` places that names hold; days are places in `days`. No answer holds anything after `stop`."""

    @property
    def days(self) -> np.ndarray:
        """(t,) datetime64[D], the grid of days."""
        ...

    @property
    def country(self) -> np.ndarray:
        """(rows,) labels, "" where there are none."""
        ...

    @property
    def sector(self) -> np.ndarray:
        """(rows,) labels, "" where unknown."""
        ...

    def place(self, day: date) -> int:
        """The place of the last day at or before `day`."""
        ...

    def age(self, place: int) -> np.ndarray:
        """(rows,) days since the listing of the name that holds the row, -1 where none does."""
        ...

    def symbols(self, place: int) -> np.ndarray:
        """(rows,) who holds each row, "" where no name does."""
        ...

    def closes(self, first: int, stop: int) -> np.ndarray:
        """(rows, stop - first) float64 closes adjusted for splits and dividends, NaN where there is no bar."""
        ...

    def moves(self, first: int, stop: int) -> np.ndarray:
        """(rows, stop - first) float32 log returns, 0 without a bar, the next one bridging it; the caller's own."""
        ...

    def dollars(self, first: int, stop: int) -> np.ndarray:
        """(rows, stop - first) money traded, NaN where there is no bar."""
        ...

    def capital(self, place: int) -> np.ndarray:
        """(rows,) market value, NaN where none is known."""
        ...

    def fundamentals(self, place: int) -> np.ndarray:
        """(rows, 4) book, dividends, earnings and growth, about standard normal; 0 where none is known."""
        ...

    def bars(self, first: int, stop: int) -> list[pl.DataFrame]:
        """The bars of these days as rows of the price feed, in order of date and symbol, in pieces."""
        ...

    def corrections(self, first: int, stop: int) -> list[Correction]:
        """Bars of these days that the price feed tells wrong at first."""
        ...
