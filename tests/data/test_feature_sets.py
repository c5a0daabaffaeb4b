"""`features.json` is read strictly, and a wrong name is answered with the right ones."""

import json
from pathlib import Path

import pytest

from eraforge.core.errors import DataError, UserError
from eraforge.data.feature_sets import feature_sets

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
