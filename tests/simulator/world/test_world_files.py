"""The dataset files: schemas, samples, the synthetic tag, and that nothing after the clock stands in them."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import polars as pl
import polars.testing
import pytest

from eraforge.core.calendar import era_date, label_known_on
from eraforge.simulator.world import World


def test_every_parquet_file_carries_the_synthetic_tag(world: World, folder: Path) -> None:
    files = sorted(folder.glob("*.parquet"))
    assert len(files) == 9
    for file in files:
        assert pl.read_parquet_metadata(file)["eraforge.synthetic"] == "eraforge simulator seed=7 scale=tiny"
    assert json.loads((folder / "features.json").read_text())["eraforge.synthetic"] == world.synthetic


def test_dataset_files_have_the_documented_columns_and_types(folder: Path) -> None:
    listed = json.loads((folder / "features.json").read_text())
    features, targets = listed["feature_sets"]["all"], listed["targets"]
    for name in ("train", "validation", "live"):
        schema = pl.read_parquet_schema(folder / f"{name}.parquet")
        assert list(schema) == ["id", "era", "data_type", *features, *targets]
        assert {schema[name] for name in features} == {pl.Int8}
        assert {schema[name] for name in targets} == {pl.Float32}
    for name in ("train", "validation", "live"):
        models = pl.read_parquet_schema(folder / f"{name}_benchmark_models.parquet").names()
        assert models == ["id", "era", "data_type", "v53_lgbm_ender20", "v53_lgbm_ender60"]
    meta = pl.read_parquet_schema(folder / "meta_model.parquet").names()
    assert meta == ["id", "era", "data_type", "numerai_meta_model"]


def test_the_named_sets_are_parts_of_all(folder: Path) -> None:
    sets = json.loads((folder / "features.json").read_text())["feature_sets"]
    everything = set(sets["all"])
    assert len(sets["small"]) == 42
    assert set(sets["small"]) < set(sets["medium"]) < everything
    assert set(sets["quantum"]).isdisjoint(sets["medium"])
    groups = {"constitution", "charisma", "agility", "wisdom", "strength", "serenity", "dexterity", "intelligence"}
    present = set(sets) - {"small", "medium", "quantum", "all"}
    assert len(groups) - 1 <= len(present) and present <= groups  # a tiny world may have no room for the smallest
    assert all(sets.values())
    assert sorted(name for group in present for name in sets[group]) == sorted(everything)


def test_train_has_its_eras_rows_and_complete_main_target(world: World, folder: Path) -> None:
    rows = pl.read_parquet(folder / "train.parquet")
    eras = rows["era"].unique(maintain_order=True).to_list()
    assert eras == [f"{number:04d}" for number in range(1136, 1196)]
    assert rows.height == world.scale.train_rows
    assert rows["data_type"].unique().to_list() == ["train"]
    assert rows["id"].n_unique() == rows.height
    assert rows["id"].str.contains("^n[0-9a-f]{15}$").all()
    assert rows.group_by("era").agg(pl.col("id").is_sorted())["id"].all()
    assert rows["target"].null_count() == 0
    assert rows["target"].equals(rows["target_ender_60"])
    assert 0 < rows["target_bravo_20"].null_count() < 0.02 * rows.height


@pytest.mark.parametrize("horizon", [20, 60])
def test_a_label_is_null_until_it_was_published(world: World, folder: Path, round_day: date, horizon: int) -> None:
    column = pl.col(f"target_ender_{horizon}")
    rows = pl.read_parquet(folder / "validation.parquet")
    eras = rows.group_by("era", maintain_order=True).agg(column.null_count().alias("gaps"), column.len().alias("rows"))
    unknown = 0
    for era, gaps, count in eras.iter_rows():
        calendar = world.arena.calendar
        known = label_known_on(calendar, era_date(calendar, era), horizon) < round_day
        unknown += not known
        assert gaps == (0 if known else count)
    assert unknown == {20: 5, 60: 13}[horizon]


def test_rows_without_main_target_are_test_rows(folder: Path) -> None:
    rows = pl.read_parquet(folder / "validation.parquet", columns=["era", "data_type", "target"])
    unresolved = rows.filter(pl.col("data_type") == "test")
    assert unresolved["target"].null_count() == unresolved.height
    assert unresolved["era"].unique().sort().to_list() == [f"{number:04d}" for number in range(1223, 1236)]
    assert rows.filter(pl.col("data_type") == "validation")["target"].null_count() == 0
    assert set(rows["data_type"]) == {"test", "validation"}


def test_an_earlier_file_is_the_later_one_cut_at_its_clock(world: World, folder: Path, tmp_path: Path) -> None:
    world.write("v5.3/validation.parquet", date(2026, 7, 1), tmp_path / "early.parquet")
    early, late = pl.read_parquet(tmp_path / "early.parquet"), pl.read_parquet(folder / "validation.parquet")
    assert early["era"].max() == "1226"
    same = late.filter(pl.col("era") <= "1226").with_columns(early["data_type"])
    for column in early.columns:
        hidden = early[column].is_null()
        polars.testing.assert_series_equal(early[column].filter(~hidden), same[column].filter(~hidden))
    assert early["target"].null_count() > same["target"].null_count()


def test_live_files_know_no_outcome(folder: Path) -> None:
    live = pl.read_parquet(folder / "live.parquet")
    targets = [name for name in live.columns if name.startswith("target")]
    assert all(live[name].null_count() == live.height for name in targets)
    assert len(targets) == 13


def test_example_predictions_are_one_submission_in_two_formats(folder: Path) -> None:
    for sample in ("live", "validation"):
        table = pl.read_parquet(folder / f"{sample}_example_preds.parquet")
        text = pl.read_csv(folder / f"{sample}_example_preds.csv", schema={"id": pl.String, "prediction": pl.Float32})
        polars.testing.assert_frame_equal(table, text)
        assert table["prediction"].is_between(0, 1, closed="none").all()
        assert table["id"].equals(pl.read_parquet(folder / f"{sample}.parquet")["id"])


def test_progress_counts_eras(world: World, round_day: date, tmp_path: Path) -> None:
    calls: list[tuple[int, int]] = []
    world.write("v5.3/meta_model.parquet", round_day, tmp_path / "x", lambda done, total: calls.append((done, total)))
    assert calls == [(done, 30) for done in range(1, 31)]
