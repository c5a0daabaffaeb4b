"""A file whose size is not the told one is damaged, whatever its structure says."""

from pathlib import Path

import polars as pl
import pytest

from eraforge.core.errors import DataError
from eraforge.data.wholeness import require_whole


@pytest.mark.parametrize("name", ["example.csv", "features.json", "train.parquet"])
@pytest.mark.parametrize("change", [-1, 1])
def test_another_size_is_damage(tmp_path: Path, name: str, change: int) -> None:
    path = tmp_path / "part"
    if name.endswith(".parquet"):
        pl.DataFrame({"id": [1, 2]}).write_parquet(path)
    else:
        path.write_text("[1, 2]")
    size = path.stat().st_size
    require_whole(path, name, size)
    with pytest.raises(DataError) as caught:
        require_whole(path, name, size + change)
    assert caught.value.code == "file-damaged"
    assert name in caught.value.sentence


def test_a_file_that_is_not_there_is_damage(tmp_path: Path) -> None:
    with pytest.raises(DataError):
        require_whole(tmp_path / "part", "train.parquet", 10)
