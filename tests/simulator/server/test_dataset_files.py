"""Dataset files are made once, whole or not at all, and never for the wrong day."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import pytest

from eraforge.simulator.server.files import DatasetFiles


class SlowWorld:
    """Writes a file in two halves and can be stopped between them."""

    def __init__(self) -> None:
        self.written: list[tuple[str, date]] = []
        self.may_finish = threading.Event()
        self.started = threading.Event()
        self.dies = False

    def filenames(self) -> tuple[str, ...]:
        return ("v/live.parquet",)

    def edition(self, filename: str, round_day: date) -> str:
        return f"{round_day:%Y%m%d}"

    def write(self, filename: str, round_day: date, destination: Path) -> None:
        self.written.append((filename, round_day))
        destination.write_bytes(b"half")
        self.started.set()
        if self.dies:
            raise KeyboardInterrupt
        self.may_finish.wait(10)
        destination.write_bytes(b"half and half")


def test_a_file_asked_for_by_many_is_made_once(tmp_path: Path) -> None:
    world = SlowWorld()
    files = DatasetFiles([world], tmp_path)
    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(files.path, "20260831", "v/live.parquet") for _ in range(4)]
        assert world.started.wait(10)
        assert not any(one.done() for one in asked)
        assert not (tmp_path / "20260901/v/live.parquet").exists()
        world.may_finish.set()
        paths = {one.result() for one in asked}
    assert world.written == [("v/live.parquet", date(2026, 9, 1))]
    assert [path.read_bytes() for path in paths] == [b"half and half"]


def test_a_file_left_half_written_is_made_again(tmp_path: Path) -> None:
    world = SlowWorld()
    world.dies = True
    with pytest.raises(KeyboardInterrupt):
        DatasetFiles([world], tmp_path).path("20260831", "v/live.parquet")
    world.dies = False
    world.may_finish.set()
    path = DatasetFiles([world], tmp_path).path("20260831", "v/live.parquet")
    assert path is not None
    assert path.read_bytes() == b"half and half"
    assert [one.name for one in path.parent.iterdir()] == ["live.parquet"]


@pytest.mark.parametrize(("stamp", "filename"), [("20260831", "v/../../journal"), ("..", "v/live.parquet"), ("x", "y")])
def test_nothing_else_is_reached(tmp_path: Path, stamp: str, filename: str) -> None:
    assert DatasetFiles([SlowWorld()], tmp_path).path(stamp, filename) is None


def test_a_saturday_round_has_fridays_data(tmp_path: Path) -> None:
    world = SlowWorld()
    world.may_finish.set()
    DatasetFiles([world], tmp_path).path("20260828", "v/live.parquet")
    assert world.written == [("v/live.parquet", date(2026, 8, 29))]
