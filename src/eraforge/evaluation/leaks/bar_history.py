"""Bars as a history that can be cut, scrambled after a moment, and run backwards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from eraforge.core.bars import Bars

PRICES = ("open", "high", "low", "close")
MIRROR = {"high": "low", "low": "high"}


@dataclass(frozen=True)
class BarHistory:
    """Bars, and how many bars after its own each field becomes known.

    Args:
        bars: the whole history.
        delays: field -> bars by which it is known later than its moment: fundamentals that are published weeks after,
            or 1 for the close of a day whose signal is due in the morning. Fields not named are known at once.
    """

    bars: Bars
    delays: Mapping[str, int] = field(default_factory=dict)

    @property
    def moments(self) -> tuple[str, ...]:
        """The moments as text."""
        return tuple(str(moment).removesuffix("T00:00:00") for moment in self.bars.times)

    @property
    def told(self) -> str:
        """The history in words."""
        kind = f"made-up bars ({self.bars.synthetic})" if self.bars.synthetic else "bars"
        return f"{kind}: {len(self.bars.symbols)} symbols, {len(self.bars.times)} moments"

    def until(self, place: int) -> BarHistory:
        """What was known at a moment: later bars are gone, and so are the newest of fields that come late."""
        cut = self.bars.until(self.bars.times[place])
        columns = dict(cut.columns)
        for name, delay in self.delays.items():
            columns[name] = columns[name].copy()
            columns[name][:, max(0, place + 1 - delay) :] = np.nan
        return replace(self, bars=replace(cut, columns=columns))

    def newest(self, place: int, count: int) -> BarHistory:
        """The `count` bars up to a moment, that one included."""
        return replace(self, bars=self.bars.until(self.bars.times[place]).last(count))

    def scrambled(self, place: int, how: str, generator: np.random.Generator) -> BarHistory:
        """The same past, another future: everything not known at the moment is permuted, resigned, rescaled, replaced
        by noise, or missing. Bars stay bars (the low is never above the high)."""
        seed = int(generator.integers(2**32))
        columns = {}
        for name, values in self.bars.columns.items():
            start = max(0, place + 1 - self.delays.get(name, 0))
            out = values.copy()
            out[:, start:] = self._other(name, start, how, np.random.default_rng([seed, start]))
            columns[name] = out
        return replace(self, bars=replace(self.bars, columns=columns, digest=None))

    def backwards(self) -> BarHistory:
        """The same bars in reversed order."""
        columns = {name: np.ascontiguousarray(values[:, ::-1]) for name, values in self.bars.columns.items()}
        columns["open"], columns["close"] = columns["close"], columns["open"]
        return replace(self, bars=replace(self.bars, columns=columns, digest=None))

    def _other(self, name: str, start: int, how: str, generator: np.random.Generator) -> np.ndarray:
        """Another future of one field. Equal draws for all fields that start together keep each bar consistent."""
        values: np.ndarray = self.bars.columns[name][:, start:]
        rows, count = values.shape
        if how == "permute":
            order = generator.permuted(np.tile(np.arange(count), (rows, 1)), axis=1)
            values = values[generator.permutation(rows)]
            return np.asarray(np.take_along_axis(values, order, axis=1))
        if how == "resign":
            return self._turned(name, start)
        if how == "rescale":
            return np.asarray(values * np.exp(generator.normal(0.0, 2.0, (rows, 1))))
        if how == "noise":
            seed = int(generator.integers(2**32))
            own = generator if name in PRICES else np.random.default_rng([seed, sum(name.encode())])
            return np.asarray(values * np.exp(own.normal(0.0, 0.5, (rows, count))))
        gone = generator.random((rows, 1)) < 0.5
        return np.where(gone, np.nan, values)

    def _turned(self, name: str, start: int) -> np.ndarray:
        """Each rise becomes the same fall: prices are mirrored on a logarithmic scale, other fields on their own."""
        source = self.bars.columns[MIRROR.get(name, name)][:, start:]
        anchor = self.bars.columns["close" if name in PRICES else name][:, max(0, start - 1)][:, None]
        known = np.isfinite(anchor) & (anchor != 0)
        if not (source[np.isfinite(source)] > 0).all():
            return np.asarray(2 * np.where(np.isfinite(anchor), anchor, 0.0) - source)
        return np.asarray(np.where(known, anchor, 1.0) ** 2 / source)
