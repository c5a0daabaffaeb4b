"""The backup file: a tar of a manifest, the ledger, the configuration and the objects; written whole or not at all.

Objects and the manifest go by their digests, the other members by those in the manifest: nothing is believed before its
bytes are checked. What was only downloaded is left out unless asked for, since the tournament gives it again.
"""

from __future__ import annotations

import io
import json
import os
import re
import tarfile
import tempfile
from collections.abc import Callable, Collection
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any

import eraforge
from eraforge.core.digest import digest_bytes, digest_chunks
from eraforge.core.errors import DataError, UserError
from eraforge.store.atomic import disk_errors, replace_atomic
from eraforge.store.backup.copying import copy_ledger
from eraforge.store.ledger import Ledger
from eraforge.store.objects import Objects
from eraforge.store.tables import HEAD

LEDGER, CONFIGURATION = "ledger.sqlite", "eraforge.toml"
FORMAT = 1
CHUNK = 1 << 20
MANIFEST = re.compile(r"manifest-([0-9a-f]{64})\.json")
OBJECT = re.compile(r"objects/([0-9a-f]{64})")
Told = Callable[[float, float], None]


def silent(done: float, total: float) -> None:
    """Tell nobody."""


@dataclass(frozen=True)
class Manifest:
    """What a backup holds.

    Args:
        at: ISO moment of its making.
        version: of the eraforge that made it; `schema` of its ledger.
        events, head: length and last hash of the ledger's chain.
        ledger, configuration: digests of those members; "" where there is no configuration.
        objects: digests of the objects inside; `left_out` of those that were only downloaded.
    """

    at: str
    version: str
    schema: str
    events: int
    head: str
    ledger: str
    configuration: str
    objects: tuple[str, ...]
    left_out: tuple[str, ...] = ()
    format: int = FORMAT


def write_backup(
    file: Path,
    ledger: Ledger,
    objects: Objects,
    configuration: bytes,
    at: datetime,
    left_out: Collection[str] = (),
    told: Told = silent,
) -> Manifest:
    """Write one file that a workspace can be rebuilt from.

    Args:
        configuration: text of the configuration file, without secrets; empty where there is none.
        left_out: digests of objects that can be fetched again.
        told: hears how many of how many bytes are written.

    Raises:
        UserError: `backup-exists`. DataError: `rotten-object`. Transient: `disk-full`.
    """
    if file.exists():
        raise UserError("backup-exists", f"{file} exists already.", "Name another file; backups are never replaced.")
    with tempfile.TemporaryDirectory(prefix="eraforge-backup-", dir=file.parent) as folder:
        copied = Path(folder) / LEDGER
        with Ledger.open(copied) as copy:
            events = copy_ledger(ledger, copy)
            head = copy.head()[1]
        kept = tuple(digest for digest in objects.digests() if digest not in set(left_out))
        manifest = Manifest(
            at.isoformat(),
            eraforge.__version__,
            HEAD,
            events,
            head,
            _file_digest(copied),
            digest_bytes(configuration) if configuration else "",
            kept,
            tuple(sorted(set(left_out))),
        )
        unfinished = Path(folder) / file.name
        with disk_errors(file), tarfile.open(unfinished, "w") as tar:
            _write_members(tar, manifest, copied, configuration, objects, told)
        replace_atomic(unfinished, file)
    return manifest


def _write_members(
    tar: tarfile.TarFile, manifest: Manifest, ledger: Path, configuration: bytes, objects: Objects, told: Told
) -> None:
    paths = [objects.path(digest) for digest in manifest.objects]  # verified before they are copied
    total = float(sum(path.stat().st_size for path in paths) + ledger.stat().st_size)
    text = json.dumps(asdict(manifest), sort_keys=True).encode()
    _add_bytes(tar, f"manifest-{digest_bytes(text)}.json", text)
    if configuration:
        _add_bytes(tar, CONFIGURATION, configuration)
    done = _add_file(tar, LEDGER, ledger)
    told(done, total)
    for digest, path in zip(manifest.objects, paths, strict=True):
        done += _add_file(tar, f"objects/{digest}", path)
        told(done, total)


def read_manifest(file: Path) -> Manifest:
    """What a backup says it holds.

    Raises:
        DataError: `backup-unreadable`; UserError: `backup-missing`, `backup-too-new`.
    """
    with _opened(file) as tar:
        return _manifest(tar, file)


def check_backup(file: Path, told: Told = silent) -> Manifest:
    """Read every byte of a backup and compare it with the digests; the ledger's chain is followed to its end.

    Raises:
        DataError: `backup-unreadable`, `backup-damaged`. Broken: `ledger-chain-broken`.
    """
    with tempfile.TemporaryDirectory(prefix="eraforge-check-") as folder:
        return _unpack(file, Path(folder), None, told)[0]


def restore_backup(file: Path, state: Path, into: Callable[[], Ledger], told: Told = silent) -> tuple[Manifest, bytes]:
    """Rebuild what a workspace remembers and made.

    Args:
        state: the state folder; its objects are added to.
        into: opens the empty ledger to fill, once all is verified.

    Returns:
        The manifest, and the text of the configuration (empty where there was none).

    Raises:
        DataError: `backup-unreadable`, `backup-damaged`. UserError: `ledger-not-empty`.
        Broken: `ledger-chain-broken`. Transient: `disk-full`.
    """
    with tempfile.TemporaryDirectory(prefix="restore-", dir=state) as folder:
        manifest, configuration = _unpack(file, Path(folder), Objects(state / "objects"), told)
        with Ledger.open(Path(folder) / LEDGER) as copy, into() as ledger:
            copy_ledger(copy, ledger)
        return manifest, configuration


def _unpack(file: Path, folder: Path, objects: Objects | None, told: Told) -> tuple[Manifest, bytes]:
    """Verify every member; objects go into the store where one is given, the ledger into the folder."""
    configuration = b""
    seen: set[str] = set()
    total = float(file.stat().st_size) if file.exists() else 0.0
    with _opened(file) as tar:
        manifest = _manifest(tar, file)
        for member in tar:
            content = tar.extractfile(member)
            if content is None or MANIFEST.fullmatch(member.name):
                continue
            found = OBJECT.fullmatch(member.name)
            if member.name == CONFIGURATION:
                configuration = content.read()
                _require(digest_bytes(configuration) == manifest.configuration, file, member.name)
            elif member.name == LEDGER:
                _require(_write_out(content, folder / LEDGER) == manifest.ledger, file, member.name)
            elif found:
                _require(_write_out(content, folder / "object") == found[1], file, member.name)
                if objects is not None:
                    objects.put_file(folder / "object", move=True)
                seen.add(found[1])
            else:
                _require(False, file, member.name)
            told(float(tar.offset), total)
    missing = set(manifest.objects) - seen
    _require(not missing, file, f"objects/{min(missing, default='')}")
    _require((folder / LEDGER).exists(), file, LEDGER)
    with Ledger.open(folder / LEDGER) as ledger:
        _require((ledger.verify_chain(), ledger.head()[1]) == (manifest.events, manifest.head), file, LEDGER)
    return manifest, configuration


@contextmanager
def _opened(file: Path) -> Any:
    if not file.is_file():
        raise UserError("backup-missing", f"There is no backup {file}.", "Check the path.")
    try:
        with tarfile.open(file, "r:") as tar:
            yield tar
    except (tarfile.TarError, EOFError) as error:
        raise DataError(
            "backup-unreadable", f"{file} is no whole backup: {error}.", "Use an earlier backup; this one was cut."
        ) from error


def _manifest(tar: tarfile.TarFile, file: Path) -> Manifest:
    first = tar.next()
    named = MANIFEST.fullmatch(first.name) if first is not None else None
    content = tar.extractfile(first) if first is not None and named else None
    text = content.read() if content is not None else b""
    told = json.loads(text) if named and digest_bytes(text) == named[1] else {}
    if told.get("format", 0) > FORMAT:
        raise UserError(
            "backup-too-new", f"{file} was written by eraforge {told.get('version')}.", "Upgrade eraforge to read it."
        )
    if told.get("format") != FORMAT:
        raise DataError(
            "backup-unreadable", f"{file} does not begin with a manifest.", "Name a file that `backup` made."
        )
    return Manifest(**{**told, "objects": tuple(told["objects"]), "left_out": tuple(told["left_out"])})


def _require(condition: bool, file: Path, member: str) -> None:
    if not condition:
        raise DataError(
            "backup-damaged",
            f"{member} in {file} is not what was stored.",
            "Use an earlier backup; `eraforge backup check` tells which are sound.",
        )


def _add_bytes(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    tar.addfile(_member(name, len(data)), io.BytesIO(data))


def _add_file(tar: tarfile.TarFile, name: str, path: Path) -> int:
    size = path.stat().st_size
    with path.open("rb") as stream:
        tar.addfile(_member(name, size), stream)
    return size


def _member(name: str, size: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.size, member.mode = size, 0o600
    return member


def _write_out(content: IO[bytes], path: Path) -> str:
    with suppress(FileNotFoundError):
        path.unlink()
    with disk_errors(path), path.open("wb") as stream:

        def chunks() -> Any:
            while data := content.read(CHUNK):
                stream.write(data)
                yield data

        digest = digest_chunks(chunks())
        stream.flush()
        os.fsync(stream.fileno())
    return digest


def _file_digest(path: Path) -> str:
    with path.open("rb") as stream:
        return digest_chunks(iter(lambda: stream.read(CHUNK), b""))
