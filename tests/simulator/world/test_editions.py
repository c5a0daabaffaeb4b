"""An edition names a content: the same edition on two days means the same bytes, another edition other bytes."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from eraforge.core.calendar import is_open_day
from eraforge.simulator.world import build_world

WORLD = build_world(3, "tiny")
DAYS = [day for step in range(12) if is_open_day(WORLD.arena.calendar, day := date(2026, 9, 1) + timedelta(days=step))]


@pytest.mark.parametrize(
    "filename", ["train.parquet", "validation.parquet", "live.parquet", "meta_model.parquet", "features.json"]
)
def test_equal_editions_are_equal_bytes(filename: str, tmp_path: Path) -> None:
    contents: dict[str, set[bytes]] = {}
    for day in DAYS:
        WORLD.write(f"v5.3/{filename}", day, tmp_path / "file")
        contents.setdefault(WORLD.edition(f"v5.3/{filename}", day), set()).add((tmp_path / "file").read_bytes())
    assert all(len(seen) == 1 for seen in contents.values())
    if filename == "validation.parquet":
        assert len({next(iter(seen)) for seen in contents.values()}) == len(contents) > 1
    if filename == "train.parquet":
        assert len(contents) == 1
