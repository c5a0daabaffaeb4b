"""What a subject answered, as values that each belong to a moment and a row, and how two answers differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from eraforge.core.errors import DataError
from eraforge.core.panel import ERA, ID

TOLERANCE = 1e-9
"""Largest difference, relative to the value or to the usual size of its column, that rounding may make."""


@dataclass(frozen=True)
class Answer:
    """Values in a fixed order of rows.

    Args:
        place: (rows,) which moment of the history a row belongs to, from 0.
        row: (rows,) whose value it is: a symbol, an id, or the path of a setting.
        columns: name -> (rows,) float64, or text.
        ahead: how many moments after its own a value is known; 0 unless it is a label.
    """

    place: np.ndarray
    row: np.ndarray
    columns: Mapping[str, np.ndarray]
    ahead: int = 0

    def until(self, place: int) -> Answer:
        """Only what is known at that moment."""
        keep = self.place + self.ahead <= place
        columns = {name: values[keep] for name, values in self.columns.items()}
        return Answer(self.place[keep], self.row[keep], columns, self.ahead)

    def count(self) -> int:
        """How many values there are that could differ: a missing one shows nothing."""
        return int(sum(present(values).sum() for values in self.columns.values()))


@dataclass(frozen=True, slots=True)
class Difference:
    """Where two answers differ most in one column ("" where their rows differ).

    Args:
        column: its name.
        place, row: the moment and the row of the largest difference.
        expected, found: both values there, as text.
        gap: the difference relative to the larger value or the usual size of the column; 1 where one is missing.
        values: how many values of the column differ.
    """

    column: str
    place: int
    row: str
    expected: str
    found: str
    gap: float
    values: int


def of_array(values: Any, rows: Sequence[str], moments: int, column: str, ahead: int = 0) -> Answer:
    """An answer given as (rows, moments) floats.

    Raises:
        DataError: `answer-out-of-shape`.
    """
    array = np.asarray(values, dtype=np.float64)
    if array.shape != (len(rows), moments):
        raise DataError(
            "answer-out-of-shape",
            f"{column!r} answered with shape {array.shape}, not ({len(rows)}, {moments}).",
            "Give one value for every symbol and moment; NaN where there is none.",
        )
    place = np.tile(np.arange(moments), len(rows))
    return Answer(place, np.repeat(np.asarray(rows, dtype=object), moments), {column: array.ravel()}, ahead)


def of_frame(frame: pl.DataFrame, position: Mapping[str, int], leave_out: Sequence[str] = ()) -> Answer:
    """An answer given as a frame with `era` and `id`; every other column is a value.

    Raises:
        DataError: `answer-without-keys`.
    """
    if ERA not in frame.columns or ID not in frame.columns:
        raise DataError(
            "answer-without-keys",
            f"The answer has columns {frame.columns[:6]}, without era and id.",
            "Keep the keys, so that each value can be told from the others.",
        )
    ordered = frame.with_columns(pl.col(ERA).replace_strict(position, default=-1).alias("place")).sort("place", ID)
    names = [name for name in frame.columns if name not in {ERA, ID, *leave_out}]
    columns = {name: _column(ordered.get_column(name)) for name in names}
    return Answer(ordered["place"].to_numpy(), ordered[ID].to_numpy().astype(object), columns)


def of_decisions(decisions: Mapping[int, Any]) -> Answer:
    """What was decided at each place: names, settings, parameters, however nested."""
    rows: list[tuple[int, str, float, str]] = []
    for place, decision in sorted(decisions.items()):
        rows += [(place, path, *_scalar(value)) for path, value in _leaves(decision, "")]
    place_of, paths, numbers, texts = zip(*rows, strict=True) if rows else ((), (), (), ())
    columns = {"value": np.array(numbers, dtype=np.float64), "choice": np.array(texts, dtype=object)}
    return Answer(np.array(place_of, dtype=int), np.array(paths, dtype=object), columns)


def differences(expected: Answer, found: Answer) -> list[Difference]:
    """Per column that differs, where it differs most; equal answers give none."""
    if len(expected.row) != len(found.row) or not (
        np.array_equal(expected.row, found.row) and np.array_equal(expected.place, found.place)
    ):
        return [_rows_differ(expected, found)]
    out = []
    for name in sorted({*expected.columns, *found.columns}):
        if name not in expected.columns or name not in found.columns:
            there, gone = ("there", "gone") if name in expected.columns else ("not there", "there")
            out.append(Difference(name, int(expected.place[0]) if len(expected.place) else 0, "", there, gone, 1.0, 1))
            continue
        one, other = expected.columns[name], found.columns[name]
        gaps = _gaps(one, other)
        if (gaps > TOLERANCE).any():
            at = int(np.argmax(gaps))
            out.append(
                Difference(
                    name,
                    int(expected.place[at]),
                    str(expected.row[at]),
                    _text(one[at]),
                    _text(other[at]),
                    float(gaps[at]),
                    int((gaps > TOLERANCE).sum()),
                )
            )
    return out


def _gaps(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    if one.dtype == object or other.dtype == object:
        return np.asarray(one != other, dtype=float)
    finite = np.abs(one[np.isfinite(one)])
    scale = float(np.median(finite)) if finite.size else 0.0
    with np.errstate(invalid="ignore", over="ignore"):
        size = np.maximum(np.maximum(np.abs(one), np.abs(other)), scale)
        gaps = np.abs(one - other) / np.where(size > 0, size, 1.0)
    same = (one == other) | (np.isnan(one) & np.isnan(other))
    return np.where(same, 0.0, np.where(np.isfinite(gaps), gaps, 1.0))


def _rows_differ(expected: Answer, found: Answer) -> Difference:
    one = set(zip(expected.place.tolist(), expected.row.tolist(), strict=True))
    other = set(zip(found.place.tolist(), found.row.tolist(), strict=True))
    odd = sorted(one ^ other)
    if not odd:
        return Difference("", int(expected.place[0]), str(expected.row[0]), "in order", "in another order", 1.0, 1)
    there = odd[0] in one
    words = ("a row", "no row") if there else ("no row", "a row")
    return Difference("", odd[0][0], str(odd[0][1]), *words, 1.0, len(odd))


def _column(values: pl.Series) -> np.ndarray:
    if values.dtype.is_numeric() or values.dtype == pl.Boolean:
        return values.cast(pl.Float64).fill_null(np.nan).to_numpy()
    return values.cast(pl.String).fill_null("").to_numpy().astype(object)


def present(values: np.ndarray) -> np.ndarray:
    """(rows,) whether there is a value: a finite number, or a text."""
    return np.asarray(values != "" if values.dtype == object else np.isfinite(values))


def _leaves(value: Any, path: str) -> list[tuple[str, Any]]:
    if isinstance(value, Mapping):
        return [leaf for key in sorted(value, key=str) for leaf in _leaves(value[key], f"{path}.{key}".lstrip("."))]
    if isinstance(value, np.ndarray):
        return _leaves(value.tolist(), path)
    if isinstance(value, list | tuple):
        return [leaf for at, item in enumerate(value) for leaf in _leaves(item, f"{path}[{at}]")]
    if isinstance(value, set | frozenset):
        return _leaves(sorted(value, key=str), path)
    return [(path or "decision", value)]


def _scalar(value: Any) -> tuple[float, str]:
    if isinstance(value, bool | int | float | np.number):
        return float(value), ""
    return float("nan"), str(value)


def _text(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float | np.floating) else str(value)
