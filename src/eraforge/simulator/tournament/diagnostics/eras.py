"""Validation predictions scored era by era against the validation files of a tournament."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from eraforge.core.errors import DataError, Refused
from eraforge.core.panel import Sample
from eraforge.core.words import Arena
from eraforge.evaluation.kernels.primitives import MAX_FILTERED
from eraforge.evaluation.neutral.churn import churn
from eraforge.evaluation.neutral.scores import feature_correlations, fnc
from eraforge.evaluation.neutral.weights import alpha
from eraforge.evaluation.scores import corr, mmc
from eraforge.simulator.tournament.validation import DATES, check_values, read_submission, value_column

OpenFile = Callable[[str], Path | None]
ERA, ID, VALUE = "era", "id", "value"
FEATURE_SETS = ("medium", "small")


def read_predictions(data: bytes, filename: str, arena: Arena) -> pl.DataFrame:
    """The uploaded validation predictions: `id`, `value`, and `era` where an id means something only with its date.

    Raises:
        Refused: `submission-unreadable`, `submission-rejected`, with the official messages.
    """
    table = read_submission(data, filename, arena)
    dated = [name for name in DATES if name in table.columns]
    if arena.ids_persist and not dated:
        raise _rejected("invalid_submission_headers: submission must contain a date column")
    id_name, value_name = value_column(table, arena)
    columns = [pl.col(id_name).cast(pl.String).alias(ID), pl.col(value_name).cast(pl.Float64).alias(VALUE)]
    if arena.ids_persist:
        columns.append(_date_text(table, dated[0]).alias(ERA))
    found = table.select(columns)
    check_values(found[VALUE].to_numpy())
    if found.select(pl.exclude(VALUE)).is_duplicated().any():
        raise _rejected(f"invalid_submission_ids: Duplicates detected in {id_name} for validation period.")
    return found


def score_eras(predictions: pl.DataFrame, arena: Arena, open_file: OpenFile) -> list[dict[str, Any]]:
    """Scores per era: those whose label is known and of whose rows four fifths are predicted.

    Args:
        predictions: of `read_predictions`.
        open_file: gives a dataset file of the tournament, or None when it has no such file.

    Raises:
        Refused: `diagnostics-not-available`, `submission-rejected` when no era is left.
    """
    files = _Files(arena, open_file)
    joined = files.labelled().join(predictions, on=[ERA, ID] if arena.ids_persist else [ID], how="left")
    rows: list[dict[str, Any]] = []
    before: pl.DataFrame | None = None
    for era, frame in _eras(joined):
        known = frame.drop_nulls(VALUE)
        if known.height < (1 - MAX_FILTERED) * frame.height or known.height < 3:
            continue
        rows.append({ERA: era, **files.scores(era, known), "churn": _churn(before, known)})
        before = known
    if not rows:
        raise _rejected("invalid_submission_ids: Not enough stocks submitted. Is it the latest validation data?")
    return rows


class _Files:
    """The validation data of one tournament, read as needed."""

    def __init__(self, arena: Arena, open_file: OpenFile) -> None:
        self.arena, self._open = arena, open_file
        self._validation = self._path(arena.files.validation)
        self.references = {
            "mmc": self._reference(arena.files.meta_model),
            "bmc": self._reference(arena.files.benchmarks),
            "example_corr": self._reference(_example(arena)),
        }
        self.features = self._features()

    def labelled(self) -> pl.DataFrame:
        """`era`, `id` and `target` of the validation rows whose label is known."""
        if self._validation is None:
            raise Refused(
                "diagnostics-not-available",
                f"There is no validation data of {self.arena.name}.",
                "Validate against the training data.",
            )
        lazy = self._scan(self._validation)
        if "data_type" in lazy.collect_schema().names():
            lazy = lazy.filter(pl.col("data_type") == Sample.VALIDATION.value)
        return lazy.select(ERA, ID, pl.col(self.arena.target).alias("target")).drop_nulls().collect().sort(ERA, ID)

    def scores(self, era: str, known: pl.DataFrame) -> dict[str, float | None]:
        """Every score that the files allow in one era."""
        values, target = known[VALUE].to_numpy(), known["target"].to_numpy().astype(float)
        found: dict[str, float | None] = {"corr": _one(corr(values, target))}
        for key in ("mmc", "bmc"):
            other = self._beside(self.references[key], known)
            found[key] = None if other is None else _one(mmc(values, other, target))
        example = self._beside(self.references["example_corr"], known)
        found["example_corr"] = None if example is None else float(np.corrcoef(values, example)[0, 1])
        if self.features and self._validation is not None:
            table = self._columns(self._validation, era, known, self.features)
            found["fnc_v3"] = _one(fnc(values, table, target))
            found["feature_corr_max"] = float(np.nanmax(np.abs(feature_correlations(values, table))))
        if self.arena.files.neutralizers:
            found |= {"corr_v4": found["corr"], "alpha": self._alpha(era, known, values, target)}
        return found

    def _alpha(self, era: str, known: pl.DataFrame, values: np.ndarray, target: np.ndarray) -> float | None:
        files = self.arena.files
        neutral, weights = self._path(files.neutralizers[-1]), self._path(files.weights[-1])
        if neutral is None or weights is None:
            return None
        factors = [name for name in pl.read_parquet_schema(neutral) if name.startswith("neutralizer")]
        table = self._columns(neutral, era, known, factors)
        volume = self._columns(weights, era, known, ["sample_weights"])[:, 0]
        return _one(alpha(values, table.astype(float), volume.astype(float), target))

    def _columns(self, path: Path, era: str, known: pl.DataFrame, columns: list[str]) -> np.ndarray:
        frame = self._scan(path).filter(pl.col(ERA) == era).select(ID, *columns).collect()
        return known.select(ID).join(frame, on=ID, how="left").select(columns).to_numpy()

    def _beside(self, reference: pl.DataFrame | None, known: pl.DataFrame) -> np.ndarray | None:
        if reference is None:
            return None
        found = known.select(ID, ERA).join(reference, on=[name for name in (ID, ERA) if name in reference.columns])
        return found["reference"].to_numpy() if found.height == known.height else None

    def _reference(self, name: str | None) -> pl.DataFrame | None:
        """The last numeric column of a file by id: the newest benchmark, the meta model, the example."""
        path = self._path(name)
        if path is None:
            return None
        lazy = self._scan(path)
        schema = lazy.collect_schema()
        last = [column for column, kind in schema.items() if kind.is_float()][-1]
        keys = [column for column in (ID, ERA) if column in schema.names() and (self.arena.ids_persist or column == ID)]
        return lazy.select(*keys, pl.col(last).alias("reference")).collect()

    def _features(self) -> list[str]:
        path = self._path(self.arena.files.features)
        if path is None:
            return []
        sets: Mapping[str, list[str]] = json.loads(path.read_text("utf-8"))["feature_sets"]
        return next((list(sets[name]) for name in FEATURE_SETS if name in sets), [])

    def _scan(self, path: Path) -> pl.LazyFrame:
        lazy = pl.scan_parquet(path)
        names = {self.arena.id_file_column: ID, self.arena.era_column: ERA}
        lazy = lazy.rename({old: name for old, name in names.items() if old != name}, strict=False)
        if ERA in lazy.collect_schema().names():
            lazy = lazy.with_columns(pl.col(ERA).cast(pl.String))
        return lazy

    def _path(self, name: str | None) -> Path | None:
        return None if name is None else self._open(name.format(version=self.arena.version))


def _eras(frame: pl.DataFrame) -> Iterator[tuple[str, pl.DataFrame]]:
    for part in frame.partition_by(ERA, maintain_order=True):
        yield part[ERA][0], part


def _churn(before: pl.DataFrame | None, known: pl.DataFrame) -> float | None:
    """Churn against the era before; None where too few ids are in both, as where ids do not persist."""
    if before is None:
        return None
    try:
        return churn(known[ID].to_numpy(), known[VALUE].to_numpy(), before[ID].to_numpy(), before[VALUE].to_numpy())
    except DataError as error:
        if error.code not in ("too-few-overlapping-rows", "constant-predictions"):
            raise
        return None


def _example(arena: Arena) -> str | None:
    name = arena.files.validation
    return None if name is None else name.replace("validation.", "validation_example_preds.")


def _one(scores: np.ndarray) -> float | None:
    value = float(scores[0])
    return value if np.isfinite(value) else None


def _date_text(table: pl.DataFrame, name: str) -> pl.Expr:
    """ISO dates, whether they came as dates, as text or as numbers like 20130104."""
    if table[name].dtype.is_integer():
        return pl.col(name).cast(pl.String).str.to_date("%Y%m%d").cast(pl.String)
    return pl.col(name).cast(pl.String).str.slice(0, 10)


def _rejected(message: str) -> Refused:
    return Refused("submission-rejected", message, "Correct the file and upload it again.")
