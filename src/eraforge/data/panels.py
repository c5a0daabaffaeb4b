"""Parquet files of an arena become a Panel: canonical keys, dated eras, targets that know when they become known."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

from eraforge.core.calendar import era_date, label_known_on
from eraforge.core.errors import DataError, UserError
from eraforge.core.panel import ERA, ID, Moments, Panel, Sample, Target
from eraforge.core.words import Arena
from eraforge.data.feature_sets import SYNTHETIC

HORIZON = re.compile(r"_(\d+)$")
WITHOUT_ERA = "X"
REMEMBERED_FILES = 64


def read_panel(
    paths: Sequence[Path],
    arena: Arena,
    features: Sequence[str],
    targets: Sequence[str],
    sample: Sample,
    era_dates: Mapping[str, date] | None = None,
    digest: str | None = None,
) -> Panel:
    """A lazy panel over the files' rows; only the selected columns are ever read.

    Args:
        paths: parquet files of one data version, together holding each (era, id) once.
        features, targets: columns wanted; the first target is the main one.
        sample: which sample these rows belong to.
        era_dates: dates of eras that are no numbered weeks (the live era).
        digest: name of the content, when the caller knows it.

    Raises:
        UserError: `no-files`, `unknown-column`; DataError: `file-damaged`, `key-column-missing`, `empty-panel`,
            `era-without-date`, `eras-out-of-order`.
    """
    if not paths:
        raise UserError("no-files", "No file was named to read a panel from.", "Fetch the dataset first.")
    frame = pl.concat([_scan(path, arena, features, targets) for path in paths], how="vertical")
    columns = arena.era_column, arena.id_file_column
    runs = _runs(frame) if digest is None else _remembered_runs(digest, tuple(paths), columns, frame)
    moments = _moments(runs, arena, targets, era_dates or {})
    return Panel(
        frame=_in_order(frame, runs, moments),
        features=tuple(features),
        targets=tuple(target_of(arena, name) for name in targets),
        moments=moments,
        sample=sample,
        synthetic=_synthetic(paths),
        digest=digest,
    )


def read_live(path: Path, arena: Arena, features: Sequence[str], day: date, digest: str | None = None) -> Panel:
    """The live panel: one era, whatever the file calls it, dated by the market date behind the round's features.

    Raises:
        DataError: `live-file-with-many-eras`, and as `read_panel`.
    """
    labels = _scan(path, arena, (), ()).select(pl.col(ERA).unique()).collect().get_column(ERA).to_list()
    if len(labels) > 1:
        raise DataError(
            "live-file-with-many-eras",
            f"The live file {path.name} holds {len(labels)} eras instead of one.",
            "Fetch the live file of the open round.",
        )
    return read_panel([path], arena, features, (), Sample.LIVE, dict.fromkeys(labels, day), digest)


def target_of(arena: Arena, name: str) -> Target:
    """A target with its horizon: the arena's for its main target, else the `_20` or `_60` its name ends in.

    Raises:
        UserError: `target-without-horizon`.
    """
    match = HORIZON.search(name)
    if name == arena.target:
        horizon = arena.main_horizon
    elif match:
        horizon = int(match[1])
    else:
        raise UserError(
            "target-without-horizon",
            f"The name of target {name!r} does not tell how far it looks ahead.",
            "Use a target whose name ends in its horizon, such as _20 or _60.",
        )
    # A horizon the arena has no rule for is purged like the longest one it knows.
    purge = arena.purge_eras.get(horizon, max(arena.purge_eras.values(), default=0))
    return Target(name, horizon, arena.label_lag, purge)


def _scan(path: Path, arena: Arena, features: Sequence[str], targets: Sequence[str]) -> pl.LazyFrame:
    schema = _schema(path)
    if arena.id_file_column not in schema:
        raise DataError(
            "key-column-missing",
            f"{path.name} has no column {arena.id_file_column!r}.",
            "Check that the file belongs to this arena and data version.",
        )
    missing = [name for name in (*features, *targets) if name not in schema]
    if missing:
        some = ", ".join(missing[:5]) + (f" and {len(missing) - 5} more" if len(missing) > 5 else "")
        raise UserError(
            "unknown-column", f"{path.name} has no column {some}.", "Check feature set, target and version."
        )
    keys = [_era(schema, arena.era_column), pl.col(arena.id_file_column).cast(pl.String).alias(ID)]
    return pl.scan_parquet(path).select(*keys, *[pl.col(name) for name in (*features, *targets)])


def _era(schema: Mapping[str, pl.DataType], column: str) -> pl.Expr:
    """The era as text: numbers as four digits, dates as ISO dates; rows of a live file may carry none."""
    if column not in schema:
        return pl.lit(WITHOUT_ERA).alias(ERA)
    kind, era = schema[column], pl.col(column)
    if kind.is_numeric():
        text = era.cast(pl.Int64).cast(pl.String).str.zfill(4)
    elif kind == pl.Datetime:
        text = era.dt.date().cast(pl.String)
    else:
        text = era.cast(pl.String)
    return text.fill_null(WITHOUT_ERA).alias(ERA)


def _schema(path: Path) -> Mapping[str, pl.DataType]:
    try:
        return pl.read_parquet_schema(path)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise DataError(
            "file-damaged", f"{path.name} cannot be read as parquet ({type(error).__name__}).", "Fetch it again."
        ) from None


@dataclass(frozen=True, slots=True)
class _Runs:
    """How rows follow each other: the era of each run of equal eras, and whether ids rise within all of them."""

    eras: tuple[str, ...]
    ids_rise: bool


def _runs(frame: pl.LazyFrame) -> _Runs:
    changes = pl.col(ERA) != pl.col(ERA).shift(1)
    first = changes.fill_null(value=True)
    found = frame.select(
        pl.col(ERA).filter(first).implode().alias("eras"),
        (~first & (pl.col(ID) < pl.col(ID).shift(1))).any().alias("falls"),
    ).collect()
    return _Runs(tuple(found.item(0, "eras").to_list()), not found.item(0, "falls"))


_RUNS: OrderedDict[tuple[object, ...], _Runs] = OrderedDict()


def _remembered_runs(digest: str, paths: tuple[Path, ...], columns: tuple[str, str], frame: pl.LazyFrame) -> _Runs:
    """The same for files named by their content, which need no second reading."""
    key = digest, paths, columns
    if key not in _RUNS:
        _RUNS[key] = _runs(frame)
        while len(_RUNS) > REMEMBERED_FILES:
            _RUNS.popitem(last=False)
    return _RUNS[key]


def _moments(runs: _Runs, arena: Arena, targets: Sequence[str], era_dates: Mapping[str, date]) -> Moments:
    if not runs.eras:
        raise DataError("empty-panel", "The files hold no rows.", "Fetch the dataset again.")
    dated = sorted((_date_of(arena, label, era_dates), label) for label in dict.fromkeys(runs.eras))
    days = tuple(day for day, _ in dated)
    by_horizon = {
        horizon: tuple(label_known_on(arena.calendar, day, horizon) for day in days)
        for horizon in {target_of(arena, name).horizon for name in targets}
    }
    known = {name: by_horizon[target_of(arena, name).horizon] for name in targets}
    return Moments(tuple(label for _, label in dated), days, known)


def _date_of(arena: Arena, label: str, era_dates: Mapping[str, date]) -> date:
    if label in era_dates:
        return era_dates[label]
    if arena.calendar.first_era_date is not None and label.isdigit():
        return era_date(arena.calendar, label)
    try:
        return date.fromisoformat(label)
    except ValueError:
        raise DataError(
            "era-without-date", f"Nothing tells the date of era {label!r}.", "Pass its date with the file."
        ) from None


def _in_order(frame: pl.LazyFrame, runs: _Runs, moments: Moments) -> pl.LazyFrame:
    """The rows sorted by (era in time order, id); files that already are stay lazy and unsorted."""
    if runs.ids_rise and runs.eras == moments.eras:
        return frame
    place = pl.col(ERA).replace_strict(moments.position, return_dtype=pl.Int32)
    return frame.sort(place, ID, maintain_order=True)


def _synthetic(paths: Sequence[Path]) -> str | None:
    """The tags of made-up data in the files' own metadata; one tagged file tags the whole panel."""
    tags = [pl.read_parquet_metadata(path).get(SYNTHETIC) for path in paths]
    return "; ".join(sorted({tag for tag in tags if tag})) or None
