"""One market day's rows as frames: dataset rows, model predictions, meta model."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import cached_property
from itertools import chain

import numpy as np
import polars as pl
from numpy.typing import NDArray

from eraforge.simulator.world.field import Field
from eraforge.simulator.world.rows.draws import Floats, generator
from eraforge.simulator.world.rows.features import Bins, FeatureSpace
from eraforge.simulator.world.rows.naming import row_ids
from eraforge.simulator.world.rows.signal import Signal
from eraforge.simulator.world.rows.targets import MAIN, Outcomes, parse_target, target_columns
from eraforge.simulator.world.scale import TARGET_NAMES
from eraforge.simulator.world.versions import Version

META_MODEL = "numerai_meta_model"
KEYS = ("id", "era", "data_type")
Known = Callable[[int], bool]


class Day:
    """The rows of one market day. Parts are made when asked for and held as long as the Day."""

    def __init__(self, tables: Tables, day: date) -> None:
        self._tables = tables
        self._labels = (tables.space.seed, tables.space.scale.name)
        self.day = day
        self.rows = tables.space.weeks.rows(day)

    @cached_property
    def ids(self) -> NDArray[np.str_]:
        """Ascending ids. Shape (rows,)."""
        return row_ids(generator(*self._labels, "ids", self.day.isoformat()), self.rows)

    @cached_property
    def features(self) -> Bins:
        """Shape (features, rows)."""
        return self._tables.space.draw(self.day, self.rows)

    @cached_property
    def basis(self) -> Floats:
        """The signal's terms. Shape (terms, rows)."""
        return self._tables.signal.basis(self.features)

    @cached_property
    def signal(self) -> Floats:
        """The signal in force. Shape (rows,)."""
        return self._tables.signal.value(self.basis, self.day)

    @cached_property
    def outcomes(self) -> Outcomes:
        """The latent outcomes behind every target."""
        return self._tables.outcomes(self.day, self.signal)


class Tables:
    """Frames of any day of a world, in one version of its data."""

    def __init__(self, space: FeatureSpace, signal: Signal, field: Field, version: Version) -> None:
        self.space = space
        self.signal = signal
        self.field = field
        self.version = version
        self.target_names = tuple(name for name, _ in TARGET_NAMES[: space.scale.targets])
        self.targets = target_columns(self.target_names)

    def day(self, day: date) -> Day:
        """The rows of a market day."""
        return Day(self, day)

    def outcomes(self, day: date, signal: Floats) -> Outcomes:
        """The latent outcomes of a day whose signal is known."""
        scale = self.space.scale
        source = generator(self.space.seed, scale.name, "outcomes", day.isoformat())
        return Outcomes(source, signal, scale.strength, scale.targets)

    @cached_property
    def dataset_schema(self) -> dict[str, pl.DataType]:
        """Columns of train, validation and live files."""
        schema: dict[str, pl.DataType] = {key: pl.String() for key in KEYS}
        schema.update({name: pl.Int8() for name in self.version.features})
        schema.update({name: pl.Float32() for name in self.targets})
        return schema

    def dataset(self, day: Day, era: str, data_type: str, known: Known) -> pl.DataFrame:
        """Keys, features and targets; a target whose horizon is not `known` is null in every row."""
        columns = self._keys(day, era, data_type)
        values = chain(day.features, *self.version.added(day.day, day.rows))
        columns += [pl.Series(name, one) for name, one in zip(self.version.features, values, strict=True)]
        columns += [self._target(day, column, known) for column in self.targets]
        return pl.DataFrame(columns)

    def benchmarks(self, day: Day, era: str, data_type: str) -> pl.DataFrame:
        """Keys and one column per benchmark model."""
        values = self.field.benchmarks(day.basis)
        columns = [pl.Series(name, values[:, index].copy()) for index, name in enumerate(self.version.benchmarks)]
        return pl.DataFrame([*self._keys(day, era, data_type), *columns])

    def meta_model(self, day: Day, era: str, data_type: str) -> pl.DataFrame:
        """Keys and the stake-weighted meta model."""
        values = self.field.meta_model(self.field.predictions(day.basis, day.day))
        return pl.DataFrame([*self._keys(day, era, data_type), pl.Series(META_MODEL, values)])

    def example(self, day: Day) -> pl.DataFrame:
        """`id` and `prediction` of the example model."""
        return pl.DataFrame([pl.Series("id", day.ids), pl.Series("prediction", self.field.example(day.basis))])

    def source_of(self, column: str) -> tuple[str, int]:
        """Name and horizon behind a target column in this version."""
        return parse_target(self.version.target if column == MAIN else column, self.target_names)

    def _keys(self, day: Day, era: str, data_type: str) -> list[pl.Series]:
        words = [
            pl.Series(name, [word]).new_from_index(0, day.rows)
            for name, word in (("era", era), ("data_type", data_type))
        ]
        return [pl.Series("id", day.ids), *words]

    def _target(self, day: Day, column: str, known: Known) -> pl.Series:
        name, horizon = self.source_of(column)
        if not known(horizon):
            return pl.Series(column, [None], dtype=pl.Float32).new_from_index(0, day.rows)
        return pl.Series(column, day.outcomes.target(name, horizon), nan_to_null=True)
