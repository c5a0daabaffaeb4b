"""The dataset files of a market's tournament on a round's day: which eras they hold, and writing them in a stream."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator
from datetime import date
from functools import lru_cache
from pathlib import Path

import numpy as np
import polars as pl

from eraforge.core.calendar import DAY, data_date, label_known_on
from eraforge.simulator.world.market.field import MarketField
from eraforge.simulator.world.market.layout import Content, DataFile, Layout, Span
from eraforge.simulator.world.market.outcomes import Outcomes
from eraforge.simulator.world.market.sections import Section, Sections
from eraforge.simulator.world.parquet import sink

ROW_GROUP = 100_000
FRIDAY = 4
STEPS = np.arange(5, dtype=np.float32) / 4
Progress = Callable[[int, int], None]


def quarter_of(day: date) -> float:
    """Quarters of years since year 0, with their fraction."""
    return (day.year * 12 + day.month - 1 + (day.day - 1) / 31) / 3


class MarketFiles:
    """Contents of every dataset file, by name and round day.

    Args:
        synthetic: the tag that every file carries.
    """

    def __init__(
        self, layout: Layout, sections: Sections, outcomes: Outcomes, field: MarketField, synthetic: str
    ) -> None:
        self._layout, self._sections, self._outcomes, self._field = layout, sections, outcomes, field
        self._synthetic = synthetic
        self._by_name = {file.name: file for file in layout.files}
        self._known_on = lru_cache(maxsize=None)(self._published)
        self._target = lru_cache(maxsize=8_000)(self._final_target)
        self._key = lru_cache(maxsize=None)(layout.keys[1])
        self._eras: list[date] = []

    def write(self, name: str, round_day: date, destination: Path, progress: Progress | None) -> None:
        """Write the file of that name as it stands when the round opens.

        Args:
            progress: called with eras done and eras in all.
        """
        file = self._by_name[name]
        days = self.days(file, round_day)
        schema = self._schema(file)
        frames = self._frames(file, days, schema, round_day, progress)
        if name.endswith(".csv"):
            pl.concat([pl.DataFrame(schema=schema), *frames]).write_csv(destination)
            return
        sink(frames, schema, destination, ROW_GROUP, self._synthetic, file.index)

    def edition(self, name: str, round_day: date) -> str:
        """Which content the file has on that day: equal editions, equal bytes."""
        file = self._by_name[name]
        if file.span is Span.LIVE:
            return f"day-{data_date(round_day):%Y%m%d}"
        if file.span is Span.TRAIN and self._layout.last_train_era is not None:
            return "constant"
        days = self.days(file, round_day)
        last = days[-1].strftime("%Y%m%d") if days else "none"
        if file.content is not Content.ROWS:
            return f"until-{last}"
        known = [sum(self._known_on(day, horizon) < round_day for day in days) for horizon in (20, 60)]
        return f"until-{last}-{known[0]}-{known[1]}"

    def days(self, file: DataFile, round_day: date) -> list[date]:
        """The eras of a file on that day, oldest first."""
        layout = self._layout
        if file.span is Span.LIVE:
            return [data_date(round_day)]
        eras = self._eras_before(data_date(round_day))
        if layout.last_train_era is None:  # the training file grows as labels become known
            return [day for day in eras if self._known_on(day, layout.arena.main_horizon) < round_day]
        if file.span is Span.TRAIN:
            return [day for day in eras if day <= layout.last_train_era]
        return [day for day in eras if day > layout.last_train_era]

    def _eras_before(self, day: date) -> list[date]:
        """Every era dated before that market day, kept and extended."""
        nearest = self._eras[-1] + DAY if self._eras else self._layout.first_era
        while nearest < day:
            if nearest.weekday() == FRIDAY or (not self._layout.weekly and nearest.weekday() < FRIDAY):
                self._eras.append(nearest)
            nearest += DAY
        return self._eras[: bisect_left(self._eras, day)]

    def _published(self, day: date, horizon: int) -> date:
        return label_known_on(self._layout.arena.calendar, day, horizon)

    def _schema(self, file: DataFile) -> dict[str, pl.DataType]:
        layout = self._layout
        keys: dict[str, pl.DataType] = {layout.arena.id_file_column: pl.String()}
        date_column: dict[str, pl.DataType] = {layout.arena.era_column: pl.String()}
        if file.content is Content.UNIVERSE:
            return keys
        if file.content is Content.EXAMPLE:
            submitted: dict[str, pl.DataType] = {layout.arena.id_column: pl.String()}
            dated = {} if file.span is Span.LIVE else date_column
            return {**submitted, **dated, layout.arena.prediction_column: pl.Float32()}
        if file.content is Content.NEUTRALIZER:
            count = self._neutralizers
            return {**keys, **date_column, **{f"neutralizer_{place}": pl.Float32() for place in range(count)}}
        if file.content is Content.WEIGHTS:
            return {**keys, **date_column, "sample_weights": pl.Float32()}
        further: dict[str, pl.DataType] = {
            layout.keys[0]: pl.String() if isinstance(layout.keys[1](""), str) else pl.Int64()
        }
        groups: dict[str, pl.DataType] = {name: pl.String() for name, _ in layout.group_features}
        numbers: dict[str, pl.DataType] = {
            name: pl.Float32() for name in (*layout.feature_names, *(recipe.name for recipe in layout.recipes))
        }
        return {**keys, **further, **date_column, **groups, **numbers}

    @property
    def _neutralizers(self) -> int:
        """The most columns the matrix of any era can have; eras that span fewer are filled with zeros."""
        prices = self._sections.prices
        groups = sum(len(np.unique(labels)) for labels in (prices.country, prices.sector))
        return 1 + groups + len(self._layout.factors)

    def _frames(
        self,
        file: DataFile,
        days: list[date],
        schema: dict[str, pl.DataType],
        round_day: date,
        progress: Progress | None,
    ) -> Iterator[pl.DataFrame]:
        for done, day in enumerate(days, start=1):
            section = self._sections.at(self._sections.prices.place(day))
            columns = self._columns(file, section, day, round_day)
            yield pl.DataFrame({name: columns[name] for name in schema}, schema=schema, nan_to_null=True)
            if progress is not None:
                progress(done, len(days))

    def _columns(self, file: DataFile, section: Section, day: date, round_day: date) -> dict[str, object]:
        layout = self._layout
        columns: dict[str, object] = {
            layout.arena.id_column: section.ids,
            layout.arena.id_file_column: section.ids,
            layout.arena.era_column: np.full(len(section.ids), day.isoformat()),
        }
        if file.content is Content.EXAMPLE:
            columns[layout.arena.prediction_column] = self._field.example(section, quarter_of(day))
        elif file.content is Content.NEUTRALIZER:
            matrix = section.neutralizers()
            table = np.zeros((len(section.ids), self._neutralizers), np.float32)
            table[:, : matrix.shape[1]] = matrix
            columns |= {f"neutralizer_{place}": column for place, column in enumerate(table.T)}
        elif file.content is Content.WEIGHTS:
            columns["sample_weights"] = section.weights.astype(np.float32)
        elif file.content is Content.ROWS:
            columns |= self._row_columns(section, day, None if file.span is Span.LIVE else round_day)
        return columns

    def _row_columns(self, section: Section, day: date, round_day: date | None) -> dict[str, object]:
        layout, prices = self._layout, self._sections.prices
        columns: dict[str, object] = {layout.keys[0]: [self._key(symbol) for symbol in section.ids.tolist()]}
        labels = {"country": prices.country, "sector": prices.sector}
        columns |= {name: labels[kind][section.rows] for name, kind in layout.group_features}
        columns |= {name: STEPS[line] for name, line in zip(layout.feature_names, section.bins, strict=True)}
        for recipe in layout.recipes:
            known = round_day is not None and self._known_on(day, recipe.horizon) < round_day
            columns[recipe.name] = (
                STEPS[self._target(section.place, recipe.name)] if known else np.full(len(section.ids), np.nan)
            )
        return columns

    def _final_target(self, place: int, name: str) -> np.ndarray:
        """(n,) int8 the target in quarters, on its last day."""
        section = self._sections.at(place)
        values = self._outcomes.target(section, name, self._outcomes.recipe(name).horizon)
        return np.asarray(4 * values, np.int8)
