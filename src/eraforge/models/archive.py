"""The saved form of a fitted model: a plain zip with `facts.json` and its blobs. Equal models give equal bytes.

No pickle: loading runs no code of the file, and anyone can look inside with an unzip tool.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from typing import Any

import numpy as np

from eraforge.core.errors import DataError

FACTS = "facts.json"
EPOCH = (1980, 1, 1, 0, 0, 0)


def pack(kind: str, facts: Mapping[str, Any], blobs: Mapping[str, bytes]) -> bytes:
    """One zip of the JSON-able facts and the named blobs, the same bytes for the same content."""
    text = json.dumps({"kind": kind, **facts}, sort_keys=True, ensure_ascii=False, allow_nan=False)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, blob in [(FACTS, text.encode()), *sorted(blobs.items())]:
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, blob, compresslevel=1)
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
    except (zipfile.BadZipFile, KeyError, ValueError) as error:
        raise DataError(
            "saved-model-unreadable",
            f"These {len(data)} bytes are not a saved {kind} model: {error}.",
            "Restore the file from a backup, or train again.",
        ) from error
    if facts.get("kind") != kind:
        raise DataError(
            "saved-model-of-another-kind",
            f"This is a saved {facts.get('kind')!r} model, not {kind!r}.",
            "Load it with the model that saved it.",
        )
    return facts, blobs


def array_bytes(array: np.ndarray) -> bytes:
    """An array as `.npy` bytes (never pickled)."""
    out = io.BytesIO()
    np.save(out, np.ascontiguousarray(array), allow_pickle=False)
    return out.getvalue()


def bytes_array(blob: bytes) -> np.ndarray:
    """The array of `.npy` bytes; refuses pickled objects."""
    array: np.ndarray = np.load(io.BytesIO(blob), allow_pickle=False)
    return array
