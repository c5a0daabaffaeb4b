"""Stages: computations named by the digest of their code, settings and inputs, so that nothing is computed twice."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from eraforge.core.clock import Clock
from eraforge.core.digest import digest_bytes, digest_value
from eraforge.store.ledger import Ledger
from eraforge.store.objects import Objects


class StageCache:
    """Runs a computation unless its output is already in the store.

    Args:
        objects: where outputs are kept.
        ledger: where stage keys point to outputs.
        clock: stamps what is remembered.
    """

    def __init__(self, objects: Objects, ledger: Ledger, clock: Clock) -> None:
        self._objects = objects
        self._ledger = ledger
        self._clock = clock
        self.computed: list[str] = []

    def output(self, name: str, code: str, inputs: Any, compute: Callable[[], bytes]) -> str:
        """Digest of the stage's output; `compute` runs only when the store holds none. Reading it verifies it.

        Args:
            name: the stage.
            code: digest of the code that computes it (`code_digest`).
            inputs: settings and input digests, in canonical form.
        """
        key = digest_value(name, code, inputs)
        known = self._ledger.stage_output(key)
        if known is not None and self._objects.has(known):
            return known
        digest = self._objects.put(compute())
        self._ledger.remember_stage(key, name, digest, self._clock.now())
        self.computed.append(name)
        return digest

    def known(self, name: str, inputs: Any) -> str | None:
        """The remembered output of something that was not computed here (a download), if it is still whole."""
        digest = self._ledger.stage_output(digest_value(name, "", inputs))
        return digest if digest is not None and self._objects.has(digest) else None

    def remember(self, name: str, inputs: Any, digest: str) -> None:
        """Note the output of something that was not computed here."""
        self._ledger.remember_stage(digest_value(name, "", inputs), name, digest, self._clock.now())

    def read_json(self, digest: str) -> Any:
        """The object of that digest, read as JSON."""
        return json.loads(self._objects.get(digest))


def as_json(value: Mapping[str, Any]) -> bytes:
    """Canonical JSON bytes of plain facts."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def code_digest(*things: Any) -> str:
    """Digest of the source files that define these functions, classes or modules; of a package, of all its files."""
    files = sorted({file for thing in things for file in _source_files(thing)})
    return digest_value([_file_digest(file) for file in files])


def _source_files(thing: Any) -> list[str]:
    if inspect.ismodule(thing) and hasattr(thing, "__path__"):
        return [str(file) for folder in thing.__path__ for file in sorted(Path(folder).rglob("*.py"))]
    return [inspect.getsourcefile(thing) or ""]


@lru_cache(maxsize=256)
def _file_digest(file: str) -> str:
    return digest_bytes(Path(file).read_bytes()) if file else ""
