"""The bytes that have arrived so far, and whose they are: a part may only grow with bytes of the same content."""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import httpx

from eraforge.core.errors import EraforgeError, Transient, UserError

RANGE = re.compile(r"^bytes (\d+)-(\d+)/(\d+)$")
RESERVE = 64 * 1024 * 1024
SYNC_EVERY = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """What the server says of the content it sends: its size and its names."""

    total: int | None
    etag: str
    modified: str

    @property
    def validator(self) -> str:
        """The text for `If-Range`: a strong ETag, else the date of change, else nothing to go by."""
        return self.etag if self.etag and not self.etag.startswith("W/") else self.modified


def remote_of(answer: httpx.Response, total: int | None) -> RemoteFile:
    """Size and names from the headers; `total` overrides the length of a partial body."""
    length = answer.headers.get("content-length", "")
    size = total if total is not None else (int(length) if length.isdigit() else None)
    return RemoteFile(size, answer.headers.get("etag", ""), answer.headers.get("last-modified", ""))


def content_range(answer: httpx.Response) -> tuple[int, int]:
    """First byte and total size of a 206 answer; (-1, -1) when it does not say them, which matches nothing."""
    match = RANGE.match(answer.headers.get("content-range", ""))
    return (int(match[1]), int(match[3])) if match else (-1, -1)


class Part:
    """A partly arrived file with its origin beside it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._origin = path.with_name(path.name + ".origin")

    def size(self) -> int:
        """Bytes that have arrived."""
        try:
            return self.path.stat().st_size
        except FileNotFoundError:
            return 0

    def remembered(self) -> RemoteFile | None:
        """Whose bytes these are, or None when nobody knows (then they are not gone on with).

        Bytes past what is known to lie on the disk are cut off first: after a power loss they may be holes.
        """
        try:
            origin = json.loads(self._origin.read_text(encoding="utf-8"))
            remote, lasting = RemoteFile(origin["total"], origin["etag"], origin["modified"]), int(origin["lasting"])
        except (OSError, ValueError, KeyError, TypeError):
            return None
        if self.size() < lasting:
            return None
        if self.size() > lasting:
            with _speaking_of(self.path.name):
                os.truncate(self.path, lasting)
        return remote

    def begin(self, remote: RemoteFile) -> None:
        """Forget what was there and start an empty part of that content."""
        with _speaking_of(self.path.name):
            self.forget()
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.path.write_bytes(b"")
            self._remember(remote, 0)

    def forget(self) -> None:
        """Remove the part and its origin. The origin goes first: bytes without one are never gone on with."""
        self._origin.unlink(missing_ok=True)
        self.path.unlink(missing_ok=True)

    def _remember(self, remote: RemoteFile, lasting: int) -> None:
        note = json.dumps({**asdict(remote), "lasting": lasting})
        temporary = self._origin.with_name(self._origin.name + "~")
        temporary.write_text(note, encoding="utf-8")
        temporary.replace(self._origin)

    def require_room(self, needed: int, name: str) -> None:
        """Refuse to start what cannot end.

        Raises:
            Transient: `disk-full`.
        """
        free = shutil.disk_usage(self.path.parent).free
        if needed + RESERVE > free:
            raise _disk_full(name, f"{needed} bytes are to come and {free} are free")

    @contextmanager
    def appending(self, name: str, remote: RemoteFile) -> Iterator[Callable[[bytes], None]]:
        """A function that appends bytes; they are synced and remembered every so often, and however it ends."""
        with _speaking_of(name), self.path.open("ab") as file:
            unsynced = 0

            def sync() -> None:
                nonlocal unsynced
                file.flush()
                os.fsync(file.fileno())
                self._remember(remote, file.tell())
                unsynced = 0

            def append(data: bytes) -> None:
                nonlocal unsynced
                file.write(data)
                unsynced += len(data)
                if unsynced >= SYNC_EVERY:
                    sync()

            try:
                yield append
            finally:
                sync()


@contextmanager
def _speaking_of(name: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise _disk_error(name, error) from error


def _disk_error(name: str, error: OSError) -> EraforgeError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return _disk_full(name, "the disk has no room left")
    reason = error.strerror or type(error).__name__
    return UserError("part-not-writable", f"{name} cannot be written: {reason}.", "Check the disk and its permissions.")


def _disk_full(name: str, reason: str) -> Transient:
    return Transient(
        "disk-full", f"{name} does not fit: {reason}.", "Free some room and run it again; what has arrived is kept."
    )
