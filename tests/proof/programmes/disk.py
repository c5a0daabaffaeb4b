"""Disks that fill up, fail, forbid or take few bytes at a time, at the n-th call: nothing torn or stale is believed."""

from __future__ import annotations

import errno
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from eraforge.core.errors import EraforgeError
from eraforge.store.atomic import is_temp, replace_atomic, sweep, write_chunks
from eraforge.store.objects import Objects
from programmes.by_path import load
from programmes.figures import Figure, Proof

FULL = 5  # kinds of fault
ERRORS = (errno.ENOSPC, errno.EIO, errno.EROFS, errno.EDQUOT, errno.EACCES)
OLD, NEW = b"old" * 100, b"new content" * 1000
BITES = (1 << 30, 4096, 7)


def write(folder: Path, disk: Any) -> bytes | None:
    """A file written over an old one; what a reader then finds."""
    path = folder / "file"
    _put(path, lambda: write_chunks(path, (NEW[:500], NEW[500:]), disk=disk))
    return path.read_bytes()


def replaced(folder: Path, disk: Any) -> bytes | None:
    """A finished file put in the place of an old one."""
    path, ready = folder / "file", folder / "ready"
    ready.write_bytes(NEW)
    _put(path, lambda: replace_atomic(ready, path, disk=disk))
    return path.read_bytes()


def stored(folder: Path, disk: Any) -> bytes | None:
    """An object put into the store; what the store gives out under its digest afterwards, to another process."""
    return _object(folder, disk, lambda objects: objects.put(NEW))


def taken_in(folder: Path, disk: Any) -> bytes | None:
    """A file taken into the store."""
    (folder / "ready").write_bytes(NEW)
    return _object(folder, disk, lambda objects: objects.put_file(folder / "ready"))


def _put(path: Path, act: Callable[[], None]) -> None:
    path.write_bytes(OLD)
    try:
        act()
    except EraforgeError as error:
        _told.append(error)


def _object(folder: Path, disk: Any, act: Callable[[Objects], str]) -> bytes | None:
    from eraforge.core.digest import digest_bytes

    try:
        act(Objects(folder / "objects", disk=disk))
    except EraforgeError as error:
        _told.append(error)
    objects = Objects(folder / "objects")
    return objects.get(digest_bytes(NEW)) if objects.has(digest_bytes(NEW)) else None


_told: list[EraforgeError] = []
ACTS = (write, replaced, stored, taken_in)


def prove(scale: int, first: int = 1) -> Proof:
    """Fail every call of every act, once and from there on, with `scale` kinds of fault; take few bytes at a time."""
    faulty = load("store/conftest.py").FaultyDisk
    seen: Counter[str] = Counter()
    for act in ACTS:
        for error in ERRORS[:scale]:
            for lasting in (False, True):
                _until_untouched(act, faulty, error, lasting, seen)
        for bite in BITES:
            with TemporaryDirectory() as folder:
                seen["short writes"] += 1
                seen["believed wrongly"] += act(Path(folder), faulty(bite=bite)) != NEW
    figures = (
        Figure("P6", "torn or mixed content believed", seen["believed wrongly"], "== 0", seen["faults"]),
        Figure("P6", "faults neither told nor outlived", seen["unheard"], "== 0", seen["faults"]),
        Figure("P6", "temporary files left for good", seen["left"], "== 0", seen["faults"]),
        Figure("P6", "faults planted, at every call of the disk", seen["faults"], ">= 1"),
        Figure("P6", "writes in pieces of few bytes", seen["short writes"], ">= 1"),
    )
    about = "full, failing, read-only, over quota, forbidden; once and lasting; at every call that durability hangs on"
    return Proof("disk", about, scale, FULL, "none: every call is tried", figures)


def _until_untouched(act: Any, faulty: Any, error: int, lasting: bool, seen: Counter[str]) -> None:
    at = 0
    while True:
        at += 1
        _told.clear()
        with TemporaryDirectory() as name:
            disk = faulty(at, error, lasting=lasting)
            found = act(Path(name), disk)
            disk.bury()
            if not disk.failed:
                return
            seen["faults"] += 1
            seen["believed wrongly"] += found not in (OLD, NEW, None)
            seen["unheard"] += not _told and found != NEW
            sweep(Path(name))
            seen["left"] += any(is_temp(path) for path in Path(name).rglob("*"))
