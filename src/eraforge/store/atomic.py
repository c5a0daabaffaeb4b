"""Files that are there whole or not at all: temp in the same folder, write, fsync, rename, fsync the folder.

Every call that durability hangs on goes through `Disk`, the one seam where tests count and plant faults.
A temp is locked while its writer lives, so `sweep` can tell a leftover from work in progress.
"""

from __future__ import annotations

import errno
import fcntl
import itertools
import os
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from eraforge.core.errors import DataError, EraforgeError, Transient

Result = TypeVar("Result")

FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
FORBIDDEN = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})
ABSENT = frozenset({errno.ENOENT, errno.ENOTDIR})

_TEMP = re.compile(r"\..*\.\d+-\d+\.unfinished")
_numbers = itertools.count()


class Disk:
    """The calls of the operating system that make a write durable, one method each."""

    def create(self, path: Path, mode: int) -> int:
        """Create a file that must not exist yet; its descriptor, open for writing."""
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)

    def lock(self, handle: int) -> None:
        """Mark the open file as being worked on by a living process."""
        fcntl.flock(handle, fcntl.LOCK_EX)

    def write(self, handle: int, data: memoryview) -> int:
        """Write some of the bytes; how many were taken."""
        return os.write(handle, data)

    def sync(self, handle: int) -> None:
        """Force the content of an open file to the disk."""
        os.fsync(handle)

    def close(self, handle: int) -> None:
        """Close a descriptor."""
        os.close(handle)

    def rename(self, source: Path, target: Path) -> None:
        """Let `target` name what `source` named, in one step."""
        os.replace(source, target)  # noqa: PTH105

    def link(self, source: Path, target: Path) -> None:
        """Give the file a second name that must not exist yet."""
        os.link(source, target)

    def unlink(self, path: Path) -> None:
        """Remove a name."""
        path.unlink()

    def make_folder(self, folder: Path) -> None:
        """Create one folder; it may exist already."""
        folder.mkdir(exist_ok=True)

    def sync_folder(self, folder: Path) -> None:
        """Force the names in a folder to the disk."""
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


DISK = Disk()


def write_atomic(path: Path, data: bytes, *, mode: int | None = None, disk: Disk = DISK) -> None:
    """Put `data` at `path`: afterwards, and after any crash, the old content or the new is there, never a mixture.

    Args:
        mode: permissions before the umask; by default those of the file that is replaced, else 0o666.

    Raises:
        Transient: `disk-full`.
        DataError: `folder-not-writable`, `folder-missing`, `disk-failed`.
    """
    write_chunks(path, (data,), mode=mode, disk=disk)


def write_chunks(path: Path, chunks: Iterable[bytes], *, mode: int | None = None, disk: Disk = DISK) -> None:
    """`write_atomic` for content that comes in pieces. Raises the same errors, and what `chunks` raises."""
    with disk_errors(path):
        temp, handle = _open_temp(path, _mode(path) if mode is None else mode, disk)
    renamed = False
    try:
        for chunk in chunks:
            with disk_errors(path):
                _write_all(handle, chunk, disk)
        with disk_errors(path):
            _patiently(lambda: disk.sync(handle))
            disk.rename(temp, path)
            renamed = True
    finally:
        # Closing last keeps the temp locked until it has its true name. Its content is synced: a failing close loses
        # nothing, and a failing unlink leaves a temp that nobody believes and `sweep` removes.
        with suppress(OSError):
            disk.close(handle)
        if not renamed:
            with suppress(OSError):
                disk.unlink(temp)
    with disk_errors(path):
        _patiently(lambda: disk.sync_folder(path.parent))


def replace_atomic(temp: Path, path: Path, *, disk: Disk = DISK) -> None:
    """Let a file that somebody else has written take the place of `path`, durably and in one step.

    Raises:
        Transient: `disk-full`.
        DataError: `other-file-system` when the two do not lie on one; `folder-missing`, `folder-not-writable`,
            `disk-failed`.
    """
    with disk_errors(path):
        sync_file(temp, disk)
        disk.rename(temp, path)
        _patiently(lambda: disk.sync_folder(path.parent))
        if temp.parent != path.parent:
            _patiently(lambda: disk.sync_folder(temp.parent))


def make_folder(folder: Path, *, disk: Disk = DISK) -> None:
    """Create a folder and its missing parents, durably. Raises the errors of `write_atomic`."""
    with disk_errors(folder):
        missing = [each for each in (folder, *folder.parents) if not each.is_dir()]
        for each in reversed(missing):
            disk.make_folder(each)
        for each in reversed(missing or [folder]):  # one that exists may stem from a process that died before its sync
            _patiently(lambda parent=each.parent: disk.sync_folder(parent))  # type: ignore[misc]


def sync_file(path: Path, disk: Disk = DISK) -> None:
    """Force the content of a file to the disk. Raises OSError."""
    with path.open("rb") as stream:
        _patiently(lambda: disk.sync(stream.fileno()))


def is_temp(path: Path) -> bool:
    """Whether the name is that of an unfinished write."""
    return _TEMP.fullmatch(path.name) is not None


def sweep(folder: Path) -> list[Path]:
    """Remove the temps below `folder` whose writers are dead, and return them. Living writers are left alone."""
    with disk_errors(folder):
        return [path for path in sorted(folder.rglob("*.unfinished")) if is_temp(path) and _remove_if_dead(path)]


@contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Turn an OSError about `path` into one of the seven."""
    try:
        yield
    except OSError as error:
        raise explain(error, path) from error


def explain(error: OSError, path: Path) -> EraforgeError:
    """What an OSError at `path` means to the reader."""
    reason = error.strerror or str(error)
    if error.errno in FULL:
        return Transient(
            "disk-full", f"The disk is full: {path} was not written ({reason}).", "Free some space, then try again."
        )
    if error.errno in FORBIDDEN:
        return DataError(
            "folder-not-writable", f"{path.parent} may not be written to ({reason}).", "Give this user write access."
        )
    if error.errno in ABSENT:
        return DataError(
            "folder-missing", f"{path} cannot be reached ({reason}).", "Check the path; create the folder."
        )
    if error.errno == errno.EXDEV:
        return DataError(
            "other-file-system",
            f"{path} lies on another file system than the file that should replace it.",
            "Write the file in the same folder first.",
        )
    return DataError("disk-failed", f"The disk failed at {path}: {reason}.", "Check the disk, then write it again.")


def _mode(path: Path) -> int:
    """A private file stays private when it is replaced."""
    return path.stat().st_mode & 0o777 if path.exists() else 0o666


def _open_temp(path: Path, mode: int, disk: Disk) -> tuple[Path, int]:
    while True:
        temp = path.with_name(f".{path.name[:150]}.{os.getpid()}-{next(_numbers)}.unfinished")
        with suppress(FileExistsError):  # a dead process had the same number: take the next
            handle = _patiently(lambda name=temp: disk.create(name, mode))  # type: ignore[misc]
            _lock(handle, temp, disk)
            if temp.exists():  # a sweep may have come between creating and locking
                return temp, handle
            disk.close(handle)


def _lock(handle: int, temp: Path, disk: Disk) -> None:
    locked = False
    try:
        _patiently(lambda: disk.lock(handle))
        locked = True
    finally:
        if not locked:
            with suppress(OSError):
                disk.close(handle)
            with suppress(OSError):
                disk.unlink(temp)


def _remove_if_dead(temp: Path) -> bool:
    with suppress(FileNotFoundError), temp.open("rb") as stream:
        try:
            fcntl.flock(stream.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:  # its writer lives
            return False
        temp.unlink()
        return True
    return False


def _write_all(handle: int, chunk: bytes, disk: Disk) -> None:
    rest = memoryview(chunk)
    while rest:
        taken = _patiently(lambda part=rest: disk.write(handle, part))  # type: ignore[misc]
        if taken <= 0:
            raise OSError(errno.EIO, "the disk takes no more bytes and does not say why")
        rest = rest[taken:]


def _patiently(call: Callable[[], Result]) -> Result:
    """Repeat a call that a signal interrupted. Nothing else is repeated: a failed fsync never succeeds truthfully."""
    while True:
        with suppress(InterruptedError):
            return call()


@contextmanager
def only_one(target: Path) -> Iterator[None]:
    """Let one thread of one process at a time work on what becomes `target`; a dead one lets go by itself."""
    with (target.parent / f".{target.name}.lock").open("wb") as handle:
        _patiently(lambda: fcntl.flock(handle.fileno(), fcntl.LOCK_EX))
        yield
