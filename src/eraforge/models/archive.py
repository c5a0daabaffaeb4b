"""The saved form of a fitted model: a plain zip with `facts.json` and its blobs. Equal models give equal bytes.

No pickle: loading runs no code of the file, and anyone can look inside with an unzip tool. Nothing is compressed,
since compressors differ between machines, and then one flipped byte is always noticed.
"""

from __future__ import annotations

import io
import json
import struct
import zipfile
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from eraforge.core.errors import DataError

FACTS = "facts.json"
EPOCH = (1980, 1, 1, 0, 0, 0)
DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    LookupError,
    NotImplementedError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
)
"""What reading a damaged zip can raise, depending on where the damage is."""


def pack(kind: str, facts: Mapping[str, Any], blobs: Mapping[str, bytes]) -> bytes:
    """One zip of the JSON-able facts and the named blobs, the same bytes for the same content."""
    text = json.dumps({**facts, "kind": kind}, sort_keys=True, ensure_ascii=False, allow_nan=False)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, blob in [(FACTS, text.encode()), *sorted(blobs.items())]:
            entry = zipfile.ZipInfo(name, EPOCH)
            archive.writestr(entry, blob)
    return out.getvalue()


def unpack(kind: str, data: bytes) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Facts and blobs that `pack` wrote.

    Raises:
        DataError: `saved-model-unreadable` when the bytes are damaged, `saved-model-of-another-kind`.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            blobs = {name: archive.read(name) for name in archive.namelist()}
        facts = json.loads(blobs.pop(FACTS))
        whole = pack(facts["kind"], facts, blobs) == data
    except DAMAGE as error:
        raise _unreadable(kind, data, str(error)) from error
    if not whole:
        raise _unreadable(kind, data, "some bytes are not as they were written")
    if facts.get("kind") != kind:
        raise DataError(
            "saved-model-of-another-kind",
            f"This is a saved {facts.get('kind')!r} model, not {kind!r}.",
            "Load it with the model that saved it.",
        )
    return facts, blobs


def _unreadable(kind: str, data: bytes, why: str) -> DataError:
    return DataError(
        "saved-model-unreadable",
        f"These {len(data)} bytes are not a saved {kind} model: {why}.",
        "Restore the file from a backup, or train again.",
    )


def array_bytes(array: np.ndarray) -> bytes:
    """An array as `.npy` bytes (never pickled)."""
    out = io.BytesIO()
    np.save(out, np.ascontiguousarray(array), allow_pickle=False)
    return out.getvalue()


def bytes_array(blob: bytes) -> np.ndarray:
    """The array of `.npy` bytes; refuses pickled objects."""
    array: np.ndarray = np.load(io.BytesIO(blob), allow_pickle=False)
    return array
