"""Secrets in one encrypted file: scrypt makes the key from a passphrase, AES-256-GCM keeps and authenticates the rest.

The file is JSON with these members, all of which but `data` are authenticated with it:

    format   "eraforge-secrets-1"
    scrypt   {"n": 32768, "r": 8, "p": 1, "salt": 16 bytes}      (RFC 7914)
    nonce    12 bytes, fresh for every write                     (NIST SP 800-38D)
    data     AES-256-GCM of the UTF-8 JSON object {name: value}, the tag at its end

Bytes are base64 texts. The order of members does not matter.
"""

from __future__ import annotations

import hashlib
import json
import os
from base64 import b64decode, b64encode
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from eraforge.core.errors import UserError
from eraforge.core.secret import Secret
from eraforge.store.atomic import write_atomic

FORMAT = "eraforge-secrets-1"
COST = {"n": 1 << 15, "r": 8, "p": 1}
DEAREST = 1 << 28  # bytes that a file may ask scrypt to take: 128 * n * r
KEY, SALT, NONCE = 32, 16, 12


def seal(values: Mapping[str, str], passphrase: Secret) -> bytes:
    """The bytes of the file that holds the values.

    Raises:
        UserError: `encryption-missing`.
    """
    header: dict[str, Any] = {
        "format": FORMAT,
        "scrypt": {**COST, "salt": b64encode(os.urandom(SALT)).decode()},
        "nonce": b64encode(os.urandom(NONCE)).decode(),
    }
    cipher = _cipher(_key(header, passphrase))
    data = cipher.encrypt(b64decode(header["nonce"]), json.dumps(dict(values)).encode(), _authenticated(header))
    return json.dumps({**header, "data": b64encode(data).decode()}, indent=2).encode() + b"\n"


def unseal(text: bytes, passphrase: Secret, name: str) -> dict[str, str]:
    """The values in the bytes of a file.

    Args:
        name: of the file, for sentences.

    Raises:
        UserError: `encrypted-file-unreadable` when it is no such file; `wrong-passphrase` also when it was changed;
            `encryption-missing`.
    """
    try:
        file = json.loads(text)
        data = b64decode(file.pop("data"), validate=True)
        nonce = b64decode(file["nonce"], validate=True)
        known = file["format"] == FORMAT and len(nonce) == NONCE
        key = _key(file, passphrase) if known else b""
    except (ValueError, KeyError, TypeError, AttributeError):
        known = False
    if not known:
        raise UserError(
            "encrypted-file-unreadable",
            f"{name} is not a file of encrypted secrets that this eraforge knows.",
            "Check the setting secrets.encrypted_file; `eraforge secrets store` writes such a file.",
        )
    cipher = _cipher(key)
    from cryptography.exceptions import InvalidTag

    try:
        values: dict[str, str] = json.loads(cipher.decrypt(nonce, data, _authenticated(file)))
    except InvalidTag:
        raise UserError(
            "wrong-passphrase",
            f"{name} does not open: the passphrase is wrong, or the file was changed.",
            "Try again; without its passphrase nothing opens the file. Delete it and store the secrets anew.",
        ) from None
    return values


def read(path: Path, passphrase: Secret) -> dict[str, str]:
    """What the file holds. Raises `encrypted-file-unreadable` and the errors of `unseal`."""
    try:
        text = path.read_bytes()
    except OSError as error:
        raise UserError(
            "encrypted-file-unreadable",
            f"The encrypted file {path} cannot be read ({type(error).__name__}).",
            "Check its path and owner, or write it with `eraforge secrets store`.",
        ) from None
    return unseal(text, passphrase, path.name)


def write(path: Path, values: Mapping[str, str], passphrase: Secret) -> None:
    """Put the values at `path`, whole or not at all, readable by its owner alone."""
    write_atomic(path, seal(values, passphrase), mode=0o600)


def _key(header: Mapping[str, Any], passphrase: Secret) -> bytes:
    cost = {name: int(header["scrypt"][name]) for name in COST}
    if 128 * cost["n"] * cost["r"] > DEAREST or cost["p"] > 16:
        raise ValueError("the file asks for more work than any key is worth")
    salt = b64decode(header["scrypt"]["salt"], validate=True)
    return hashlib.scrypt(passphrase.reveal().encode(), salt=salt, **cost, maxmem=2 * DEAREST, dklen=KEY)


def _authenticated(header: Mapping[str, Any]) -> bytes:
    return json.dumps(header, sort_keys=True, separators=(",", ":")).encode()


def _cipher(key: bytes) -> Any:
    try:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    except ImportError as error:
        raise UserError(
            "encryption-missing",
            "Encrypted files need the package cryptography, which is not installed.",
            "Install it with eraforge's extra: pip install 'eraforge[encryption]'.",
        ) from error
    return AESGCM(key)
