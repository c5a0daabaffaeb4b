"""A backup is whole or is told to be damaged: every byte of it counts."""

from __future__ import annotations

import io
import tarfile
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from eraforge.core.errors import DataError, EraforgeError, UserError
from eraforge.store.backup.archive import check_backup, read_manifest, restore_backup, write_backup
from eraforge.store.ledger import Ledger
from eraforge.store.objects import Objects

NOW = datetime(2026, 9, 1, 12, tzinfo=UTC)


@pytest.fixture
def backup(tmp_path: Path) -> Path:
    objects = Objects(tmp_path / "objects")
    digests = [objects.put(bytes([number]) * (1000 + number)) for number in range(5)]
    file = tmp_path / "backup.tar"
    with Ledger.open(tmp_path / "ledger.sqlite") as ledger:
        for number in range(20):
            ledger.record("note", str(number), {"number": number}, NOW)
        write_backup(file, ledger, objects, b"[server]\n", NOW, left_out=digests[:1])
    return file


def restore(file: Path, folder: Path) -> tuple[list[str], int, bytes]:
    folder.mkdir()
    _, text = restore_backup(file, folder, lambda: Ledger.open(folder / "ledger.sqlite"))
    with Ledger.open(folder / "ledger.sqlite") as ledger:
        return list(Objects(folder / "objects").digests()), ledger.verify_chain(), text


def test_what_comes_back_is_what_was_kept(backup: Path, tmp_path: Path) -> None:
    manifest = check_backup(backup)
    assert manifest == read_manifest(backup)
    assert len(manifest.objects) == 4 and len(manifest.left_out) == 1
    objects, events, text = restore(backup, tmp_path / "new")
    assert objects == list(manifest.objects) and events == manifest.events == 20 and text == b"[server]\n"


def test_a_changed_byte_anywhere_is_noticed_and_nothing_is_believed(backup: Path, tmp_path: Path) -> None:
    """One bit flipped in 80 of the bytes that are not the padding between members."""
    whole = np.frombuffer(backup.read_bytes(), dtype=np.uint8)
    for place in np.random.default_rng(7).choice(np.flatnonzero(whole), 80, replace=False):
        damaged = whole.copy()
        damaged[place] ^= 1
        file = tmp_path / "damaged.tar"
        file.write_bytes(damaged.tobytes())
        if harmless(whole.tobytes(), damaged.tobytes()):
            continue
        with pytest.raises(EraforgeError) as caught:
            check_backup(file)
        assert caught.value.code in ("backup-damaged", "backup-unreadable", "backup-too-new"), place


def harmless(whole: bytes, damaged: bytes) -> bool:
    """Whether tar itself reads the same members with the same content out of both (a mode, an owner, a moment)."""

    def content(data: bytes) -> list[tuple[str, bytes]]:
        with tarfile.open(fileobj=io.BytesIO(data)) as tar:
            return [(member.name, tar.extractfile(member).read()) for member in tar]  # type: ignore[union-attr]

    try:
        return content(whole) == content(damaged)
    except (tarfile.TarError, EOFError, ValueError, AttributeError):
        return False


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99])
def test_a_backup_cut_short_is_told(backup: Path, tmp_path: Path, share: float) -> None:
    file = tmp_path / "cut.tar"
    content = backup.read_bytes().rstrip(b"\0")
    file.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(DataError):
        check_backup(file)
    with pytest.raises(DataError):
        restore(file, tmp_path / "new")
    assert not (tmp_path / "new" / "ledger.sqlite").exists()


def test_backups_are_never_replaced_and_leave_nothing_behind(backup: Path, tmp_path: Path) -> None:
    with Ledger.open(tmp_path / "ledger.sqlite") as ledger, pytest.raises(UserError) as caught:
        write_backup(backup, ledger, Objects(tmp_path / "objects"), b"", NOW)
    assert caught.value.code == "backup-exists"
    assert not [path for path in tmp_path.iterdir() if path.name.startswith("eraforge-")]


def test_a_rotten_object_stops_the_backup(backup: Path, tmp_path: Path) -> None:
    objects = Objects(tmp_path / "objects")
    path = objects.path(next(objects.digests()))
    path.chmod(0o644)
    path.write_bytes(b"rotten")
    with Ledger.open(tmp_path / "ledger.sqlite") as ledger, pytest.raises(DataError, match="not those"):
        write_backup(tmp_path / "second.tar", ledger, Objects(tmp_path / "objects"), b"", NOW)
    assert not (tmp_path / "second.tar").exists()


def test_other_files_are_no_backups(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no backup"):
        check_backup(tmp_path / "absent.tar")
    (tmp_path / "text.tar").write_text("hello")
    with pytest.raises(DataError):
        read_manifest(tmp_path / "text.tar")
