"""Names that are made, not drawn: identifiers, keys and file suffixes derived from digests of the seed."""

from __future__ import annotations

import string
from functools import lru_cache
from typing import Any

from eraforge.core.digest import digest_value

BASE32 = string.ascii_uppercase + "234567"
HEX = "0123456789abcdef"
WORD = string.ascii_letters + string.digits + "_"


@lru_cache(maxsize=1 << 16)
def derived_uuid(*values: Any) -> str:
    """A UUID of version 4 form that depends on the values alone."""
    text = digest_value("uuid", *values)
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-8{text[17:20]}-{text[20:32]}"


def derived_text(alphabet: str, length: int, *values: Any) -> str:
    """`length` characters of the alphabet that depend on the values alone."""
    number, letters = int(digest_value("text", *values) + digest_value("more text", *values), 16), []
    for _ in range(length):
        number, rest = divmod(number, len(alphabet))
        letters.append(alphabet[rest])
    return "".join(letters)


def address(kind: str, name: str, length: int = 40) -> str:
    """A made-up address, or transaction hash of another length."""
    return "0x" + derived_text(HEX, length, kind, name)


def public_id(seed: int, username: str, index: int) -> str:
    """The public half of a key: 32 characters of base32."""
    return derived_text(BASE32, 32, "public", seed, username, index)


def secret_key(seed: int, username: str, index: int) -> str:
    """The secret half of a key: 64 characters of base32."""
    return derived_text(BASE32, 64, "secret", seed, username, index)
