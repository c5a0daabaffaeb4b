"""The dataset files of a round day: which eras they hold, and writing them in a stream."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

from eraforge.core.calendar import data_date, is_open_day
from eraforge.core.errors import UserError
from eraforge.core.panel import Sample
from eraforge.simulator.world.parquet import SYNTHETIC_KEY, sink
from eraforge.simulator.world.rows.targets import MAIN
from eraforge.simulator.world.tables import KEYS, META_MODEL, Tables
from eraforge.simulator.world.weeks import era_label

NAMES = (
    "features.json",
    "live.parquet",
    "live_benchmark_models.parquet",
    "live_example_preds.csv",
    "live_example_preds.parquet",
    "meta_model.parquet",
    "train.parquet",
    "train_benchmark_models.parquet",
    "validation.parquet",
    "validation_benchmark_models.parquet",
    "validation_example_preds.csv",
    "validation_example_preds.parquet",
)
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Part:
    """One era of a file: the market day, the label it carries and the sample it belongs to."""

    day: date
    era: str
    data_type: str
    number: int


class Files:
    """The dataset files of one version: their contents by name and round day.

    Args:
        tables: frames of any day, in that version.
        synthetic: the tag that every file carries.
        mark: stands in every edition; tells apart contents that name, day and world alone do not.
    """

    def __init__(self, tables: Tables, synthetic: str, mark: str = "") -> None:
        self._tables = tables
        self._mark = mark
        self._weeks = tables.space.weeks
        self._scale = tables.space.scale
        self._synthetic = synthetic

    def filenames(self) -> tuple[str, ...]:
        """Names of the files, version included."""
        return tuple(f"{self._tables.version.name}/{name}" for name in NAMES)

    def write(self, filename: str, round_day: date, destination: Path, progress: Progress | None = None) -> None:
        """Write a file as it stands when the round of that day opens. Equal arguments, equal bytes.

        Args:
            filename: one of `filenames()`.
            round_day: the open day of a round.
            destination: the file to write; its folder exists.
            progress: called with eras done and eras in all.

        Raises:
            UserError: `unknown-dataset-file`, `no-round-that-day`.
        """
        if filename not in self.filenames():
            raise UserError("unknown-dataset-file", f"There is no file {filename!r}.", "List the dataset files first.")
        name, round_day = filename.split("/", 1)[1], self.open_day(round_day)
        if name == "features.json":
            destination.write_text(self._features_json(), encoding="utf-8")
            return
        parts = self._parts(name, round_day)
        schema = self._schema(name)
        frames = self._frames(name, parts, round_day, progress)
        if name.endswith(".csv"):
            pl.concat([pl.DataFrame(schema=schema), *frames]).write_csv(destination)
            return
        sink(frames, schema, destination, self._scale.row_group_rows, self._synthetic)

    def edition(self, filename: str, round_day: date) -> str:
        """Which content the file has when the round of that day opens: equal editions, equal bytes.

        Training files never change; live files do every day; the others when a week is added or a label published.

        Raises:
            UserError: `no-round-that-day`.
        """
        return f"{self._edition(filename.split('/', 1)[1], self.open_day(round_day))}{self._mark}"

    def open_day(self, day: date) -> date:
        """That day, if a round opens on it.

        Raises:
            UserError: `no-round-that-day`.
        """
        if not is_open_day(self._weeks.calendar, day):
            raise UserError("no-round-that-day", f"No round opens on {day}.", "Name a day on which rounds open.")
        return day

    def _edition(self, name: str, round_day: date) -> str:
        if name == "features.json" or name.startswith("train"):
            return "constant"
        if name.startswith("live"):
            return f"day-{data_date(round_day):%Y%m%d}"
        last = self._weeks.last_era(round_day)
        eras = range(self._scale.first_validation_era, last + 1)
        known = [sum(self._weeks.known(number, horizon, round_day) for number in eras) for horizon in (20, 60)]
        return f"week-{era_label(last)}-{known[0]}-{known[1]}"

    def _features_json(self) -> str:
        content = {
            "feature_sets": self._tables.version.sets,
            "targets": list(self._tables.targets),
            SYNTHETIC_KEY: self._synthetic,
        }
        return json.dumps(content, indent=1) + "\n"

    def _parts(self, name: str, round_day: date) -> list[Part]:
        """The eras of a file, in order."""
        if name.startswith("live"):
            number = self._weeks.live_era(round_day)
            return [Part(data_date(round_day), era_label(number), Sample.LIVE.value, number)]
        scale = self._scale
        if name.startswith("train"):
            first = scale.benchmark_first_era if "benchmark" in name else scale.first_train_era
            return [self._week(number, Sample.TRAIN) for number in range(first, scale.last_train_era + 1)]
        first = scale.meta_first_era if name.startswith("meta") else scale.first_validation_era
        numbers = range(first, self._weeks.last_era(round_day) + 1)
        _, horizon = self._tables.source_of(MAIN)
        return [
            self._week(number, Sample.VALIDATION if self._weeks.known(number, horizon, round_day) else Sample.TEST)
            for number in numbers
        ]

    def _week(self, number: int, sample: Sample) -> Part:
        return Part(self._weeks.day(number), era_label(number), sample.value, number)

    def _schema(self, name: str) -> dict[str, pl.DataType]:
        keys: dict[str, pl.DataType] = {key: pl.String() for key in KEYS}
        if "benchmark" in name:
            return {**keys, **{model: pl.Float32() for model in self._tables.version.benchmarks}}
        if "meta_model" in name:
            return {**keys, META_MODEL: pl.Float32()}
        if "example" in name:
            return {"id": pl.String(), "prediction": pl.Float32()}
        return self._tables.dataset_schema

    def _frames(
        self, name: str, parts: list[Part], round_day: date, progress: Progress | None
    ) -> Iterator[pl.DataFrame]:
        for done, part in enumerate(parts, start=1):
            yield self._frame(name, part, round_day)
            if progress is not None:
                progress(done, len(parts))

    def _frame(self, name: str, part: Part, round_day: date) -> pl.DataFrame:
        tables = self._tables
        day = tables.day(part.day)
        if "benchmark" in name:
            return tables.benchmarks(day, part.era, part.data_type)
        if "meta_model" in name:
            return tables.meta_model(day, part.era, part.data_type)
        if "example" in name:
            return tables.example(day)

        def known(horizon: int) -> bool:
            if part.data_type == Sample.LIVE:
                return False
            return part.data_type == Sample.TRAIN or self._weeks.known(part.number, horizon, round_day)

        return tables.dataset(day, part.era, part.data_type, known)
