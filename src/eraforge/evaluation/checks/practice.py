"""Small made-up panels with a known signal, for checks of plugins and for tests. Always tagged as synthetic."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import polars as pl

from eraforge.core.panel import ERA, ID, Moments, Panel, Sample, Target

FIRST_DAY = date(2003, 1, 3)
WEEK = timedelta(days=7)
SHARES = (0.05, 0.25, 0.75, 0.95)
VARIANCE = 2.0
"""Of a feature that takes 0, 1, 2, 3 and 4 equally often."""
TARGET = "target"


def practice_panel(
    seed: int = 7,
    eras: int = 24,
    rows: int = 60,
    features: int = 12,
    signal: float = 0.5,
    horizon: int = 20,
    purge: int = 8,
) -> Panel:
    """A panel of weekly eras with five-valued features, a five-valued target and a planted linear signal.

    Args:
        seed: seed of everything in it.
        eras, rows, features: its size; `rows` per era.
        signal: correlation of the hidden continuous target with the planted combination of the first features, 0..1.
        horizon, purge: of its target, which is known `horizon` weekdays and two more after its era.
    """
    rng = np.random.default_rng(seed)
    count = eras * rows
    matrix = rng.integers(0, 5, size=(count, features), dtype=np.int8)
    drivers = max(1, features // 3)
    planted = (matrix[:, :drivers].astype(float) - 2).sum(axis=1) / np.sqrt(VARIANCE * drivers)
    hidden = signal * planted + np.sqrt(1 - signal**2) * rng.normal(size=count)
    labels = [f"{number + 1:04d}" for number in range(eras)]
    keys = {
        ERA: np.repeat(labels, rows).tolist(),
        ID: [f"n{place:015x}" for place in range(count)],
    }
    truth = np.concatenate([_fifths(part) for part in np.split(hidden, eras)])
    return panel_of(keys, matrix, truth, labels, Target(TARGET, horizon, purge=purge), f"practice panel seed={seed}")


def practice_calendar(
    eras: int, target: Target, late: Mapping[int, int] | None = None, gaps: Mapping[int, int] | None = None
) -> Panel:
    """Weekly eras without rows, for splitters: what matters is when each era was and when its label is known.

    Args:
        eras: how many.
        target: their label, known `horizon + lag` weekdays after its era.
        late: place of an era to the days by which its label comes later (a holiday, a vendor's delay).
        gaps: place of an era to the days by which it and all later ones are put off (a closed exchange).
    """
    shift, dates = timedelta(), []
    for place in range(eras):
        shift += timedelta(days=(gaps or {}).get(place, 0))
        dates.append(FIRST_DAY + WEEK * place + shift)
    delay = timedelta(days=(target.horizon + target.lag) * 7 // 5)
    known = tuple(day + delay + timedelta(days=(late or {}).get(place, 0)) for place, day in enumerate(dates))
    moments = Moments(tuple(f"{place + 1:04d}" for place in range(eras)), tuple(dates), {target.name: known})
    frame = pl.LazyFrame(schema={ERA: pl.String, ID: pl.String, target.name: pl.Float32})
    return Panel(frame, (), (target,), moments, Sample.TRAIN, "practice calendar")


def panel_of(
    keys: Mapping[str, list[str]],
    matrix: np.ndarray,
    truth: np.ndarray,
    eras: list[str],
    target: Target,
    synthetic: str | None,
) -> Panel:
    """A weekly panel from arrays: keys and features (rows, features) in order of eras, truth (rows,).

    The target of an era is known `horizon + lag` weekdays after its date.
    """
    names = tuple(f"feature_{place}" for place in range(matrix.shape[1]))
    columns = {name: matrix[:, place] for place, name in enumerate(names)}
    frame = pl.DataFrame({**keys, **columns, target.name: truth.astype(np.float32)})
    dates = tuple(FIRST_DAY + WEEK * place for place in range(len(eras)))
    delay = timedelta(days=(target.horizon + target.lag) * 7 // 5)
    moments = Moments(tuple(eras), dates, {target.name: tuple(day + delay for day in dates)})
    return Panel(frame.lazy(), names, (target,), moments, Sample.TRAIN, synthetic)


def with_windows(panel: Panel, lags: int = 3) -> Panel:
    """The panel with its last features named as two windows, `price_lag0` and so on, as panels of price history have.

    The features before them keep their names, and with them the planted signal.
    """
    names = [f"{stem}_lag{lag}" for stem in ("price", "volume") for lag in range(lags)]
    renamed = dict(zip(panel.features[-len(names) :], names, strict=True))
    features = tuple(renamed.get(name, name) for name in panel.features)
    return replace(panel, frame=panel.frame.rename(renamed), features=features)


def _fifths(hidden: np.ndarray) -> np.ndarray:
    """The values of one era in five bins of 5, 20, 50, 20 and 5 percent: 0, 0.25, 0.5, 0.75, 1."""
    ranks = (np.argsort(np.argsort(hidden)) + 0.5) / len(hidden)
    return np.searchsorted(SHARES, ranks) / 4
