"""Panel: rows keyed by (era, id), lazy and column-selected, with one gate to the past."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl

from eraforge.core.errors import Broken, DataError, UserError

ERA = "era"
ID = "id"
FIRST_ERAS = 16
ROWS_OF_A_BATCH = 100_000
ROWS_TURNED = 1024
"""Rows turned from columns into rows at a time, so that both forms of them fit a processor's cache."""


class Sample(StrEnum):
    """Which sample a row or a figure comes from. A train figure is never shown as a result."""

    TRAIN = "train"
    VALIDATION = "validation"
    TEST = "test"
    LIVE = "live"


@dataclass(frozen=True, slots=True)
class Target:
    """A label and how far it looks ahead.

    Args:
        name: the column.
        horizon: weekdays of returns in the label (20 or 60 on Numerai).
        lag: weekdays skipped before the returns start (2 on Numerai).
        purge: eras the arena leaves out between training and prediction (8 for 20 weekdays, 16 for 60).
    """

    name: str
    horizon: int
    lag: int = 2
    purge: int = 0


@dataclass(frozen=True)
class Moments:
    """When each era happened and when each of its targets becomes known.

    Args:
        eras: era labels in time order, unique.
        dates: the date of each era, strictly increasing, as long as `eras`.
        known: per target name, the date on which the era's value of it is known, as long as `eras`.

    Raises:
        DataError: `eras-out-of-order` when the dates do not increase or the lengths differ.
    """

    eras: tuple[str, ...]
    dates: tuple[date, ...]
    known: Mapping[str, tuple[date, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        lengths = {len(self.eras), len(self.dates), *(len(days) for days in self.known.values())}
        rising = all(earlier < later for earlier, later in zip(self.dates, self.dates[1:], strict=False))
        if len(lengths) != 1 or not rising or len(set(self.eras)) != len(self.eras):
            raise DataError(
                "eras-out-of-order",
                "The eras of this panel are not in strict time order, or their dates are incomplete.",
                "Check the era column and the calendar of the arena that reads it.",
            )

    @cached_property
    def position(self) -> dict[str, int]:
        """Era label to its place in time order, from 0."""
        return {era: place for place, era in enumerate(self.eras)}

    def date_of(self, era: str) -> date:
        """The date of an era.

        Raises:
            UserError: `unknown-era`.
        """
        if era not in self.position:
            span = f"{self.eras[0]} to {self.eras[-1]}" if self.eras else "no era"
            raise UserError("unknown-era", f"There is no era {era!r} in this panel.", f"It holds {span}.")
        return self.dates[self.position[era]]

    def known_before(self, target: str, moment: date) -> tuple[str, ...]:
        """The eras whose value of `target` is known strictly before `moment`."""
        if target not in self.known:
            raise Broken(
                "target-without-moment",
                f"Target {target!r} does not say when it becomes known.",
                "Give the panel a target with its horizon.",
            )
        return tuple(era for era, day in zip(self.eras, self.known[target], strict=True) if day < moment)

    def restrict(self, keep: Sequence[bool]) -> Moments:
        """The same table for some of its eras (`keep` is as long as `eras`)."""

        def pick(values: Sequence[Any]) -> tuple[Any, ...]:
            return tuple(value for value, kept in zip(values, keep, strict=True) if kept)

        return Moments(pick(self.eras), pick(self.dates), {name: pick(days) for name, days in self.known.items()})


@dataclass(frozen=True)
class Panel:
    """Rows keyed by (`era`, `id`): feature columns, and targets that know when they become known.

    The frame stays lazy: nothing is read before `collect`, `matrix` or `batches`, and then only the selected columns.

    Args:
        frame: lazy rows with `era`, `id`, the features and the targets, sorted by (era, id).
        features: feature columns in order.
        targets: targets in order; the first is the main one.
        moments: dates of the eras and of their targets.
        sample: which sample these rows belong to.
        synthetic: the tag of made-up data (its generator and seed), or None for real data.
        digest: the name of the content, when it is known (used as the key of everything computed from it).
    """

    frame: pl.LazyFrame
    features: tuple[str, ...]
    targets: tuple[Target, ...]
    moments: Moments
    sample: Sample
    synthetic: str | None = None
    digest: str | None = None

    @property
    def eras(self) -> tuple[str, ...]:
        """Era labels in time order."""
        return self.moments.eras

    @property
    def target(self) -> Target:
        """The main target.

        Raises:
            UserError: `panel-without-target`.
        """
        if not self.targets:
            raise UserError("panel-without-target", "This panel carries no target.", "Select a target to train on.")
        return self.targets[0]

    def select(self, features: Sequence[str] | None = None, targets: Sequence[str] | None = None) -> Panel:
        """The same rows with fewer columns.

        Raises:
            UserError: `unknown-column`, naming those that are missing.
        """
        wanted = self.features if features is None else tuple(features)
        by_name = {target.name: target for target in self.targets}
        labels = tuple(by_name) if targets is None else tuple(targets)
        missing = [name for name in wanted if name not in set(self.features)]
        missing += [name for name in labels if name not in by_name]
        if missing:
            some = ", ".join(missing[:5]) + (f" and {len(missing) - 5} more" if len(missing) > 5 else "")
            raise UserError(
                "unknown-column", f"The panel has no column {some}.", "Check the feature set and the target's name."
            )
        frame = self.frame.select([ERA, ID, *wanted, *labels])
        return self._with(frame, features=wanted, targets=tuple(by_name[name] for name in labels))

    def where_eras(self, eras: Sequence[str]) -> Panel:
        """Only the rows of these eras.

        Raises:
            UserError: `unknown-era`.
        """
        for era in eras:
            self.moments.date_of(era)
        chosen = set(eras)
        frame = self.frame.filter(pl.col(ERA).is_in(sorted(chosen)))
        return self._with(frame, moments=self.moments.restrict([era in chosen for era in self.eras]))

    def asof(self, era: str) -> Panel:
        """What could be known when `era` began: the one gate to the past.

        Later rows are gone; a target is masked (null) wherever it is not known strictly before the era's date.
        Counting eras is not enough: a holiday can delay a label past the count. Columns of the frame that are neither
        feature nor target of this panel stay outside, since nothing tells when they become known.

        Raises:
            UserError: `unknown-era`.
        """
        moment = self.moments.date_of(era)
        keep = [day <= moment for day in self.moments.dates]
        frame = self.frame.filter(pl.col(ERA).is_in(list(self.moments.restrict(keep).eras)))
        columns: list[str | pl.Expr] = [ERA, ID, *self.features]
        for target in self.targets:
            known = list(self.moments.known_before(target.name, moment))
            columns.append(pl.when(pl.col(ERA).is_in(known)).then(pl.col(target.name)).alias(target.name))
        return self._with(frame.select(columns), moments=self.moments.restrict(keep))

    def labelled(self, target: str | None = None) -> Panel:
        """Only the rows whose (main) target is known."""
        name = self.target.name if target is None else target
        return self._with(self.frame.filter(pl.col(name).is_not_null() & pl.col(name).is_not_nan()))

    def _with(self, frame: pl.LazyFrame, **changes: Any) -> Panel:
        """A panel of other content: it no longer goes by this one's digest."""
        return replace(self, frame=frame, digest=None, **changes)

    def collect(self) -> pl.DataFrame:
        """Read the selected columns of all rows into memory."""
        return self.frame.collect()

    def matrix(self, dtype: type[np.generic] = np.int8) -> np.ndarray:
        """Features of all rows as one C-ordered array, shape (rows, features)."""
        return frame_matrix(self.frame.select(self.features).collect(), self.features, dtype)

    def batches(self, eras_at_once: int | None = None) -> Iterator[pl.DataFrame]:
        """Consecutive collected pieces of whole eras, so that the whole is never in memory.

        Args:
            eras_at_once: eras of each piece. Without it 16, and up to twice as many in the next as long as a piece has
                fewer than ROWS_OF_A_BATCH rows: every piece reads anew, which small eras would pay for most.
        """
        start, count = 0, eras_at_once or FIRST_ERAS
        while start < len(self.eras):
            piece = self.frame.filter(pl.col(ERA).is_in(list(self.eras[start : start + count]))).collect()
            yield piece
            start += count
            if eras_at_once is None and 0 < 2 * piece.height <= ROWS_OF_A_BATCH:
                count *= 2

    def era_before(self, moment: date) -> str | None:
        """The last era dated strictly before `moment`, or None."""
        place = bisect_left(self.moments.dates, moment)
        return self.eras[place - 1] if place else None


def frame_matrix(frame: pl.DataFrame, columns: Sequence[str], dtype: type[np.generic]) -> np.ndarray:
    """Columns of a frame as one C-ordered array of `dtype`, filled piece by piece (no wider copy of the whole).

    Raises:
        DataError: when an integer array was asked for, `missing-feature-values` where a column holds nulls, and
            `feature-values-do-not-fit` where its values would change.
    """
    out = np.empty((frame.height, len(columns)), dtype=dtype)
    rows = frame.select(columns)
    if _alike(rows, dtype):
        for start in range(0, rows.height, ROWS_TURNED):
            out[start : start + ROWS_TURNED] = rows.slice(start, ROWS_TURNED).to_numpy(order="c")
        return out
    for place, name in enumerate(columns):
        column = frame.get_column(name)
        if column.null_count() and np.issubdtype(dtype, np.integer):
            raise DataError(
                "missing-feature-values",
                f"Feature {name!r} has {column.null_count()} missing values, which {np.dtype(dtype).name} cannot hold.",
                "Fill them when the panel is checked, or ask for a float matrix.",
            )
        values = column.to_numpy()
        with np.errstate(invalid="ignore"):
            out[:, place] = values
        if np.issubdtype(dtype, np.integer) and not _unchanged(values, out[:, place]):
            raise DataError(
                "feature-values-do-not-fit",
                f"Feature {name!r} ({column.dtype}) has values that {np.dtype(dtype).name} cannot hold.",
                "Ask for a wider or a float matrix.",
            )
    return out


def _alike(rows: pl.DataFrame, dtype: type[np.generic]) -> bool:
    """Whether all columns are numbers of one kind, none missing, that `dtype` holds as they are."""
    kinds = set(rows.dtypes)
    if len(kinds) != 1 or not next(iter(kinds)).is_numeric() or any(rows.null_count().row(0)):
        return False
    return np.can_cast(rows.to_series(0).head(0).to_numpy().dtype, dtype, "safe")


def _unchanged(values: np.ndarray, stored: np.ndarray) -> bool:
    """Whether whole numbers hold the values; only kinds that could lose something are looked at again."""
    return np.can_cast(values.dtype, stored.dtype, "safe") or np.array_equal(values, stored)


def join_panels(earlier: Panel, later: Panel) -> Panel:
    """Rows of two panels of the same columns, the earlier eras first, without reading either.

    Raises:
        DataError: `panels-do-not-join` when columns differ or the eras overlap in time.
    """
    same = earlier.features == later.features and earlier.targets == later.targets
    if not same or (earlier.eras and later.eras and earlier.moments.dates[-1] >= later.moments.dates[0]):
        raise DataError(
            "panels-do-not-join",
            "The two panels differ in columns, or their eras overlap.",
            "Join files of one dataset version, in time order.",
        )
    moments = Moments(
        earlier.eras + later.eras,
        earlier.moments.dates + later.moments.dates,
        {name: earlier.moments.known[name] + later.moments.known[name] for name in earlier.moments.known},
    )
    columns = [ERA, ID, *earlier.features, *(target.name for target in earlier.targets)]
    frame = pl.concat([earlier.frame.select(columns), later.frame.select(columns)])
    return replace(earlier, frame=frame, moments=moments, synthetic=earlier.synthetic or later.synthetic, digest=None)
