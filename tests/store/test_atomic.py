"""A write is there whole or not at all, whatever the disk does and wherever the process dies."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from eraforge.core.errors import DataError, EraforgeError, Transient
from eraforge.store.atomic import is_temp, make_folder, replace_atomic, sweep, write_atomic, write_chunks

OLD, NEW = b"old" * 100, b"new content" * 1000
ERRORS = [errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EACCES, errno.EROFS]
CODES = {errno.ENOSPC: "disk-full", errno.EDQUOT: "disk-full", errno.EIO: "disk-failed"}


def write_it(path: Path, disk: Any) -> None:
    write_chunks(path, (NEW[:500], b"", NEW[500:]), disk=disk)


def replace_it(path: Path, disk: Any) -> None:
    path.with_name("ready").write_bytes(NEW)
    replace_atomic(path.with_name("ready"), path, disk=disk)


def temps(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if is_temp(path)]


@pytest.mark.parametrize("act", [write_it, replace_it])
@pytest.mark.parametrize("old", [None, OLD])
@pytest.mark.parametrize("lasting", [False, True])
@pytest.mark.parametrize("error", ERRORS)
def test_whichever_call_fails_the_old_or_the_new_content_is_there(
    tmp_path: Path, faulty: Any, act: Callable[[Path, Any], None], old: bytes | None, lasting: bool, error: int
) -> None:
    at = 0
    while True:
        at += 1
        folder = tmp_path / str(at)
        folder.mkdir()
        path = folder / "file"
        if old is not None:
            path.write_bytes(old)
        disk = faulty(at, error, lasting=lasting)
        raised = None
        try:
            act(path, disk)
        except EraforgeError as caught:
            raised = caught
        assert (path.read_bytes() if path.exists() else None) in (old, NEW)
        if not disk.failed:
            break
        if raised is None:  # only closing may fail unheard: everything was synced before
            assert disk.calls[at - 1] == "close" and path.read_bytes() == NEW
        else:
            assert raised.code == CODES.get(error, "folder-not-writable") and str(folder) in raised.sentence
        if not lasting:
            assert temps(folder) == []
        disk.bury()
        assert len(sweep(folder)) <= 1 and temps(folder) == []
    assert at > 3 and path.read_bytes() == NEW


@pytest.mark.parametrize("old", [None, OLD])
def test_wherever_the_process_dies_no_temp_is_believed(
    tmp_path: Path, faulty: Any, dead: Any, old: bytes | None
) -> None:
    at, left = 0, 0
    while True:
        at += 1
        folder = tmp_path / str(at)
        folder.mkdir()
        path = folder / "file"
        if old is not None:
            path.write_bytes(old)
        disk = faulty(at, dead)
        try:
            write_it(path, disk)
            break
        except dead:
            disk.bury()
        assert (path.read_bytes() if path.exists() else None) in (old, NEW)
        left += len(temps(folder))
        sweep(folder)
        assert set(folder.iterdir()) <= {path}
        write_atomic(path, NEW)
        assert path.read_bytes() == NEW
    assert at == 9 and left == 5


def test_a_durable_write_syncs_the_content_before_the_rename_and_the_folder_after(tmp_path: Path, faulty: Any) -> None:
    disk = faulty()
    write_atomic(tmp_path / "file", NEW, disk=disk)
    assert disk.calls == ["create", "lock", "write", "sync", "rename", "close", "sync_folder"]
    (tmp_path / "ready").write_bytes(OLD)
    disk = faulty()
    replace_atomic(tmp_path / "ready", tmp_path / "file", disk=disk)
    assert disk.calls == ["sync", "rename", "sync_folder"]
    disk = faulty()
    make_folder(tmp_path / "a" / "b", disk=disk)
    assert disk.calls == ["make_folder", "make_folder", "sync_folder", "sync_folder"]


@pytest.mark.parametrize("bite", [1, 7, 4096])
def test_short_writes_are_continued(tmp_path: Path, faulty: Any, bite: int) -> None:
    disk = faulty(bite=bite)
    write_atomic(tmp_path / "file", NEW[:5000], disk=disk)
    assert (tmp_path / "file").read_bytes() == NEW[:5000]
    assert disk.calls.count("write") == -(-5000 // bite)


def test_a_disk_that_takes_nothing_more_is_not_asked_for_ever(tmp_path: Path, faulty: Any) -> None:
    with pytest.raises(DataError) as caught:
        write_atomic(tmp_path / "file", NEW, disk=faulty(bite=0))
    assert caught.value.code == "disk-failed" and list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("act", [write_it, replace_it])
def test_a_signal_in_any_call_is_outlived(tmp_path: Path, faulty: Any, act: Callable[[Path, Any], None]) -> None:
    disk = faulty()
    act(tmp_path / "file", disk)
    for at, name in enumerate(disk.calls, start=1):
        if name not in ("rename", "close"):  # these are never interrupted
            act(tmp_path / f"file{at}", faulty(at, errno.EINTR))
            assert (tmp_path / f"file{at}").read_bytes() == NEW


def test_what_the_chunks_raise_comes_through_and_leaves_nothing(tmp_path: Path) -> None:
    def chunks() -> Iterator[bytes]:
        yield OLD
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_chunks(tmp_path / "file", chunks())
    assert list(tmp_path.iterdir()) == []


def test_sweeping_leaves_living_writers_alone(tmp_path: Path) -> None:
    def chunks() -> Iterator[bytes]:
        yield NEW
        assert sweep(tmp_path) == [] and len(temps(tmp_path)) == 1
        yield OLD

    write_chunks(tmp_path / "file", chunks())
    assert (tmp_path / "file").read_bytes() == NEW + OLD


def test_a_sweep_between_creating_and_locking_costs_a_number(tmp_path: Path, faulty: Any) -> None:
    class Swept(faulty):  # type: ignore[misc]
        def lock(self, handle: int) -> None:
            if "lock" not in self.calls:
                assert len(sweep(tmp_path)) == 1
            super().lock(handle)

    write_atomic(tmp_path / "file", NEW, disk=Swept())
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_sweeping_takes_what_a_killed_process_left_and_nothing_else(tmp_path: Path) -> None:
    script = (
        "import pathlib, sys, time\n"
        "from eraforge.store.atomic import write_chunks\n"
        "def chunks():\n"
        "    yield b'half'\n"
        "    print('half', flush=True)\n"
        "    time.sleep(60)\n"
        "write_chunks(pathlib.Path(sys.argv[1]), chunks())\n"
    )
    with subprocess.Popen([sys.executable, "-c", script, str(tmp_path / "file")], stdout=subprocess.PIPE) as child:
        assert child.stdout is not None and child.stdout.readline() == b"half\n"
        child.send_signal(signal.SIGKILL)
    mine = tmp_path / "notes.unfinished"
    mine.write_text("a person's own file")
    assert len(temps(tmp_path)) == 1
    assert len(sweep(tmp_path)) == 1 and list(tmp_path.iterdir()) == [mine]


def test_errors_say_what_is_wrong(tmp_path: Path, faulty: Any) -> None:
    with pytest.raises(Transient, match="disk is full") as full:
        write_atomic(tmp_path / "file", NEW, disk=faulty(3, errno.ENOSPC))
    assert full.value.next_step.startswith("Free some space")
    with pytest.raises(DataError) as missing:
        write_atomic(tmp_path / "nowhere" / "file", NEW)
    assert missing.value.code == "folder-missing"
    with pytest.raises(DataError) as other:
        replace_atomic(Path("/dev/null"), tmp_path / "file", disk=faulty(2, errno.EXDEV))
    assert other.value.code in ("other-file-system", "disk-failed")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(DataError) as caught:
        write_atomic(tmp_path / "file", NEW)
    tmp_path.chmod(0o700)
    assert caught.value.code == "folder-not-writable"
