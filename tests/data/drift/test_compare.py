"""Two panels side by side: what came and went, what moved, what stops an entry."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest

from eraforge.core.errors import DataError
from eraforge.core.panel import Moments, Panel, Sample
from eraforge.data.drift.compare import compare_panels

FEATURES = tuple(f"f{place}" for place in range(8))


def panel(seed: int = 0, rows: int = 2_000, era: int = 1, sample: Sample = Sample.TRAIN, **changed: Any) -> Panel:
    rng = np.random.default_rng(seed)
    columns: dict[str, Any] = {name: rng.integers(0, 5, rows, dtype=np.int8) for name in FEATURES}
    for name, values in changed.items():
        columns[name] = values(columns.get(name), rng) if callable(values) else values
    columns = {name: values for name, values in columns.items() if values is not None}
    frame = pl.DataFrame({"era": [f"{era:04d}"] * rows, "id": [f"i{place:05d}" for place in range(rows)], **columns})
    moments = Moments((f"{era:04d}",), (date(2024, 1, 1) + timedelta(days=7 * era),))
    return Panel(frame.lazy(), tuple(columns), (), moments, sample)


def codes(before: Panel, after: Panel, **rest: Any) -> list[str]:
    return [one.code for one in compare_panels(before, after, **rest).findings]


@pytest.mark.parametrize("rows", [50, 300, 5_000])
def test_two_samples_of_one_population_are_steady(rows: int) -> None:
    for seed in range(20):
        assert codes(panel(seed, rows), panel(seed + 100, rows, 2)) == []


def test_columns_that_come_go_and_change_type() -> None:
    assert codes(panel(), panel(era=2, f1=None)) == ["columns-gone"]
    assert codes(panel(), panel(era=2, g=np.zeros(2_000))) == ["columns-added"]
    assert codes(panel(), panel(era=2, f1=np.zeros(2_000))) == ["column-types-changed"]
    with pytest.raises(DataError) as error:
        compare_panels(panel(), panel(era=2, sample=Sample.LIVE, f1=None)).refuse()
    assert error.value.sentence.startswith("Between the train and the live panel 1 columns are gone")


def test_one_column_warns_and_many_stop() -> None:
    def low(values: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        return np.minimum(values, 2).astype(np.int8)

    def less(values: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        return np.where(rng.random(values.size) < 0.2, 0, values).astype(np.int8)

    one = compare_panels(panel(), panel(1, era=2, f3=less))
    assert [found.code for found in one.findings] == ["columns-moved"] and one.trustworthy
    assert one.table.get_column("column")[0] == "f3" and one.table.height == 8
    many = compare_panels(panel(), panel(1, era=2, f3=low, f4=low))
    assert [found.code for found in many.findings] == ["columns-drifted"] and not many.trustworthy


def test_continuous_columns_and_missing_values() -> None:
    def noise(values: Any, rng: np.random.Generator) -> np.ndarray:
        return rng.normal(size=2_000)

    def gone(values: Any, rng: np.random.Generator) -> np.ndarray:
        return np.where(np.arange(2_000) < 900, np.nan, rng.normal(size=2_000))

    def moved(values: Any, rng: np.random.Generator) -> np.ndarray:
        return rng.normal(2.0, size=2_000)

    names = dict.fromkeys(FEATURES)
    base = panel(**{**names, "a": noise, "b": noise})
    assert codes(base, panel(3, era=2, **{**names, "a": noise, "b": noise})) == []
    assert codes(base, panel(3, era=2, **{**names, "a": noise, "b": gone})) == ["columns-emptied"]
    report = compare_panels(base, panel(3, era=2, **{**names, "a": moved, "b": noise}))
    assert [one.code for one in report.findings] == ["columns-drifted"]
    assert report.table.row(0, named=True)["ks"] > 0.6


def test_integers_with_holes_are_compared_too() -> None:
    def holes(values: np.ndarray, rng: np.random.Generator) -> pl.Series:
        return pl.Series([None if place % 9 == 0 else int(value) for place, value in enumerate(values)], dtype=pl.Int8)

    report = compare_panels(panel(f2=holes), panel(1, era=2, f2=holes))
    assert report.findings == () and report.table.get_column("missing_after").max() == pytest.approx(223 / 2000)


def test_the_universe_where_an_id_persists() -> None:
    before, after = panel(rows=1_000), panel(rows=700, era=2)
    assert codes(before, after) == [] and codes(before, after, ids_persist=True) == ["universe-changed"]
