"""`features.json` is read strictly, and a wrong name is answered with the right ones."""

import json
from pathlib import Path

import polars as pl
import pytest

from eraforge.arenas.signals import SIGNALS
from eraforge.core.errors import DataError, UserError
from eraforge.data.feature_sets import columns_as_sets, feature_sets

TREE = {"feature_sets": {"small": ["a", "b"], "all": ["a", "b", "c"]}, "targets": ["target", "target_ender_20"]}


def test_sets_targets_and_tag_are_read(tmp_path: Path) -> None:
    path = tmp_path / "features.json"
    path.write_text(json.dumps(TREE | {"eraforge.synthetic": "seed=7"}))
    sets = feature_sets(path)
    assert sets.features("small") == ("a", "b")
    assert sets.targets == ("target", "target_ender_20")
    assert sets.synthetic == "seed=7"
    assert feature_sets(json.dumps(TREE).encode()).synthetic is None


def test_an_unknown_set_or_target_is_answered_with_those_there_are() -> None:
    sets = feature_sets(json.dumps(TREE).encode())
    with pytest.raises(UserError) as caught:
        sets.features("smal")
    assert caught.value.code == "unknown-feature-set"
    assert "small (2)" in caught.value.next_step
    with pytest.raises(UserError) as caught:
        sets.require_target("target_ender_60")
    assert "target_ender_20" in caught.value.next_step
    assert sets.require_target("target") == "target"


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        "{}",
        json.dumps({"feature_sets": {"small": ["a", "a"]}, "targets": ["target"]}),
        json.dumps({"feature_sets": {"small": []}, "targets": ["target"]}),
        json.dumps({"feature_sets": {"small": [1]}, "targets": ["target"]}),
        json.dumps({"feature_sets": {"small": ["a"]}, "targets": "target"}),
    ],
)
def test_a_damaged_file_is_refused(text: str) -> None:
    with pytest.raises(DataError) as caught:
        feature_sets(text.encode())
    assert caught.value.code == "features-file-damaged"


def test_a_file_without_a_features_file_names_its_own_columns(tmp_path: Path) -> None:
    path = tmp_path / "train.parquet"
    rows = {"numerai_ticker": ["ZURN CH"], "date": ["2026-01-02"], "feature_country": ["CH"], "feature_b": [0.5]}
    rows |= {"feature_a": [0.25], "target_chili_60": [0.5], "target": [0.5], "other": [1.0]}
    pl.DataFrame(rows).write_parquet(path, metadata={"eraforge.synthetic": "seed=7"})
    sets = columns_as_sets(path, SIGNALS)
    assert sets.features("all") == ("feature_b", "feature_a")  # a country is text, and no number to learn from
    assert sets.targets == ("target_chili_60", "target")
    assert sets.synthetic == "seed=7"


def test_a_file_without_features_or_cut_short_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "train.parquet"
    pl.DataFrame({"numerai_ticker": ["ZURN CH"], "target": [0.5]}).write_parquet(path)
    with pytest.raises(DataError) as caught:
        columns_as_sets(path, SIGNALS)
    assert caught.value.code == "no-feature-columns"
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(DataError) as caught:
        columns_as_sets(path, SIGNALS)
    assert caught.value.code == "file-damaged"
