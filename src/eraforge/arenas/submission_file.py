"""The name of a submission file: `<model>-<round>-<digest12>.csv`, by which a read-back recognises its own."""

from __future__ import annotations

import re
from dataclasses import dataclass

from eraforge.core.errors import UserError

DIGITS = 12
SAFE = re.compile(r"[^A-Za-z0-9_]+")
# The server keeps the stem and puts its own suffix of twelve signs before the extension.
NAME = re.compile(r"^(?P<model>[A-Za-z0-9_]+)-(?P<round>\d+)-(?P<digest>[0-9a-f]{12})(?:-[A-Za-z0-9_]+)?\.csv$")


@dataclass(frozen=True, slots=True)
class SubmissionFile:
    """What the name of a submission file tells."""

    model: str
    round: int
    digest: str

    def name(self) -> str:
        """The file name itself."""
        return f"{self.model}-{self.round}-{self.digest}.csv"

    def is_of(self, digest: str) -> bool:
        """Whether a file of that SHA-256 would carry this name."""
        return digest[:DIGITS] == self.digest


def submission_file(model: str, round_number: int, digest: str) -> SubmissionFile:
    """The name for a model's file of that round and SHA-256 (64 hexadecimal digits).

    Raises:
        UserError: `bad-file-name` for an empty model name or a text that is no digest.
    """
    stem = SAFE.sub("_", model)
    if not stem.strip("_") or not re.fullmatch(r"[0-9a-f]{64}", digest):
        raise UserError("bad-file-name", f"No file can be named for model {model!r}.", "Check the model's name.")
    return SubmissionFile(stem, round_number, digest[:DIGITS])


def parse_name(filename: str) -> SubmissionFile | None:
    """What a file name tells, with or without the server's suffix, or None for a name of another make."""
    match = NAME.match(filename)
    if match is None:
        return None
    return SubmissionFile(match["model"], int(match["round"]), match["digest"])
