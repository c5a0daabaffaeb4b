"""Two data versions side by side, from their features files; and which target `target` is, from the columns."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from eraforge.arenas.classic import CLASSIC
from eraforge.data.drift.versions import compare_versions, meaning_of
from eraforge.data.feature_sets import FeatureSets

TARGETS = ("target", "target_ender_60", "target_jasper_60")
BEFORE = FeatureSets({"small": ("a", "b"), "quantum": ("c", "d"), "all": ("a", "b", "c", "d")}, TARGETS)
AFTER = FeatureSets({"small": ("a", "b"), "kept": ("c", "d"), "all": ("a", "b", "c", "d", "e")}, TARGETS)
NAMES = ("v5.3", "v5.4")


def test_features_and_sets_that_came_and_went_are_counted() -> None:
    (found,) = compare_versions(BEFORE, AFTER, NAMES, "small", ["target"])
    assert found.code == "newer-version-offered"
    assert found.sentence == (
        "v5.4 is offered besides v5.3: 1 features more; feature sets gone: quantum; feature sets new: kept."
    )
    assert 'version = "v5.4"' in found.next_step


def test_versions_that_differ_in_nothing_say_so() -> None:
    (found,) = compare_versions(BEFORE, BEFORE, NAMES, "quantum", TARGETS)
    assert found.sentence.endswith("the same features, sets and targets.")


def test_a_set_that_has_another_name_is_found_by_its_members() -> None:
    _, found = compare_versions(BEFORE, AFTER, NAMES, "quantum", ["target"])
    assert found.code == "set-not-in-newer-version" and 'features = "kept"' in found.next_step


def test_a_set_or_a_target_that_is_gone_names_what_there_is() -> None:
    after = FeatureSets({"tiny": ("a",)}, ("target", "target_jasper_60"))
    _, lost, target = compare_versions(BEFORE, after, NAMES, "small", ["target", "target_ender_60"])
    assert "tiny" in lost.next_step and "'small'" in lost.sentence
    assert target.code == "target-not-in-newer-version" and "'target_ender_60'" in target.sentence
    assert "target_jasper_60" in target.next_step


@pytest.mark.parametrize("meant", ["target_ender_60", "target_jasper_60"])
def test_what_target_stands_for_is_read_from_the_columns(tmp_path: Path, meant: str) -> None:
    rng, path = np.random.default_rng(1), tmp_path / "train.parquet"
    columns = {name: rng.integers(0, 5, 300) / 4 for name in TARGETS[1:]}
    frame = pl.DataFrame(columns).with_columns(pl.when(pl.int_range(pl.len()) > 9).then(pl.all()))
    frame.with_columns(pl.col(meant).alias("target")).write_parquet(path)
    assert meaning_of(path, CLASSIC) == meant


def test_where_the_columns_do_not_tell_nothing_is_claimed(tmp_path: Path) -> None:
    path, values = tmp_path / "train.parquet", [0.0, 0.25, 1.0]
    for columns in (
        {"target": values},
        {"target_ender_60": values},
        {"target": values, "target_ender_60": values[::-1]},
        {"target": values, "target_ender_60": values, "target_jasper_60": values},
    ):
        pl.DataFrame(columns).write_parquet(path)
        assert meaning_of(path, CLASSIC) is None
