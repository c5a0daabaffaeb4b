"""The World as a whole: its files, schemas, determinism and what it keeps to itself."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from eraforge.core.errors import UserError
from eraforge.simulator.world import World, build_world

DAY = date(2026, 9, 1)


@pytest.fixture(scope="module")
def world() -> World:
    return build_world(7, "tiny")


@pytest.fixture(scope="module")
def folder(world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("world")
    for filename in world.filenames():
        world.write(filename, DAY, folder / filename.split("/")[1])
    return folder


def test_every_parquet_file_carries_the_synthetic_tag(world: World, folder: Path) -> None:
    files = sorted(folder.glob("*.parquet"))
    assert len(files) == 9
    for file in files:
        assert pl.read_parquet_metadata(file)["eraforge.synthetic"] == world.synthetic
    assert json.loads((folder / "features.json").read_text())["eraforge.synthetic"] == world.synthetic


def test_dataset_files_have_the_documented_columns_and_types(world: World, folder: Path) -> None:
    listed = json.loads((folder / "features.json").read_text())
    features, targets = listed["feature_sets"]["all"], listed["targets"]
    for name in ("train", "validation", "live"):
        schema = pl.read_parquet_schema(folder / f"{name}.parquet")
        assert list(schema) == ["id", "era", "data_type", *features, *targets]
        assert {schema[name] for name in features} == {pl.Int8}
        assert {schema[name] for name in targets} == {pl.Float32}
    assert pl.read_parquet_schema(folder / "live_example_preds.parquet").names() == ["id", "prediction"]
    assert pl.read_csv(folder / "live_example_preds.csv").columns == ["id", "prediction"]
    assert "numerai_meta_model" in pl.read_parquet_schema(folder / "meta_model.parquet")
    assert "v53_lgbm_ender60" in pl.read_parquet_schema(folder / "validation_benchmark_models.parquet")


def test_ids_are_unique_and_ascend_within_an_era(folder: Path) -> None:
    rows = pl.read_parquet(folder / "train.parquet", columns=["id", "era"])
    assert rows["id"].n_unique() == rows.height
    assert rows["id"].str.contains("^n[0-9a-f]{15}$").all()
    assert rows["era"].is_sorted()
    assert rows.group_by("era").agg(pl.col("id").is_sorted())["id"].all()


def test_live_rows_are_those_the_world_scores(world: World, folder: Path) -> None:
    live = pl.read_parquet(folder / "live.parquet")
    assert live["id"].to_list() == world.live_ids(DAY).tolist()
    assert live["data_type"].unique().to_list() == ["live"]
    assert live["era"].unique().to_list() == ["1236"]
    assert live["target"].null_count() == live.height
    assert world.field(DAY).shape == (live.height, len(world.competitors))


def test_the_daily_truth_ends_in_the_final_target(world: World) -> None:
    for target in ("target", "target_ender_60", "target_jasper_60"):
        last = world.truth(DAY, target, 60)
        assert last.shape == world.live_ids(DAY).shape
        assert np.array_equal(last, build_world(7, "tiny").truth(DAY, target, 60), equal_nan=True)
    near = np.corrcoef(world.truth(DAY, "target", 59), world.truth(DAY, "target", 60))[0, 1]
    far = np.corrcoef(world.truth(DAY, "target", 5), world.truth(DAY, "target", 60))[0, 1]
    assert near > 0.9 > far


def test_what_does_not_exist_is_refused(world: World, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no file"):
        world.write("v4/train.parquet", DAY, tmp_path / "x")
    with pytest.raises(UserError, match="No round opens"):
        world.live_ids(date(2026, 8, 31))
    with pytest.raises(UserError, match="no target"):
        world.truth(DAY, "target_nobody_20", 3)
    with pytest.raises(UserError, match="no score day 21"):
        world.truth(DAY, "target_ender_20", 21)
    with pytest.raises(UserError, match="no scale"):
        build_world(1, "huge")
