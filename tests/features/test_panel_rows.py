"""Rows for models: eras, ids, ranks and bins."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest

from eraforge.core.errors import UserError
from eraforge.features.catalogue import named
from eraforge.features.engine import FeatureTable, compute
from eraforge.features.panel_rows import Shape, to_panel

NAMES = ["return_1", "hvol_20", "rsi_14"]


@pytest.fixture(scope="module")
def table(made: Any) -> FeatureTable:
    return compute(named(NAMES), made(20, 120, 3), dtype=np.float64)


def eras(table: FeatureTable, *places: int) -> dict[str, np.datetime64]:
    return {str(table.times[place])[:10]: table.times[place] for place in places}


def test_values_are_those_of_the_moment(table: FeatureTable) -> None:
    frame = to_panel(table, eras(table, 100, 60), shape=Shape.VALUES)
    assert frame.columns == ["era", "id", *NAMES] and frame.equals(frame.sort("era", "id"))
    for era, place in (("2019-03-02", 60), ("2019-04-11", 100)):
        rows = frame.filter(pl.col("era") == era)
        at = [table.symbols.index(symbol) for symbol in rows["id"]]
        assert np.array_equal(rows.select(NAMES).to_numpy(), table.values[:, at, place].T, equal_nan=True)
        others = sorted(set(range(20)) - set(at))
        assert np.isnan(table.values[:, others, place]).all() and rows.height > 8


def test_an_era_between_two_bars_knows_the_earlier_one(table: FeatureTable) -> None:
    between = {"a": table.times[50] + np.timedelta64(3600, "s")}
    assert to_panel(table, between).drop("era").equals(to_panel(table, {"a": table.times[50]}).drop("era"))


def test_ranks_and_bins_as_polars_has_them(table: FeatureTable) -> None:
    values = to_panel(table, eras(table, 70, 90, 110), shape=Shape.VALUES).fill_nan(None)
    rank = ((pl.col(NAMES).rank("average") - 0.5) / pl.col(NAMES).count()).over("era")
    expected = values.with_columns(rank)
    ranks = to_panel(table, eras(table, 70, 90, 110))
    bins = to_panel(table, eras(table, 70, 90, 110), shape=Shape.BINS)
    assert ranks.schema["hvol_20"] == pl.Float32 and bins.schema["hvol_20"] == pl.Int8
    assert np.allclose(ranks.select(NAMES), expected.select(NAMES).fill_null(0.5), atol=1e-7)
    binned = expected.with_columns((pl.col(NAMES) * 5).floor().clip(0, 4)).select(NAMES).fill_null(2.0)
    assert np.array_equal(bins.select(NAMES).to_numpy(), binned.to_numpy())


def test_a_symbol_may_be_told_by_an_older_bar(table: FeatureTable) -> None:
    place = 100
    alone = to_panel(table, eras(table, place), shape=Shape.VALUES)
    older = to_panel(table, eras(table, place), shape=Shape.VALUES, oldest=3)
    extra = set(older["id"]) - set(alone["id"])
    for symbol in extra:
        row = table.symbols.index(symbol)
        back = next(b for b in range(1, 4) if np.isfinite(table.values[:, row, place - b]).any())
        told = older.filter(pl.col("id") == symbol).select(NAMES).to_numpy()[0]
        assert np.array_equal(told, table.values[:, row, place - back], equal_nan=True)
    some = [
        to_panel(table, eras(table, p), oldest=3).height > to_panel(table, eras(table, p)).height
        for p in range(60, 120)
    ]
    assert any(some)


def test_ids_of_the_arena(table: FeatureTable) -> None:
    ids = {"S001": "ZZ US", "S002": "AA US"}
    assert to_panel(table, eras(table, 60), ids)["id"].to_list() == ["AA US", "ZZ US"]
    with pytest.raises(UserError, match="same id"):
        to_panel(table, eras(table, 60), {"S001": "A", "S002": "A"})
    with pytest.raises(UserError, match="before the first"):
        to_panel(table, {"early": table.times[0] - np.timedelta64(1, "s")})
    assert to_panel(table, {}).height == 0
