"""The World as a whole: live rows, daily truths, and the same bytes in every process."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from eraforge.core.errors import UserError
from eraforge.simulator.world import World, build_world

PROGRAM = """
import sys
from datetime import date
from pathlib import Path
from eraforge.simulator.world import build_world
world = build_world(7, "tiny")
for filename in reversed(world.filenames()):
    world.write(filename, date(2026, 9, 1), Path(sys.argv[1]) / filename.split("/")[1])
"""


def digests(folder: Path) -> dict[str, str]:
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in sorted(folder.iterdir())}


@pytest.mark.parametrize("hash_seed", ["1", "4242"])
def test_every_file_has_the_same_bytes_in_another_process(folder: Path, tmp_path: Path, hash_seed: str) -> None:
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "POLARS_MAX_THREADS": hash_seed[0]}
    subprocess.run([sys.executable, "-c", PROGRAM, str(tmp_path)], check=True, env=environment, timeout=60)
    assert digests(tmp_path) == digests(folder)
    assert len(digests(folder)) == 12


def test_another_seed_gives_another_world_with_the_same_feature_names(world: World, round_day: date) -> None:
    other = build_world(8, "tiny")
    assert not np.array_equal(other.live_ids(round_day), world.live_ids(round_day))
    assert other.synthetic != world.synthetic
    assert other.targets == world.targets


def test_live_rows_are_those_the_world_scores(world: World, folder: Path, round_day: date) -> None:
    live = pl.read_parquet(folder / "live.parquet")
    ids = world.live_ids(round_day)
    assert live["id"].to_list() == ids.tolist() == sorted(set(ids.tolist()))
    assert live["data_type"].unique().to_list() == ["live"]
    assert live["era"].unique().to_list() == ["1236"]
    assert world.field(round_day).shape == (live.height, len(world.competitors))
    names, values = world.benchmarks(round_day)
    written = pl.read_parquet(folder / "live_benchmark_models.parquet")
    assert np.array_equal(written.select(names).to_numpy(), values)


@pytest.mark.parametrize("target", ["target", "target_ender_20", "target_jasper_60"])
def test_daily_truths_approach_the_final_target(world: World, round_day: date, target: str) -> None:
    last = 20 if target.endswith("20") else 60
    final = world.truth(round_day, target, last)
    likeness = [float(np.corrcoef(world.truth(round_day, target, day), final)[0, 1]) for day in (1, last // 2, last)]
    assert final.shape == world.live_ids(round_day).shape
    assert likeness == sorted(likeness)
    assert likeness[-1] == pytest.approx(1.0)
    assert likeness[0] < 0.6


def test_a_saturday_round_resolves_to_what_is_published_for_its_week(world: World, tmp_path: Path) -> None:
    saturday, year_later = date(2026, 9, 5), date(2027, 9, 4)
    world.write("v5.3/validation.parquet", year_later, tmp_path / "validation.parquet")
    week = pl.read_parquet(tmp_path / "validation.parquet").filter(pl.col("era") == "1236")
    assert week["id"].to_list() == world.live_ids(saturday).tolist()
    assert np.array_equal(week["target"].to_numpy(), world.truth(saturday, "target", 60))
    assert np.array_equal(week["target_cyrusd_20"].to_numpy(), world.truth(saturday, "target_cyrusd_20", 20))


def test_the_same_name_has_one_path_whatever_the_horizon(world: World, round_day: date) -> None:
    short, long = (world.truth(round_day, f"target_ender_{horizon}", 20) for horizon in (20, 60))
    assert np.array_equal(short, long)
    assert np.array_equal(world.truth(round_day, "target", 60), world.truth(round_day, "target_ender_60", 60))


def test_what_does_not_exist_is_refused(world: World, tmp_path: Path, round_day: date) -> None:
    with pytest.raises(UserError, match="no file") as refusal:
        world.write("v4/train.parquet", round_day, tmp_path / "x")
    assert refusal.value.code == "unknown-dataset-file"
    with pytest.raises(UserError, match="No round opens"):
        world.live_ids(date(2026, 8, 31))
    with pytest.raises(UserError, match="no target"):
        world.truth(round_day, "target_nobody_20", 3)
    with pytest.raises(UserError, match="no score day 21"):
        world.truth(round_day, "target_ender_20", 21)
    with pytest.raises(UserError, match="no scale"):
        build_world(1, "huge")
