"""A released version is the first one and besides: features at the end, a set under another name, `target` moved."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from eraforge.core.errors import UserError
from eraforge.simulator.port import Release, Versioned
from eraforge.simulator.world import World, crypto_world

SECOND = Release("v5.4", "target_jasper_60", "quantum", "quantum_equivalent_features", 1350, None)
THIRD = Release("v5.5", "target_ender_20", "medium", "medium_equivalent_features", 1360, None)
PROGRAM = """
import sys
from datetime import date
from pathlib import Path
from eraforge.simulator.port import Release
from eraforge.simulator.world import build_world
files = build_world(7, "tiny").released((Release("v5.4", "target_jasper_60", "quantum", "q", 1350, None),))
for filename in reversed(files.filenames()):
    files.write(filename, date(2026, 9, 1), Path(sys.argv[1]) / filename.split("/")[1])
"""


@pytest.fixture(scope="module")
def second(world: World, round_day: date, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("second")
    files = world.released((SECOND,))
    for filename in files.filenames():
        files.write(filename, round_day, folder / filename.split("/")[1])
    return folder


def test_it_has_the_same_files_under_its_own_name(world: World, second: Path) -> None:
    before = {name.split("/")[1] for name in world.filenames()}
    assert {file.name for file in second.iterdir()} == before
    assert world.released((SECOND,)).filenames() == tuple(f"v5.4/{name.split('/')[1]}" for name in world.filenames())


@pytest.mark.parametrize("name", ["train", "validation", "live"])
def test_everything_the_first_version_holds_is_in_it_unchanged(
    world: World, folder: Path, second: Path, name: str
) -> None:
    before, after = (pl.read_parquet(one / f"{name}.parquet") for one in (folder, second))
    assert after.drop(set(after.columns) - set(before.columns)).drop("target").equals(before.drop("target"))
    added = after.columns[3 + world.scale.features :][: world.scale.added]
    assert set(after.columns) - set(before.columns) == set(added)
    assert after.columns[-len(world.targets) :] == list(world.targets)
    assert after.select(added).dtypes == [pl.Int8] * len(added)
    assert pl.read_parquet_metadata(second / f"{name}.parquet")["eraforge.synthetic"] == world.synthetic
    if name != "live":
        assert before["target"].equals(before["target_ender_60"])
        assert after["target"].equals(after["target_jasper_60"], null_equal=True)
        assert not after["target"].equals(before["target"])


def test_its_features_file_tells_of_all_but_the_moved_target(world: World, folder: Path, second: Path) -> None:
    before, after = (json.loads((one / "features.json").read_text()) for one in (folder, second))
    assert after["targets"] == before["targets"]
    old, now = before["feature_sets"], after["feature_sets"]
    assert set(old) - set(now) == {"quantum"} and set(now) - set(old) == {"quantum_equivalent_features"}
    assert now["quantum_equivalent_features"] == old["quantum"]
    assert (now["small"], now["medium"]) == (old["small"], old["medium"])
    assert now["all"][: len(old["all"])] == old["all"] and len(now["all"]) == len(old["all"]) + world.scale.added
    assert now["all"] == pl.read_parquet_schema(second / "train.parquet").names()[3 : 3 + len(now["all"])]
    groups = [name for name in now if name not in ("small", "medium", "all", "quantum_equivalent_features")]
    assert sorted(name for group in groups for name in now[group]) == sorted(now["all"])


def test_its_benchmark_models_have_its_name_and_the_same_values(folder: Path, second: Path) -> None:
    for name in ("train", "validation", "live"):
        before, after = (pl.read_parquet(one / f"{name}_benchmark_models.parquet") for one in (folder, second))
        assert after.columns == ["id", "era", "data_type", "v54_lgbm_ender20", "v54_lgbm_ender60"]
        assert after.rename(dict(zip(after.columns, before.columns, strict=True))).equals(before)
    for name in ("meta_model.parquet", "live_example_preds.csv", "validation_example_preds.parquet"):
        assert (folder / name).read_bytes() == (second / name).read_bytes()


def test_a_version_builds_on_the_one_before_it(world: World, second: Path, round_day: date, tmp_path: Path) -> None:
    third = world.released((SECOND, THIRD))
    third.write("v5.5/live.parquet", round_day, tmp_path / "live.parquet")
    third.write("v5.5/features.json", round_day, tmp_path / "features.json")
    third.write("v5.5/validation.parquet", round_day, tmp_path / "validation.parquet")
    before, after = pl.read_parquet(second / "live.parquet"), pl.read_parquet(tmp_path / "live.parquet")
    assert after.select(before.columns).equals(before)
    assert after.width == before.width + world.scale.added
    sets = json.loads((tmp_path / "features.json").read_text())["feature_sets"]
    assert {"medium_equivalent_features", "quantum_equivalent_features"} < set(sets)
    rows = pl.read_parquet(tmp_path / "validation.parquet", columns=["data_type", "target", "target_ender_20"])
    assert rows["target"].equals(rows["target_ender_20"], null_equal=True)
    assert rows.filter(pl.col("data_type") == "validation")["target"].null_count() == 0
    assert rows.filter(pl.col("data_type") == "test")["target"].null_count() > 0


def test_equal_arguments_give_equal_bytes_in_another_process(second: Path, tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONHASHSEED": "11", "POLARS_MAX_THREADS": "1"}
    subprocess.run([sys.executable, "-c", PROGRAM, str(tmp_path)], check=True, env=environment, timeout=60)
    names = [file.name for file in tmp_path.iterdir() if file.name != "features.json"]  # the set is called otherwise
    digests = [[hashlib.sha256((one / name).read_bytes()).hexdigest() for name in names] for one in (second, tmp_path)]
    assert len(names) == 11 and digests[0] == digests[1]


def test_other_contents_have_other_editions(world: World, round_day: date) -> None:
    name = "v5.4/train.parquet"
    moved = Release("v5.4", "target_cyrusd_60", "quantum", "quantum_equivalent_features", 1350, None)
    later = Release("v5.4", "target_jasper_60", "quantum", "quantum_equivalent_features", 1352, 1360)
    edition = world.released((SECOND,)).edition(name, round_day)
    assert edition != world.released((moved,)).edition(name, round_day)
    assert edition == world.released((later,)).edition(name, round_day)


def test_what_it_lacks_is_refused(world: World, round_day: date, tmp_path: Path) -> None:
    with pytest.raises(UserError) as refusal:
        world.released((SECOND,)).write("v5.3/live.parquet", round_day, tmp_path / "x")
    assert refusal.value.code == "unknown-dataset-file"
    assert isinstance(world, Versioned) and not isinstance(crypto_world(7, "tiny"), Versioned)
