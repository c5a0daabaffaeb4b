"""Objects are immutable, verified before they are believed, and never copied without need."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from eraforge.core.errors import DataError, EraforgeError, UserError
from eraforge.store.objects import Objects

DATA = np.random.default_rng(7).bytes(50_000)
DIGEST = sha256(DATA).hexdigest()


@pytest.fixture
def objects(tmp_path: Path) -> Objects:
    return Objects(tmp_path / "objects")


def spoil(path: Path, change: Any) -> None:
    path.chmod(0o644)
    path.write_bytes(change(path.read_bytes()))


def test_bytes_come_back(objects: Objects) -> None:
    for data in (b"", b"x", DATA):
        digest = objects.put(data)
        assert digest == sha256(data).hexdigest()
        assert objects.get(digest) == data and objects.path(digest).read_bytes() == data and objects.has(digest)
        assert objects.path(digest) == objects.root / digest[:2] / digest
        assert objects.put(data) == digest
    assert len(list(objects.digests())) == 3 and list(objects.verify()) == []


def test_an_object_is_read_only(objects: Objects) -> None:
    assert objects.path(objects.put(DATA)).stat().st_mode & 0o222 == 0


def test_a_file_is_linked_not_copied(objects: Objects, tmp_path: Path) -> None:
    source = tmp_path / "big.parquet"
    source.write_bytes(DATA)
    assert objects.put_file(source) == DIGEST
    assert objects.path(DIGEST).stat().st_ino == source.stat().st_ino
    assert objects.put_file(source) == DIGEST and source.exists()


def test_a_moved_file_loses_its_name(objects: Objects, tmp_path: Path) -> None:
    for _ in range(2):
        source = tmp_path / "big.parquet"
        source.write_bytes(DATA)
        assert objects.put_file(source, move=True) == DIGEST
        assert not source.exists() and objects.get(DIGEST) == DATA
    own = objects.path(DIGEST)
    assert objects.put_file(own, move=True) == DIGEST and objects.get(DIGEST) == DATA


@pytest.mark.parametrize("error", [errno.EXDEV, errno.EPERM, errno.EMLINK])
def test_a_file_on_another_file_system_is_copied(tmp_path: Path, faulty: Any, error: int) -> None:
    source = tmp_path / "file"
    source.write_bytes(DATA)

    class Apart(faulty):  # type: ignore[misc]
        def link(self, source: Path, target: Path) -> None:
            raise OSError(error, "no links")

    objects = Objects(tmp_path / "objects", disk=Apart())
    assert objects.put_file(source, move=True) == DIGEST
    assert objects.get(DIGEST) == DATA and not source.exists()


def test_a_file_that_changes_while_it_is_read_is_refused(tmp_path: Path, faulty: Any) -> None:
    source = tmp_path / "file"
    source.write_bytes(DATA)

    class Busy(faulty):  # type: ignore[misc]
        def sync(self, handle: int) -> None:
            with source.open("ab") as stream:
                stream.write(b"more")

    objects = Objects(tmp_path / "objects", disk=Busy())
    with pytest.raises(DataError) as caught:
        objects.put_file(source)
    assert caught.value.code == "file-changed-while-read" and list(objects.digests()) == []


def test_a_missing_file_and_a_folder_are_refused(objects: Objects, tmp_path: Path) -> None:
    for path in (tmp_path / "none", tmp_path):
        with pytest.raises(DataError, match="is not a file"):
            objects.put_file(path)


POSITIONS = [0, 1, 24_999, 49_998, 49_999, *np.random.default_rng(11).integers(0, 50_000, 20).tolist()]


@pytest.mark.parametrize("position", POSITIONS)
def test_a_flipped_bit_is_never_believed(objects: Objects, tmp_path: Path, position: int) -> None:
    objects.put(DATA)
    objects.path(DIGEST)  # believed once
    bit = 1 << position % 8
    spoil(objects.path(DIGEST), lambda data: data[:position] + bytes([data[position] ^ bit]) + data[position + 1 :])
    for believe in (objects.get, objects.path, Objects(objects.root).path):
        with pytest.raises(DataError) as caught:
            believe(DIGEST)
        assert caught.value.code == "rotten-object" and DIGEST in caught.value.sentence
        assert "fetch or compute it again" in caught.value.next_step
    assert [rotten.digest for rotten in objects.verify()] == [DIGEST]
    assert objects.put(DATA) == DIGEST and objects.get(DIGEST) == DATA and list(objects.verify()) == []


@pytest.mark.parametrize("change", [lambda data: b"", lambda data: data[:-1], lambda data: data + b"\0"])
def test_a_cut_or_grown_object_is_never_believed_and_a_file_heals_it(
    objects: Objects, tmp_path: Path, change: Any
) -> None:
    source = tmp_path / "file"
    source.write_bytes(DATA)
    objects.put(DATA)
    spoil(objects.path(DIGEST), change)
    with pytest.raises(DataError, match="not those it was stored with"):
        objects.path(DIGEST)
    assert objects.put_file(source) == DIGEST and objects.get(DIGEST) == DATA


def test_rot_that_keeps_the_times_is_found_by_reading_and_by_the_next_process(objects: Objects) -> None:
    objects.put(DATA)
    path = objects.path(DIGEST)
    times = path.stat().st_atime_ns, path.stat().st_mtime_ns
    spoil(path, lambda data: b"\0" + data[1:])
    os.utime(path, ns=times)
    for believe in (objects.get, Objects(objects.root).path):
        with pytest.raises(DataError, match="not those it was stored with"):
            believe(DIGEST)


def test_a_path_is_verified_once_until_the_file_changes(objects: Objects, monkeypatch: pytest.MonkeyPatch) -> None:
    from eraforge.store import objects as module

    reads: list[int] = []
    true = module._stream_digest

    def counting(stream: Any) -> str:
        reads.append(1)
        return true(stream)

    monkeypatch.setattr(module, "_stream_digest", counting)
    objects.put(DATA)
    for _ in range(3):
        objects.path(DIGEST)
    assert len(reads) == 1
    os.utime(objects.path(DIGEST))
    objects.path(DIGEST)
    assert len(reads) == 2


def test_missing_strange_and_unknown(objects: Objects) -> None:
    for ask in (objects.get, objects.path):
        with pytest.raises(DataError) as missing:
            ask(DIGEST)
        assert missing.value.code == "object-missing"
    for name in ("", "abc", "../" * 20 + "etc/passwd", DIGEST.upper(), DIGEST + "\n", "é" * 64):
        with pytest.raises(UserError, match="no SHA-256 digest"):
            objects.get(name)
    with pytest.raises(UserError) as unknown:
        objects.delete(DIGEST)
    assert unknown.value.code == "unknown-object"
    objects.put(DATA)
    objects.delete(DIGEST)
    assert not objects.has(DIGEST)


def test_strange_files_are_passed_over(objects: Objects) -> None:
    objects.put(DATA)
    (objects.root / DIGEST[:2] / "notes.txt").write_text("a person's own")
    (objects.root / "ff").mkdir(exist_ok=True)
    (objects.root / "ff" / DIGEST).write_bytes(DATA)
    assert list(objects.digests()) == [DIGEST] and objects.sweep() == []


@pytest.mark.parametrize("way", ["put", "link", "move"])
@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EIO, "dead"])
def test_whichever_call_fails_the_object_is_there_whole_or_not_at_all(
    tmp_path: Path, faulty: Any, dead: Any, way: str, error: Any
) -> None:
    at = 0
    while True:
        at += 1
        root, source = tmp_path / str(at) / "objects", tmp_path / str(at) / "file"
        source.parent.mkdir()
        source.write_bytes(DATA)
        disk = faulty(at, dead if error == "dead" else error)
        try:
            objects = Objects(root, disk=disk)
            given = objects.put(DATA) if way == "put" else objects.put_file(source, move=way == "move")
            assert Objects(root).get(given) == DATA
        except (EraforgeError, dead):
            disk.bury()
        if not disk.failed:
            break
        if root.exists():
            again = Objects(root)
            assert list(again.verify()) == []
            assert again.has(DIGEST) or source.exists()
            again.sweep()
            assert again.put(DATA) == DIGEST and again.get(DIGEST) == DATA
    assert at > 6


def test_a_new_object_costs_one_sync_of_its_content_and_one_of_its_folder(tmp_path: Path, faulty: Any) -> None:
    disk = faulty()
    objects = Objects(tmp_path / "objects", disk=disk)
    first, second = (
        b"11",
        next(b"%d" % n for n in range(12, 9999) if sha256(b"%d" % n).digest()[0] == sha256(b"11").digest()[0]),
    )
    objects.put(first)
    disk.calls.clear()
    objects.put(second)
    assert disk.calls == ["create", "lock", "write", "sync", "rename", "close", "sync_folder"]
    disk.calls.clear()
    objects.put(second)
    assert disk.calls == ["sync_folder"]


def test_objects_do_not_cost_a_database(tmp_path: Path) -> None:
    script = (
        "import sys, eraforge.store.objects; sys.exit(any(name in sys.modules for name in ('sqlalchemy', 'polars')))"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
