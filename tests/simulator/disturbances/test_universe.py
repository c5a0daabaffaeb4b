"""A changed universe is the planned world with rows taken away or added; everything else is untouched."""

from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from eraforge.simulator.disturbances.changes import Disturbances
from eraforge.simulator.disturbances.universe import ChangingUniverse
from eraforge.simulator.world import World
from eraforge.simulator.world.parquet import SYNTHETIC_KEY

DAY, OTHER = date(2026, 9, 2), date(2026, 9, 3)  # rounds 1346 and 1347


@pytest.mark.parametrize("share", [0.5, 1.3, 2.5])
def test_rows_truths_and_predictions_go_together(tiny_world: World, tmp_path: Path, share: float) -> None:
    world = ChangingUniverse(tiny_world, Disturbances(universes={(8, 1346): share}))
    planned, ids = tiny_world.live_ids(DAY), world.live_ids(DAY)
    assert len(ids) == len(set(ids)) == round(len(planned) * share)
    assert list(ids) == sorted(ids)
    kept = np.isin(ids, planned)
    assert kept.sum() == min(len(ids), len(planned))
    where = np.searchsorted(planned, ids[kept])
    truth = tiny_world.truth(DAY, "target_ender_20", 5)
    np.testing.assert_array_equal(world.truth(DAY, "target_ender_20", 5)[kept], truth[where])
    np.testing.assert_array_equal(world.field(DAY)[kept], tiny_world.field(DAY)[where])
    np.testing.assert_array_equal(world.benchmarks(DAY)[1][kept], tiny_world.benchmarks(DAY)[1][where])
    for name in ("live.parquet", "live_benchmark_models.parquet", "live_example_preds.parquet"):
        tiny_world.write(f"v5.3/{name}", DAY, tmp_path / "planned")
        world.write(f"v5.3/{name}", DAY, tmp_path / "changed")
        before, after = pl.read_parquet(tmp_path / "planned"), pl.read_parquet(tmp_path / "changed")
        assert after["id"].to_list() == list(ids)
        assert after.schema == before.schema
        assert after.filter(pl.col("id").is_in(list(planned))).equals(before.filter(pl.col("id").is_in(list(ids))))
        facts = [pl.read_parquet_metadata(tmp_path / one) for one in ("planned", "changed")]
        assert facts[0][SYNTHETIC_KEY] == facts[1][SYNTHETIC_KEY]
        assert ("pandas" in facts[0]) == ("pandas" in facts[1])
    assert world.edition("v5.3/live.parquet", DAY) != tiny_world.edition("v5.3/live.parquet", DAY)


def test_other_rounds_and_other_files_stay(tiny_world: World) -> None:
    world = ChangingUniverse(tiny_world, Disturbances(universes={(8, 1346): 0.5}))
    np.testing.assert_array_equal(world.live_ids(OTHER), tiny_world.live_ids(OTHER))
    assert world.edition("v5.3/live.parquet", OTHER) == tiny_world.edition("v5.3/live.parquet", OTHER)
    assert world.edition("v5.3/train.parquet", DAY) == tiny_world.edition("v5.3/train.parquet", DAY)
    assert (world.synthetic, world.arena, world.filenames()) == (
        tiny_world.synthetic, tiny_world.arena, tiny_world.filenames()
    )  # fmt: skip
