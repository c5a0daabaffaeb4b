"""Files over HTTP: dataset files made on first demand and kept per edition, and ranges of any file."""

from __future__ import annotations

import os
import re
import threading
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from eraforge.core.calendar import is_open_day
from eraforge.core.digest import digest_value
from eraforge.simulator.port import World
from eraforge.store.atomic import make_folder, replace_atomic

MAGIC = b"PAR1"
REACH = 15  # days back to look for an earlier edition
RANGE = re.compile(r"bytes=(\d*)-(\d*)")


class MadeFiles:
    """Files that are made on first demand, each of them once, whole or not at all."""

    def __init__(self) -> None:
        self._locks: defaultdict[Path, threading.Lock] = defaultdict(threading.Lock)
        self._turn = threading.Lock()

    def made(self, target: Path, write: Callable[[Path], None]) -> Path:
        """That file, written now if it is not there; who asks for a file that is being made waits until it is there."""
        with self._turn:
            lock = self._locks[target]
        with lock:
            if not target.exists():
                make_folder(target.parent)
                temp = target.with_name(target.name + ".unfinished")
                temp.unlink(missing_ok=True)
                write(temp)
                replace_atomic(temp, target)
        return target


class DatasetFiles:
    """The dataset files, one folder per edition: a file that does not change from day to day is made once.

    Args:
        worlds: write the files, by tournament; a file's name says whose it is.
        folder: where they are kept.
    """

    def __init__(self, worlds: Sequence[World], folder: Path) -> None:
        self._worlds, self._folder, self._files = worlds, folder, MadeFiles()

    def path(self, stamp: str, filename: str, *, stale: bool = False) -> Path | None:
        """The file as of that data day, made now if it is not there; None for a name that does not exist.

        A request for a file that is being made waits until it is there.

        Args:
            stale: the edition before it instead, filled up to its size.
        """
        world = next((one for one in self._worlds if filename in one.filenames()), None)
        if world is None or not re.fullmatch(r"\d{8}", stamp):
            return None
        day = datetime.strptime(stamp, "%Y%m%d").replace(tzinfo=UTC).date() + timedelta(days=1)
        whole = self._made(world, day, filename)
        return self._stale(world, day, filename, whole) if stale else whole

    def _stale(self, world: World, day: date, filename: str, whole: Path) -> Path:
        """The edition before that of the day, as large as it; the same one where nothing ever changed."""
        current, calendar = world.edition(filename, day), world.arena.calendar
        earlier = (day - timedelta(days=back) for back in range(1, REACH))
        days = [one for one in earlier if is_open_day(calendar, one) and world.edition(filename, one) != current]
        if not days:
            return whole
        before = self._made(world, days[0], filename)
        target = self._folder / "stale" / current / world.edition(filename, days[0]) / filename

        def write(path: Path) -> None:
            path.write_bytes(filled(before.read_bytes(), whole.stat().st_size))

        return self._files.made(target, write)

    def _made(self, world: World, day: date, filename: str) -> Path:
        target = self._folder / world.edition(filename, day) / filename
        return self._files.made(target, lambda path: world.write(filename, day, path))


def filled(data: bytes, size: int) -> bytes:
    """The file's bytes with as many bytes of nothing added as make it that size; a larger file stays as it is.

    A parquet file is read from its footer, whose length stands before the last four bytes: the nothing goes before the
    footer, and the file reads as before.
    """
    missing = size - len(data)
    if missing <= 0:
        return data
    if data[:4] != MAGIC or data[-4:] != MAGIC:
        return data + b"\n" * missing
    footer = len(data) - 8 - int.from_bytes(data[-8:-4], "little")
    return data[:footer] + bytes(missing) + data[footer:]


@dataclass(frozen=True, slots=True)
class Part:
    """Which bytes of a file to send: status 200, 206 or 416, the first byte, how many, and the whole size."""

    status: int
    first: int
    length: int
    size: int

    def headers(self) -> dict[str, str]:
        """Content-Length, and Content-Range where there is one."""
        headers = {"Accept-Ranges": "bytes", "Content-Length": str(self.length)}
        if self.status == 206:
            headers["Content-Range"] = f"bytes {self.first}-{self.first + self.length - 1}/{self.size}"
        if self.status == 416:
            headers["Content-Range"] = f"bytes */{self.size}"
        return headers


def part_of(size: int, header: str | None) -> Part:
    """The part of a file of that size which a `Range` header asks for; an unreadable header asks for all."""
    found = RANGE.fullmatch((header or "").strip())
    if found is None or found.group(1) == found.group(2) == "":
        return Part(200, 0, size, size)
    if found.group(1) == "":
        length = min(int(found.group(2)), size)
        return Part(206, size - length, length, size) if length else Part(416, 0, 0, size)
    first = int(found.group(1))
    last = min(int(found.group(2) or size - 1), size - 1)
    if first >= size:
        return Part(416, 0, 0, size)
    return Part(206, first, last - first + 1, size) if last >= first else Part(200, 0, size, size)


def entity_tag(path: Path, root: Path) -> str:
    """The ETag of a file that is never changed in place, by where it lies below the root: editions differ in that."""
    below = os.path.relpath(path.resolve(), root.resolve())
    return f'"{digest_value(below, path.stat().st_size)[:32]}"'
