"""Verbs `backup create|check|restore` and `audit`."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path

from eraforge.core.clock import SystemClock
from eraforge.core.errors import UserError
from eraforge.pipeline.tools import no_progress
from eraforge.pipeline.verb import Facts, Visit
from eraforge.pipeline.workspace import CONFIGURATION_FILE, read_configuration, state_folder
from eraforge.store.atomic import write_atomic
from eraforge.store.backup.archive import Manifest, check_backup, read_manifest, restore_backup, write_backup
from eraforge.store.ledger import Ledger
from eraforge.store.objects import Objects

DOWNLOADED = "fetch"
PASSWORD = re.compile(rb"(://[^:/@\s\"']*):[^/@\s\"']*@")


def backup_create(visit: Visit, file: str, everything: bool) -> Facts:
    """Write the workspace into one file: ledger, objects, configuration; never a secret.

    Raises:
        UserError: `name-the-file`, `backup-exists`. DataError: `rotten-object`.
    """
    target = _file(file)
    state = state_folder(visit.folder)
    configuration = visit.folder / CONFIGURATION_FILE
    text = configuration.read_bytes() if configuration.exists() else b""
    objects = Objects(state / "objects")
    with _open_ledger(visit, state) as ledger:
        left_out = () if everything else [digest for digest in ledger.stage_outputs(DOWNLOADED) if objects.has(digest)]
        now = SystemClock().now()
        made = write_backup(
            target, ledger, objects, PASSWORD.sub(rb"\1@", text), now, left_out, _told(visit, "back up")
        )
        ledger.record("backup", target.name, {"head": made.head, "objects": len(made.objects)}, now)
    return _facts(made, target)


def backup_check(visit: Visit, file: str) -> Facts:
    """Read every byte of a backup and compare it with the digests inside.

    Raises:
        UserError: `name-the-file`, `backup-missing`. DataError: `backup-unreadable`, `backup-damaged`.
    """
    target = _file(file)
    return _facts(check_backup(target, _told(visit, "read the backup")), target)


def backup_restore(visit: Visit, file: str) -> Facts:
    """Rebuild a workspace in an empty folder from a backup.

    Raises:
        UserError: `name-the-file`, `backup-missing`, `restore-into-used-folder`, `ledger-not-empty`.
        DataError: `backup-unreadable`, `backup-damaged`.
    """
    target = _file(file)
    read_manifest(target)
    visit.folder.mkdir(parents=True, exist_ok=True)
    configuration = visit.folder / CONFIGURATION_FILE
    state = state_folder(visit.folder)
    if configuration.exists() or (state / "ledger.sqlite").exists():
        raise UserError(
            "restore-into-used-folder",
            f"{visit.folder} is a workspace already.",
            "Restore into a folder of its own: `--workspace NEW_FOLDER`.",
        )
    manifest, text = restore_backup(target, state, lambda: _open_ledger(visit, state), _told(visit, "restore"))
    if text:
        write_atomic(configuration, text)
    return {**_facts(manifest, target), "folder": str(visit.folder)}


def audit(visit: Visit, last: int, kind: str, subject: str) -> Facts:
    """What happened, newest last, and whether the chain of all events holds from the first to the last.

    Raises:
        Broken: `ledger-chain-broken`, naming the first event that does not follow.
    """
    with _open_ledger(visit, state_folder(visit.folder)) as ledger:
        count = ledger.verify_chain()
        found = [
            {"sequence": one.sequence, "at": one.at.isoformat(), "kind": one.kind, "subject": one.subject}
            | {"facts": dict(one.facts), "hash": one.hash}
            for one in ledger.events()
            if (not kind or one.kind.startswith(kind)) and (not subject or subject in one.subject)
        ]
        return {"events": found[-last:], "matching": len(found), "in_all": count, "head": ledger.head()[1]}


def _open_ledger(visit: Visit, state: Path) -> Ledger:
    address = read_configuration(visit).tree.store.ledger
    return Ledger.open(address or f"sqlite:///{state / 'ledger.sqlite'}")


def _file(file: str) -> Path:
    if not file:
        raise UserError("name-the-file", "Which file?", "Give it: `eraforge backup create FILE.tar`.")
    return Path(file).absolute()


def _told(visit: Visit, what: str) -> Callable[[float, float], None]:
    return partial(visit.progress or no_progress, what)


def _facts(manifest: Manifest, file: Path) -> Facts:
    told = asdict(manifest)
    return {
        **{name: told[name] for name in ("at", "version", "schema", "events", "head")},
        "file": str(file),
        "bytes": file.stat().st_size,
        "objects": len(manifest.objects),
        "left_out": len(manifest.left_out),
        "configuration": bool(manifest.configuration),
    }
