"""Digests: the names of bytes and of values."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import MAX_EMAX, MAX_PREC, MIN_EMIN, Context, Decimal
from enum import Enum
from typing import Any

EXACT = Context(prec=MAX_PREC, Emax=MAX_EMAX, Emin=MIN_EMIN)


def digest_bytes(data: bytes | bytearray | memoryview) -> str:
    """SHA-256 of the bytes, as 64 lower-case hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def digest_chunks(chunks: Iterable[bytes]) -> str:
    """SHA-256 of the concatenation of the chunks, read once."""
    state = hashlib.sha256()
    for chunk in chunks:
        state.update(chunk)
    return state.hexdigest()


def canonical(value: Any) -> Any:
    """The JSON-able form of a value whose text does not depend on process, locale or hash seed.

    Raises:
        TypeError: for a value whose text could differ between two runs (an arbitrary object), or a mapping with two
            keys of one text.
    """
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return {"float": value.hex()}
    if isinstance(value, Decimal):
        return {"decimal": str(value.normalize(EXACT))}
    if isinstance(value, datetime | date):
        return {"moment": value.isoformat()}
    if isinstance(value, Enum):
        return canonical(value.value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {field.name: canonical(getattr(value, field.name)) for field in dataclasses.fields(value)}
        return {type(value).__name__: fields}
    if isinstance(value, Mapping):
        return _canonical_mapping(value)
    if isinstance(value, list | tuple):
        return [canonical(item) for item in value]
    if isinstance(value, set | frozenset):
        return sorted((canonical(item) for item in value), key=repr)
    raise TypeError(f"{type(value).__name__} has no canonical form")


def _canonical_mapping(value: Mapping[Any, Any]) -> dict[str, Any]:
    items = {str(key): canonical(value[key]) for key in sorted(value, key=str)}
    if len(items) != len(value):
        raise TypeError("two keys of a mapping have one text")
    # A mapping of one key must not read as one of the marks above, {"float": …}.
    return {"mapping": items} if len(items) == 1 else items


def digest_value(*values: Any) -> str:
    """SHA-256 of the canonical JSON of the values, as 64 hexadecimal digits."""
    text = json.dumps(canonical(list(values)), sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return digest_bytes(text.encode())
