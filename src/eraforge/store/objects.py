"""Immutable objects by the SHA-256 of their bytes: `root/<first two digits>/<digest>`.

An object is there whole or not at all, is verified before it is believed, and is never changed.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path

from eraforge.core.digest import digest_bytes
from eraforge.core.errors import DataError, UserError
from eraforge.store.atomic import DISK, Disk, disk_errors, make_folder, sweep, write_atomic, write_chunks

CHUNK = 1 << 20
READ_ONLY = 0o444
_DIGEST = re.compile(r"[0-9a-f]{64}")
_NO_LINKS = frozenset({errno.EXDEV, errno.EPERM, errno.EMLINK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS})

Fingerprint = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Rotten:
    """An object whose bytes are no longer those of its name; `found` is their digest, or why they cannot be read."""

    digest: str
    path: Path
    found: str


class Objects:
    """The objects below one folder.

    Args:
        root: the folder; created durably when missing.
        disk: the seam to the operating system.

    Raises:
        Transient: `disk-full`.
        DataError: `folder-not-writable`, `folder-missing`, `disk-failed`.
    """

    def __init__(self, root: Path, *, disk: Disk = DISK) -> None:
        self.root = root.absolute()
        self._disk = disk
        self._verified: dict[str, Fingerprint] = {}
        self._settled: set[Path] = set()
        make_folder(self.root, disk=disk)

    def put(self, data: bytes) -> str:
        """Store the bytes and return their digest; storing them again is free, and heals a rotten object."""
        digest = digest_bytes(data)
        target = self._place(digest)
        if self._holds(digest):
            self._sync_names(target.parent)
        else:
            self._settle(target.parent)
            write_atomic(target, data, mode=READ_ONLY, disk=self._disk)
        return digest

    def put_file(self, path: Path, *, move: bool = False) -> str:
        """Store a file by streaming through it once, and return its digest.

        On one file system no second copy is made: the object is a second name of the same bytes. With `move`
        the first name goes; without it the file stays, and whoever changes it in place makes the object rotten.

        Raises:
            DataError: `file-missing`, `file-changed-while-read`, and the errors of `put`.
        """
        source = _regular(path)
        digest, seen = self._digest_file(source)
        target = self._place(digest)
        if self._holds(digest):
            self._sync_names(target.parent)
        else:
            self._settle(target.parent)
            with disk_errors(target):
                if self._bring(source, target) and _fingerprint(target.stat()) == seen:
                    self._verified[digest] = seen
                self._disk.sync_folder(target.parent)
        if move and source != target:
            with disk_errors(source):
                self._disk.unlink(source)
        return digest

    def get(self, digest: str) -> bytes:
        """The bytes of an object, verified on every read.

        Raises:
            DataError: `object-missing`, `rotten-object`.
        """
        path = self._present(digest)
        with disk_errors(path):
            data = path.read_bytes()
        found = digest_bytes(data)
        if found != digest:
            raise _rotten(digest, path)
        return data

    def path(self, digest: str) -> Path:
        """Where an object lies, for readers that map files. Read only: whoever writes there makes it rotten.

        The bytes are verified on first use in this process and whenever size, mtime or inode have changed since.

        Raises:
            DataError: `object-missing`, `rotten-object`.
        """
        path = self._present(digest)
        with disk_errors(path):
            seen = _fingerprint(path.stat())
            if self._verified.get(digest) != seen:
                self._verified.pop(digest, None)
                with path.open("rb") as stream:
                    found = _stream_digest(stream)
                if found != digest:
                    raise _rotten(digest, path)
                self._verified[digest] = seen
        return path

    def has(self, digest: str) -> bool:
        """Whether an object of that name is there; its bytes are not looked at."""
        return self._place(digest).is_file()

    def delete(self, digest: str) -> None:
        """Remove an object.

        Raises:
            UserError: `unknown-object`.
        """
        path = self._place(digest)
        if not path.is_file():
            raise UserError("unknown-object", f"There is no object {digest} in {self.root}.", "Check the digest.")
        self._verified.pop(digest, None)
        with disk_errors(path):
            self._disk.unlink(path)
            self._disk.sync_folder(path.parent)

    def digests(self) -> Iterator[str]:
        """The digests of all objects, ascending; temps and strange files are passed over."""
        for folder in sorted(self.root.glob("[0-9a-f][0-9a-f]")):
            names = sorted(path.name for path in folder.iterdir())
            yield from (name for name in names if _DIGEST.fullmatch(name) and name[:2] == folder.name)

    def verify(self) -> Iterator[Rotten]:
        """Read every object and yield those whose bytes are not those of their name."""
        for digest in self.digests():
            path = self._place(digest)
            try:
                with path.open("rb") as stream:
                    found = _stream_digest(stream)
            except FileNotFoundError:  # deleted while we were on our way
                continue
            except OSError as error:
                found = error.strerror or str(error)
            if found != digest:
                yield Rotten(digest, path, found)

    def sweep(self) -> list[Path]:
        """Remove what dead writers left unfinished, and return it."""
        return sweep(self.root)

    def _place(self, digest: str) -> Path:
        if not _DIGEST.fullmatch(digest):
            raise UserError(
                "not-a-digest", f"{digest!r} is no SHA-256 digest.", "Give 64 lower-case hexadecimal digits."
            )
        return self.root / digest[:2] / digest

    def _present(self, digest: str) -> Path:
        path = self._place(digest)
        if not path.is_file():
            raise DataError("object-missing", f"Object {digest} is not in {self.root}.", "Fetch or compute it again.")
        return path

    def _holds(self, digest: str) -> bool:
        """Whether a verified object is there already."""
        if not self.has(digest):
            return False
        try:
            self.path(digest)
        except DataError as error:
            if error.code in ("rotten-object", "object-missing"):
                return False
            raise
        return True

    def _settle(self, folder: Path) -> None:
        """Make the folder of an object durable, once per process."""
        if folder not in self._settled:
            make_folder(folder, disk=self._disk)
            self._settled.add(folder)

    def _sync_names(self, folder: Path) -> None:
        """An object found in place may stem from a process that died before its own sync."""
        self._settle(folder)
        with disk_errors(folder):
            self._disk.sync_folder(folder)

    def _digest_file(self, source: Path) -> tuple[str, Fingerprint]:
        with disk_errors(source), source.open("rb") as stream:
            before = _fingerprint(os.fstat(stream.fileno()))
            digest = _stream_digest(stream)
            self._disk.sync(stream.fileno())
            after = _fingerprint(os.fstat(stream.fileno()))
        if before != after:
            raise DataError(
                "file-changed-while-read", f"{source} changed while it was read.", "Wait for its writer to finish."
            )
        return digest, after

    def _bring(self, source: Path, target: Path) -> bool:
        """Give the bytes their object name; True when no copy had to be made."""
        try:
            self._link(source, target)
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            with source.open("rb") as stream:
                write_chunks(target, iter(lambda: stream.read(CHUNK), b""), mode=READ_ONLY, disk=self._disk)
            return False
        return True

    def _link(self, source: Path, target: Path) -> None:
        try:
            self._disk.link(source, target)
        except FileExistsError:
            if not self._holds(target.name):  # a rotten object gives way; a sound one, put by a faster process, stays
                self._disk.unlink(target)
                self._disk.link(source, target)


def _regular(path: Path) -> Path:
    if not path.is_file():
        raise DataError("file-missing", f"{path} is not a file.", "Check the path.")
    return path.resolve()


def _fingerprint(stat: os.stat_result) -> Fingerprint:
    return stat.st_size, stat.st_mtime_ns, stat.st_ino


def _stream_digest(stream: BufferedReader) -> str:
    return hashlib.file_digest(stream, "sha256").hexdigest()


def _rotten(digest: str, path: Path) -> DataError:
    return DataError(
        "rotten-object",
        f"The bytes of {path} are not those it was stored with.",
        f"Check the disk; delete object {digest[:12]}… and fetch or compute it again.",
    )
