"""Two files never share an ETag: a download that goes on may not glue one edition to another."""

from __future__ import annotations

from pathlib import Path

import pytest

from eraforge.simulator.server.files import entity_tag

NAMES = ("v5.3/live.parquet", "signals/v2.1/train.parquet", "crypto/v2.0/train.parquet")


@pytest.mark.parametrize("name", NAMES)
def test_editions_of_one_size_have_tags_of_their_own(tmp_path: Path, name: str) -> None:
    places = [tmp_path / "datasets" / edition / name for edition in ("a", "b", "stale/a/b")]
    for place in places:
        place.parent.mkdir(parents=True)
        place.write_bytes(b"rows")
    tags = [entity_tag(place, tmp_path) for place in places]
    assert len(set(tags)) == 3 and tags == [entity_tag(place, tmp_path) for place in places]


def test_a_tag_does_not_depend_on_where_the_state_folder_lies(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "file").write_bytes(b"rows")
    assert entity_tag(tmp_path / "one" / "file", tmp_path / "one") == entity_tag(
        tmp_path / "two" / "file", tmp_path / "two"
    )


def test_a_state_folder_named_relatively_serves_files_named_in_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "state" / "objects").mkdir(parents=True)
    file = tmp_path / "state" / "objects" / "answer"
    file.write_bytes(b"id,prediction")
    monkeypatch.chdir(tmp_path)
    assert entity_tag(file, Path("state")) == entity_tag(Path("state/objects/answer"), tmp_path / "state")
