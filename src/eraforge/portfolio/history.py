"""A portfolio's score history as one complete table, and what it says of each model's mean.

Models that entered late, or missed a round, are completed from what all models of the portfolio had in common in that
round plus a residual of their own, so that every drawn block holds every model and correlations are kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from eraforge.core.errors import DataError
from eraforge.evaluation.uncertainty import Overlap, long_run

FEWEST = 8
PULL = 8.0
MOST_SHARED = 0.8


@dataclass(frozen=True)
class History:
    """Final scores of a portfolio. Axes: rounds T, models M, scores S.

    Args:
        last: number of the last round whose scores are final.
        models, scores: names along the axes.
        values: (T, M, S), complete.
        centre: (M, S) mean of each model, drawn towards the mean of all as far as its own history is short.
        own_error: (M, S) standard error of what sets a model's mean apart.
        shared_error: (S,) standard error of the mean all models share.
        overlap: horizon of the scores and spacing of the rounds, in weekdays.
    """

    last: int
    models: tuple[str, ...]
    scores: tuple[str, ...]
    values: np.ndarray
    centre: np.ndarray
    own_error: np.ndarray
    shared_error: np.ndarray
    overlap: Overlap


def rounds_needed(overlap: Overlap) -> int:
    """Resolved rounds from which a model's own history is worth a forecast: 8, and more where rounds overlap much.

    With fewer, the rounds are so nearly one observation that more than four fifths of what moves the scores moved them
    all alike and cannot be seen in their differences (13 daily rounds of 20 days, 37 of 60).
    """
    count = FEWEST
    while long_run(overlap.correlation(count), count) / count > MOST_SHARED:
        count += 1
    return count


def read_history(frame: pl.DataFrame, models: Sequence[str], scores: Sequence[str], overlap: Overlap) -> History:
    """Build the table from final scores.

    Args:
        frame: columns `round` (integer), `model` (str) and one column per score; only rounds that are resolved.
        models: which to use; each needs at least 8 rounds.
        scores: display names of the paying scores.

    Raises:
        DataError: `history-duplicate`, `history-too-short` naming the model.
    """
    chosen = frame.filter(pl.col("model").is_in(list(models)))
    if chosen.select("round", "model").is_duplicated().any():
        raise DataError("history-duplicate", "A model has two rows in one round.", "Keep the final scores alone.")
    first, last = chosen.select(low=pl.col("round").min(), high=pl.col("round").max()).row(0)
    if first is None or last - first + 1 < FEWEST:
        raise DataError(
            "history-too-short",
            f"The history holds fewer than {FEWEST} rounds.",
            "Wait for more rounds to resolve before forecasting.",
        )
    axis = pl.DataFrame({"round": np.arange(first, last + 1)}).cast({"round": frame.schema["round"]})
    tables = [_table(chosen, axis, models, score) for score in scores]
    known = np.stack([np.isfinite(table).sum(axis=0) for table in tables]).min(axis=0)
    short = [model for model, count in zip(models, known, strict=True) if count < FEWEST]
    if short:
        raise DataError(
            "history-too-short",
            f"{', '.join(short)} has fewer than {FEWEST} resolved rounds.",
            "Leave the model out of the forecast, or wait.",
        )
    parts = [_complete(table, overlap) for table in tables]
    values, centre, own, shared = zip(*parts, strict=True)
    return History(
        int(last),
        tuple(models),
        tuple(scores),
        np.stack(values, axis=2),
        np.stack(centre, axis=1),
        np.stack(own, axis=1),
        np.array(shared),
        overlap,
    )


def _table(frame: pl.DataFrame, axis: pl.DataFrame, models: Sequence[str], score: str) -> np.ndarray:
    wide = frame.pivot(index="round", on="model", values=score)
    joined = axis.join(wide, on="round", how="left").sort("round")
    return np.stack([joined[model].cast(pl.Float64).fill_null(float("nan")).to_numpy() for model in models], axis=1)


def _complete(table: np.ndarray, overlap: Overlap) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
    """(T, M) with gaps -> complete table, shrunk means (M,), their own errors (M,), error of the shared mean."""
    seen = np.isfinite(table)
    level = np.zeros(table.shape[1])
    shared = np.zeros(table.shape[0])
    for _ in range(4):
        shared = _fill_rounds(np.where(seen, table - level, np.nan))
        level = np.nanmean(np.where(seen, table - shared[:, None], np.nan), axis=0)
    swing = shared - shared.mean()
    residual = np.where(seen, table - level - shared[:, None], 0.0)
    power = float(np.square(swing).mean()) * PULL
    weight = (seen * np.square(swing)[:, None]).sum(axis=0) + power + 1e-30
    slope = 1 + (residual * swing[:, None]).sum(axis=0) / weight
    expected = level + shared.mean() + slope * swing[:, None]
    values = np.where(seen, table, expected)
    for place in np.flatnonzero(~seen.all(axis=0)):
        left = (table - expected)[seen[:, place], place]
        values[~seen[:, place], place] += np.resize(left - left.mean(), int((~seen[:, place]).sum()))
    centre, own = _shrink(table - shared[:, None], seen, overlap)
    error = float(np.sqrt(np.square(swing).mean() * long_run(overlap.correlation(len(swing)), len(swing)) / len(swing)))
    return values, centre + shared.mean(), own, error


def _fill_rounds(table: np.ndarray) -> np.ndarray:
    """Mean over models per round; a round nobody played lies between its neighbours."""
    count = np.isfinite(table).sum(axis=1)
    mean = np.nansum(table, axis=1) / np.maximum(count, 1)
    places = np.arange(len(mean))
    return np.asarray(np.interp(places, places[count > 0], mean[count > 0]))


def _shrink(apart: np.ndarray, seen: np.ndarray, overlap: Overlap) -> tuple[np.ndarray, np.ndarray]:
    """What sets each model's mean apart (M,), drawn to the mean of all by its uncertainty, and the error left (M,)."""
    counts = seen.sum(axis=0)
    mean = np.nanmean(np.where(seen, apart, np.nan), axis=0)
    spread = np.nanvar(np.where(seen, apart, np.nan), axis=0)
    rho = overlap.correlation(int(counts.max()))
    worth = np.array([count / long_run(rho, int(count)) for count in counts])
    variance = spread / np.maximum(worth - 1, 0.5)
    if len(mean) < 2:
        return np.zeros_like(mean), np.zeros_like(mean)
    grand = float(mean.mean())
    between = max(float(mean.var(ddof=1)) - float(variance.mean()), 0.0)
    kept = between / (between + variance + 1e-30)
    return np.asarray(grand + kept * (mean - grand)), np.asarray(np.sqrt(kept * variance))
