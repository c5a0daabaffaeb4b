"""A panel as a history that can be cut, scrambled after an era, and run backwards. Labels that were not known at the
cut belong to the future, whatever era they stand in."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from eraforge.core.panel import ERA, ID, Panel


@dataclass(frozen=True)
class PanelHistory:
    """A panel whose rows are in memory.

    Args:
        panel: the whole history.
    """

    panel: Panel

    @property
    def moments(self) -> tuple[str, ...]:
        """The eras."""
        return self.panel.eras

    @property
    def told(self) -> str:
        """The history in words."""
        kind = f"made-up rows ({self.panel.synthetic})" if self.panel.synthetic else "rows"
        return f"{kind}: {len(self.panel.eras)} eras, {len(self.panel.features)} features"

    def until(self, place: int) -> PanelHistory:
        """What was known at an era, by the panel's own gate."""
        return PanelHistory(self.panel.asof(self.panel.eras[place]))

    def scrambled(self, place: int, how: str, generator: np.random.Generator) -> PanelHistory:
        """The same past, another future: later rows and labels not yet known are permuted, resigned, rescaled,
        replaced by noise, or (`absence`) half of the ids are gone and others bear names never seen before."""
        frame = self.panel.collect()
        at = self._places(frame)
        later = at > place
        if how == "absence":
            frame = self._other_universe(frame, later, generator)
            later = self._places(frame) > place
        order = generator.permutation(int(later.sum()))
        columns = [_changed(frame[name], later, how, order, generator) for name in self.panel.features]
        for target in self.panel.targets:
            unknown = self._unknown(frame, target.name, place)
            mixed = generator.permutation(int(unknown.sum()))
            columns.append(_changed(frame[target.name], unknown, how, mixed, generator))
        return self._of(frame.with_columns(columns))

    def backwards(self) -> PanelHistory:
        """The rows of the last era stand in the first, and so on; dates stay where they are."""
        eras = self.panel.eras
        frame = self.panel.collect().with_columns(
            pl.col(ERA).replace_strict(dict(zip(eras, reversed(eras), strict=True)))
        )
        return self._of(frame.sort(ERA, ID))

    def with_labels(self, labels: np.ndarray) -> PanelHistory:
        """The same rows with other values (rows,) of the main target."""
        frame = self.panel.collect()
        name = self.panel.target.name
        return self._of(frame.with_columns(pl.Series(name, labels).cast(frame.schema[name])))

    def _of(self, frame: pl.DataFrame) -> PanelHistory:
        return PanelHistory(replace(self.panel, frame=frame.lazy(), digest=None))

    def _places(self, frame: pl.DataFrame) -> np.ndarray:
        return frame[ERA].replace_strict(self.panel.moments.position, return_dtype=pl.Int64).to_numpy()

    def _unknown(self, frame: pl.DataFrame, target: str, place: int) -> np.ndarray:
        known = set(self.panel.moments.known_before(target, self.panel.moments.dates[place]))
        return np.asarray(~frame[ERA].is_in(sorted(known)).to_numpy())

    def _other_universe(self, frame: pl.DataFrame, later: np.ndarray, generator: np.random.Generator) -> pl.DataFrame:
        ids = frame[ID].unique().sort()
        gone = set(ids.filter(pl.Series(generator.random(len(ids)) < 0.5)).to_list())
        renamed = {name: f"!{name}" for name in ids.to_list() if generator.random() < 0.3}
        other = frame.filter(pl.Series(later) & ~pl.col(ID).is_in(sorted(gone)))
        other = other.with_columns(pl.col(ID).replace(renamed))
        return pl.concat([frame.filter(pl.Series(~later)), other]).sort(ERA, ID)


def _changed(
    column: pl.Series, where: np.ndarray, how: str, order: np.ndarray, generator: np.random.Generator
) -> pl.Series:
    """The column with other values `where` told, in its own type; missing values are moved but never made up."""
    values = column.cast(pl.Float64).to_numpy().copy()
    whole = column.dtype.is_integer()
    some = values[np.isfinite(values)]
    if not where.any() or not some.size:
        return column
    low, high = float(some.min()), float(some.max())
    part = values[where]
    if how == "permute":
        part = part[order]
    elif how == "resign":
        part = low + high - part
    elif how == "rescale":
        part = low + (part - low) * (5.0 if whole else 1000.0)
    elif whole:
        part = generator.integers(int(low), int(high) + 1, part.shape).astype(float)
    else:
        part = generator.normal(float(some.mean()), float(some.std()) or 1.0, part.shape)
    values[where] = part
    changed = pl.Series(column.name, values, nan_to_null=whole)
    return changed.cast(pl.Int64).cast(column.dtype, strict=False) if whole else changed.cast(column.dtype)
