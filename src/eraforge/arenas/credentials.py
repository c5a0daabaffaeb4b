"""API keys: read from an environment, a secret file or another place, held so that they do not show themselves."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from eraforge.core.errors import UserError
from eraforge.core.secret import Secret, guard, shapes

PREFIX = "NUMERAI_"


@dataclass(frozen=True, slots=True)
class Credentials:
    """The two halves of an API key. Neither shows in a repr, a log line or a pickle."""

    public_id: Secret
    secret_key: Secret

    def header(self) -> str:
        """Value of the `Authorization` header; built where it is sent, kept nowhere."""
        return f"Token {self.public_id.reveal()}${self.secret_key.reveal()}"

    def redact(self, text: str) -> str:
        """`text` without any trace of the keys, in none of the shapes they take."""
        for secret in (self.secret_key.reveal(), self.public_id.reveal()):
            for shape in sorted(shapes(secret), key=len, reverse=True):
                text = text.replace(shape, "…")
        return text


def credentials(
    environment: Mapping[str, str],
    secret_file: Path | None = None,
    prefix: str = PREFIX,
    further: Iterable[tuple[str, Mapping[str, str]]] = (),
) -> Credentials:
    """Keys from `<prefix>PUBLIC_ID` and `<prefix>SECRET_KEY` of the environment, else of the first place with them.

    Args:
        secret_file: asked after the environment.
        further: places asked after that, each with the words that name it in a sentence.

    Raises:
        UserError: `no-keys`, `half-a-key`, `secret-file-open-to-others`, `secret-file-unreadable`; what a place raises.
    """
    found = _both(environment, prefix, "the environment")
    if found is None and secret_file is not None:
        found = _both(read_secret_file(secret_file), prefix, f"the secret file {secret_file.name}")
    for where, place in further:
        found = found or _both(place, prefix, where)
    if found is None:
        raise UserError(
            "no-keys",
            f"There are no API keys: neither {prefix}PUBLIC_ID nor {prefix}SECRET_KEY is set.",
            "Create a key under Account > API keys on the tournament's site, then set both variables or a secret file, "
            "or run `eraforge secrets store`.",
        )
    return found


def _both(source: Mapping[str, str], prefix: str, where: str) -> Credentials | None:
    names = (f"{prefix}PUBLIC_ID", f"{prefix}SECRET_KEY")
    values = [source.get(name, "").strip() for name in names]
    if not any(values):
        return None
    if not all(values):
        present, absent = names if values[0] else reversed(names)
        raise UserError("half-a-key", f"In {where} {present} is set but {absent} is not.", f"Set {absent} there too.")
    return Credentials(guard(Secret(values[0])), guard(Secret(values[1])))


def read_secret_file(path: Path) -> dict[str, str]:
    """The values of a secret file: one `NAME=value` per line; a `#` starts a comment line.

    Raises:
        UserError: `secret-file-open-to-others`, `secret-file-unreadable`.
    """
    try:
        told = path.stat()
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = type(error).__name__
        raise UserError(
            "secret-file-unreadable", f"The secret file {path} cannot be read ({reason}).", "Check its path and owner."
        ) from None
    if os.name == "posix" and _is_open(told):
        raise UserError(
            "secret-file-open-to-others",
            f"The secret file {path} can be read by other users of this machine.",
            f"Run: chmod 600 {path}",
        )
    values = {}
    for line in text.splitlines():
        name, separator, value = line.strip().removeprefix("export ").partition("=")
        if separator and not name.startswith("#"):
            values[name.strip()] = value.strip().strip("'\"")
    return values


def _is_open(told: os.stat_result) -> bool:
    """Whether others may read or change the file. One that root lends to this user's group or access list alone is not:
    services and containers hand secrets over like that."""
    lent = told.st_uid == 0 and os.geteuid() != 0 and not told.st_mode & 0o037
    return bool(told.st_mode & 0o077) and not lent
