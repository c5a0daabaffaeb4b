"""Bars: prices of many symbols over common moments, as wide arrays that every feature and target is computed from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from eraforge.core.errors import DataError, UserError

FIELDS = ("open", "high", "low", "close", "volume")
SERIES = "series_"
"""What the name of a column begins with that holds one value a moment for all symbols: an index, a rate."""


@dataclass(frozen=True)
class Bars:
    """Prices of `n` symbols at `t` moments. A bar is complete at its moment, never before.

    Args:
        symbols: `n` names, unique, ascending.
        times: (t,) datetime64[s], strictly increasing: the moment each bar closed.
        columns: field name -> (n, t) float64, C-ordered, NaN where there is no bar; `open, high, low, close, volume`
            always, more (turnover, trades, market_cap) where the source has them. Never changed by a reader.
        groups: name -> `n` labels (country, sector) that do not change over time; "" where unknown.
        synthetic: tag of made-up data, or None for real data.
        digest: name of the content, when it is known.

    Raises:
        DataError: `bars-out-of-shape` when lengths or order do not fit.
    """

    symbols: tuple[str, ...]
    times: np.ndarray
    columns: Mapping[str, np.ndarray]
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    synthetic: str | None = None
    digest: str | None = None

    def __post_init__(self) -> None:
        shape = (len(self.symbols), len(self.times))
        wrong = [name for name, values in self.columns.items() if values.shape != shape or values.dtype != np.float64]
        wrong += [name for name in FIELDS if name not in self.columns]
        wrong += [name for name, labels in self.groups.items() if len(labels) != shape[0]]
        ascending = all(one < other for one, other in zip(self.symbols, self.symbols[1:], strict=False))
        rising = self.times.dtype == np.dtype("datetime64[s]") and bool(np.all(np.diff(self.times) > np.timedelta64(0)))
        if wrong or not ascending or not rising:
            named = ", ".join(sorted(set(wrong))) or ("times" if ascending else "symbols")
            raise DataError(
                "bars-out-of-shape",
                f"Bars of {shape[0]} symbols and {shape[1]} moments do not fit together: {named}.",
                "Give ascending symbols, rising moments, and one float64 array of that shape per field.",
            )

    def __getitem__(self, name: str) -> np.ndarray:
        """(n, t) values of a field.

        Raises:
            UserError: `unknown-bar-field`.
        """
        if name not in self.columns:
            raise UserError(
                "unknown-bar-field", f"These bars have no {name!r}.", f"They have {', '.join(self.columns)}."
            )
        return self.columns[name]

    def until(self, moment: np.datetime64) -> Bars:
        """What was known at `moment`: the bars that had closed by then."""
        return self._cut(slice(0, int(np.searchsorted(self.times, moment, side="right"))))

    def last(self, count: int) -> Bars:
        """The newest `count` moments."""
        return self._cut(slice(max(0, len(self.times) - count), len(self.times)))

    def of(self, symbols: Sequence[str]) -> Bars:
        """Only these symbols, in ascending order.

        Raises:
            UserError: `unknown-symbol`.
        """
        place = {name: row for row, name in enumerate(self.symbols)}
        missing = [name for name in symbols if name not in place]
        if missing:
            raise UserError(
                "unknown-symbol", f"These bars hold no {missing[0]!r} ({len(missing)} missing).", "Fetch it first."
            )
        chosen = sorted(set(symbols))
        rows = [place[name] for name in chosen]
        return replace(
            self,
            symbols=tuple(chosen),
            columns={name: np.ascontiguousarray(values[rows]) for name, values in self.columns.items()},
            groups={name: tuple(labels[row] for row in rows) for name, labels in self.groups.items()},
            digest=None,
        )

    def _cut(self, part: slice) -> Bars:
        columns = {name: np.ascontiguousarray(values[:, part]) for name, values in self.columns.items()}
        return replace(self, times=self.times[part], columns=columns, digest=None)
