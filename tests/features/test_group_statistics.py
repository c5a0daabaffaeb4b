"""Statistics of groups of features, row by row."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
import pytest
from scipy import stats

from eraforge.core.errors import UserError
from eraforge.core.panel import Moments, Panel, Sample
from eraforge.features.group_statistics import group_statistics, with_group_statistics


def test_as_scipy_has_them() -> None:
    rng = np.random.default_rng(0)
    for matrix in (rng.integers(0, 5, (500, 30)).astype(np.int8), rng.normal(size=(500, 30))):
        places = [3, 7, 8, 21, 29, 0]
        part = matrix[:, places].astype(float)
        expected = np.column_stack([part.mean(axis=1), part.std(axis=1), np.nan_to_num(stats.skew(part, axis=1))])
        assert np.allclose(group_statistics(matrix, places), expected, atol=1e-12)


def test_missing_values_are_not_counted() -> None:
    matrix = np.array([[1.0, np.nan, 3.0], [np.nan, np.nan, np.nan], [2.0, 2.0, 2.0]])
    made = group_statistics(matrix, [0, 1, 2])
    assert np.allclose(made[[0, 2]], [[2, 1, 0], [2, 0, 0]]) and np.isnan(made[1]).all()


def test_of_a_panel_in_its_order() -> None:
    rng = np.random.default_rng(1)
    names = [f"f{number}" for number in range(6)]
    eras = [f"{number:04d}" for number in range(40)]
    frame = pl.DataFrame({
        "era": np.repeat(eras, 5), "id": [f"n{row}" for row in range(200)],
        **{name: rng.integers(0, 5, 200).astype(np.int8) for name in names},
    })  # fmt: skip
    days = tuple(date.fromordinal(738_000 + 7 * number) for number in range(40))
    panel = Panel(frame.lazy(), tuple(names), (), Moments(tuple(eras), days), Sample.TRAIN)
    made = with_group_statistics(panel, {"wisdom": ["f1", "f4"], "charisma": ["f4", "f5", "f0"]})
    assert made.columns == ["era", "id", *(f"{g}_{s}" for g in ("wisdom", "charisma") for s in ("mean", "std", "skew"))]
    assert made["id"].to_list() == frame["id"].to_list()
    assert np.allclose(made["charisma_mean"], frame.select("f4", "f5", "f0").to_numpy().mean(axis=1))
    with pytest.raises(UserError, match="names no feature"):
        with_group_statistics(panel, {"empty": []})
