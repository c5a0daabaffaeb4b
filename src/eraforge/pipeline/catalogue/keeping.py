"""Verbs that keep a workspace: backups and its history."""

from __future__ import annotations

from eraforge.pipeline.verb import Option, Verb

_VERBS = "eraforge.pipeline.keeping.verbs"
_FILE = Option("file", str, "", "the backup file", positional=True)

KEEPING: tuple[Verb, ...] = (
    Verb(
        "backup create",
        "Write ledger, objects and configuration into one file; secrets never.",
        f"{_VERBS}:backup_create",
        (_FILE, Option("everything", bool, False, "also what was only downloaded and can be fetched again")),
    ),
    Verb(
        "backup check",
        "Read every byte of a backup and compare it with the digests inside.",
        f"{_VERBS}:backup_check",
        (_FILE,),
    ),
    Verb(
        "backup restore",
        "Rebuild a workspace from a backup, in an empty folder (--workspace).",
        f"{_VERBS}:backup_restore",
        (_FILE,),
    ),
    Verb(
        "audit",
        "Show what happened, and prove that the chain of all events is whole.",
        f"{_VERBS}:audit",
        (
            Option("last", int, 20, "events to show", least=1),
            Option("kind", str, "", "only kinds that begin so"),
            Option("subject", str, "", "only subjects that hold this text"),
        ),
    ),
)
