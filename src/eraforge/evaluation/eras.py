"""Many eras at once: any score of one era over arrays, and over the Polars and pandas tables that hold them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from eraforge.core.errors import DataError
from eraforge.core.panel import ERA, ID
from eraforge.evaluation.kernels.primitives import MAX_FILTERED, too_few
from eraforge.evaluation.kernels.threads import spread
from eraforge.evaluation.scores import bmc, mmc

if TYPE_CHECKING:
    import pandas as pd

EraScore = Callable[..., np.ndarray]
"""A score of one era: predictions (rows, columns) and further arrays of the same rows -> (columns,)."""
PAIRED: tuple[EraScore, ...] = (mmc, bmc)
"""Scores whose reference matches its inputs two by two, which forgives more missing ids than matching them all."""


def score_eras(
    score: EraScore, eras: np.ndarray, predictions: np.ndarray, *others: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Score many prediction columns over many eras, on all threads; the result does not depend on their number.

    Args:
        score: a score of one era, such as `corr`, `mmc` or `fnc`; bind further options with `functools.partial`.
        eras: (rows,) labels; the rows of an era need not be together.
        predictions: (rows, columns) or (rows,).
        others: what else the score takes, in its order, each (rows,) or (rows, anything).

    Returns:
        eras (eras,) in order of first appearance, and scores (eras, columns).

    Raises:
        DataError: `shapes-differ`, and whatever the score raises, naming the era.
    """
    labels, table = np.asarray(eras), np.asarray(predictions)
    inputs = [table[:, None] if table.ndim == 1 else table, *map(np.asarray, others)]
    if labels.ndim != 1 or not len(labels) or any(len(values) != len(labels) for values in inputs):
        raise DataError(
            "shapes-differ",
            f"{len(labels)} era labels do not fit arrays of {[len(values) for values in inputs]} rows.",
            "Give every array one row per era label.",
        )
    names, groups = _groups(labels)
    out = np.empty((len(names), inputs[0].shape[1]))

    def one(place: int) -> None:
        rows = groups[place]
        out[place] = _named(names[place], score, *(values[rows] for values in inputs))

    spread(one, len(names), alone=inputs[0].size < 20_000)
    return names, out


def score_table(
    score: EraScore,
    table: pl.DataFrame | pd.DataFrame,
    predictions: Sequence[str],
    others: Sequence[str | Sequence[str]],
    *,
    era: str = ERA,
    id_column: str | None = None,
) -> Any:
    """Score columns of one table, Polars or pandas, that holds everything the score takes.

    Args:
        score: as in `score_eras`.
        table: one row per era and id.
        predictions: the columns to score.
        others: per further argument of the score, a column (a vector) or some columns (a matrix).
        era: the column of era labels.
        id_column: sort each era by it first; only the ties of top-and-bottom scores depend on the order.

    Returns:
        A Polars frame with the era column and one column per prediction, or a pandas frame indexed by era.

    Raises:
        DataError: those of `score_eras`.
    """
    if id_column is not None:
        keys = [era, id_column]
        table = table.sort(keys) if isinstance(table, pl.DataFrame) else table.sort_values(keys)

    def pick(columns: str | Sequence[str]) -> np.ndarray:
        wanted = columns if isinstance(columns, str) else list(columns)
        return np.asarray(table[wanted].to_numpy())

    names, scores = score_eras(score, pick(era), pick(list(predictions)), *map(pick, others))
    if isinstance(table, pl.DataFrame):
        return pl.DataFrame({era: names.tolist(), **_columns(predictions, scores)})
    import pandas as pd

    return pd.DataFrame(scores, index=pd.Index(names, name=era), columns=list(predictions)).sort_index()


def score_frames(score: EraScore, predictions: pl.DataFrame, *others: pl.DataFrame) -> pl.DataFrame:
    """Score predictions against tables of their own, matched by era and id as the reference matches its series.

    Args:
        score: a score with the option `max_filtered`, as in `score_eras`.
        predictions: `era`, `id` and the columns to score.
        others: per further argument of the score, `era`, `id` and one column (a vector) or more (a matrix).

    Returns:
        `era` and one column per prediction column, sorted by era, for the eras of the predictions.

    Raises:
        DataError: `duplicate-ids`, `too-few-overlapping-rows` when an era of a table shares less than four fifths of
            its rows with the others, and whatever the score raises, naming the era.
    """
    tables = [predictions, *others]
    whole: pl.DataFrame | None = None
    for place, table in enumerate(tables):
        if table.select(ERA, ID).is_duplicated().any():
            raise DataError("duplicate-ids", "An id stands twice in one era.", "Give one row per era and id.")
        values = [name for name in table.columns if name not in (ERA, ID)]
        renamed = table.select(ERA, ID, *(pl.col(name).alias(f"{place} {name}") for name in values))
        renamed = renamed.with_columns(pl.lit(True).alias(str(place)))
        whole = renamed if whole is None else whole.join(renamed, on=[ERA, ID], how="full", coalesce=True)
    if whole is None or predictions.is_empty():
        raise DataError("shapes-differ", "There are no predictions to score.", "Give at least one row.")
    wanted = [name for name in predictions.columns if name not in (ERA, ID)]
    rows = []
    eras = predictions.get_column(ERA).unique().sort().to_list()
    for era in eras:
        here = whole.filter(pl.col(ERA) == era).sort(ID)
        arrays = [_array(here, place, len(tables[place].columns) == 3) for place in range(len(tables))]
        present = [here.get_column(str(place)).fill_null(False).to_numpy() for place in range(len(tables))]
        rows.append(_named(era, _matched, score, arrays, present))
    return pl.DataFrame({ERA: eras, **_columns(wanted, np.stack(rows))})


def score_series(
    score: EraScore, predictions: pd.DataFrame | pd.Series, *others: pd.DataFrame | pd.Series
) -> pd.Series:
    """Score one era of pandas objects indexed by id, matched by id: the reference's own way of calling.

    Args:
        score: as in `score_frames`.
        predictions: (ids, columns).
        others: per further argument of the score, a series (a vector) or a frame (a matrix) indexed by id.

    Returns:
        One score per column, indexed by column.

    Raises:
        DataError: those of `score_frames`.
    """
    import pandas as pd

    def polars(values: pd.DataFrame | pd.Series) -> pl.DataFrame:
        table = values.to_frame() if isinstance(values, pd.Series) else values
        columns = {f"c{place}": table.iloc[:, place].to_numpy() for place in range(table.shape[1])}
        return pl.DataFrame({ERA: [""] * len(table), ID: table.index.to_list(), **columns})

    found = score_frames(score, polars(predictions), *map(polars, others))
    names = predictions.columns if isinstance(predictions, pd.DataFrame) else [predictions.name]
    return pd.Series(found.drop(ERA).to_numpy()[0], index=names)


def _matched(score: EraScore, arrays: list[np.ndarray], present: list[np.ndarray]) -> np.ndarray:
    """Refuse too little overlap by the reference's rule, then score the union of ids with NaN where one is missing."""
    known = [
        there & ~(np.isnan(values) if values.ndim == 1 else np.isnan(values).any(axis=1))
        if values.dtype.kind == "f"
        else there
        for values, there in zip(arrays, present, strict=True)
    ]
    steps = [known]
    if score in PAIRED and len(known) == 3:  # (meta model, predictions), then (target, what they share)
        steps = [known[:2], [known[0] & known[1], known[2]]]
        present = [present[0], present[1], known[0] & known[1], present[2]]
    lengths = iter(present)
    for together in steps:
        left = int(np.logical_and.reduce(together).sum())
        for _ in together:
            length = int(next(lengths).sum())
            if length == 0 or not left / length >= 1 - MAX_FILTERED:
                raise too_few(left, length)
    return score(*arrays, max_filtered=1.0)


def _array(rows: pl.DataFrame, place: int, vector: bool) -> np.ndarray:
    columns = [name for name in rows.columns if name.startswith(f"{place} ")]
    table = rows.select(columns)
    if any(table.get_column(name).null_count() for name in columns):
        table = table.with_columns(pl.all().cast(pl.Float64).fill_null(float("nan")))
    array = table.to_numpy()
    return array[:, 0] if vector and place else array


def _groups(labels: np.ndarray) -> tuple[np.ndarray, list[slice | np.ndarray]]:
    """Labels in order of first appearance and the rows of each: slices where they stand together."""
    starts = np.flatnonzero(np.concatenate([[True], labels[1:] != labels[:-1]]))
    ends = np.append(starts[1:], len(labels))
    if len(set(labels[starts].tolist())) == len(starts):
        return labels[starts], [slice(int(start), int(end)) for start, end in zip(starts, ends, strict=True)]
    rows: dict[Any, list[np.ndarray]] = {}
    for start, end in zip(starts, ends, strict=True):
        rows.setdefault(labels[start], []).append(np.arange(start, end))
    return np.array(list(rows)), [np.concatenate(parts) for parts in rows.values()]


def _named(era: Any, score: EraScore, *arrays: Any) -> np.ndarray:
    try:
        return score(*arrays)
    except DataError as error:
        raise DataError(
            error.code, f"Era {era}: {error.sentence}" if era != "" else error.sentence, error.next_step
        ) from error


def _columns(names: Sequence[str], scores: np.ndarray) -> dict[str, np.ndarray]:
    return {name: scores[:, place] for place, name in enumerate(names)}
