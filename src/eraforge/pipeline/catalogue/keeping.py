"""Verbs that keep a workspace: backups, its history, its secrets."""

from __future__ import annotations

from eraforge.pipeline.catalogue.options import ENTRY
from eraforge.pipeline.verb import Option, Verb

_VERBS = "eraforge.pipeline.keeping.verbs"
_SECRETS = "eraforge.pipeline.verbs.secrets"
_PLACE = Option("place", str, "", "where, if both are configured", choices=("", "file", "keyring"))
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
    Verb(
        "replay",
        "Play past rounds again from what is stored, and compare with what was submitted; nothing is sent.",
        "eraforge.pipeline.replay.verbs:replay",
        (
            ENTRY,
            Option("round", int, 0, "round number; the newest that was submitted when left out", least=0),
            Option("last", int, 1, "how many rounds of each entry, the newest first", least=1),
            Option("stored_model", bool, False, "take the stored model as it is, and train and evaluate nothing"),
        ),
    ),
    Verb(
        "secrets store",
        "Ask for keys or a password, and keep them in the encrypted file or the keyring.",
        f"{_SECRETS}:store",
        (Option("name", str, "", "one variable; else both halves of every account's key", positional=True), _PLACE),
    ),
    Verb("secrets list", "Show which secrets are found, and where; never the secrets.", f"{_SECRETS}:listed"),
    Verb(
        "secrets forget",
        "Remove a secret from the encrypted file or the keyring.",
        f"{_SECRETS}:forget",
        (Option("name", str, "", "the variable", positional=True), _PLACE),
    ),
)
