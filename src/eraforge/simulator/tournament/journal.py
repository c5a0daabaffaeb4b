"""The journal: the history of a simulator, one JSON object a line, synced before a change takes effect."""

from __future__ import annotations

import fcntl
import json
import os
import threading
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from eraforge.core.errors import Broken, UserError
from eraforge.store.atomic import DISK, make_folder


class Journal:
    """The append-only history in a state folder. One process at a time may hold it.

    A line holds `sequence` (from 1), `virtual` and `real` time, the name of the `change` and its `facts`. A line that
    was cut short by a kill never took effect and is dropped when the folder is opened again.

    Args:
        folder: the state folder; it is made when missing.

    Raises:
        UserError: `state-in-use` when another process holds the folder.
        Broken: `journal-damaged` when a line other than the last does not read.
    """

    def __init__(self, folder: Path) -> None:
        make_folder(folder)
        self._lock = (folder / "lock").open("a")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._lock.close()
            raise UserError(
                "state-in-use", f"Another simulator runs in {folder}.", "Stop it or name another state folder."
            ) from error
        self.path = folder / "journal.jsonl"
        self._turn = threading.Lock()
        try:
            self.lines = self._read()
        except Broken:
            self._lock.close()
            raise
        self._file = self.path.open("ab")
        DISK.sync_folder(folder)

    def append(self, change: str, virtual: datetime, real: datetime, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Write one change down; on return it survives a crash. Returns the line."""
        with self._turn:
            line = {
                "sequence": len(self.lines) + 1,
                "virtual": virtual.isoformat(),
                "real": real.isoformat(),
                "change": change,
                "facts": dict(facts),
            }
            self._file.write(json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode() + b"\n")
            self._file.flush()
            os.fsync(self._file.fileno())
            self.lines.append(line)
        return line

    def close(self) -> None:
        """Let the folder go."""
        self._file.close()
        self._lock.close()

    def _read(self) -> list[dict[str, Any]]:
        if not self.path.exists():
            return []
        data = self.path.read_bytes()
        whole = data[: data.rfind(b"\n") + 1]
        if len(whole) < len(data):
            with self.path.open("r+b") as file:
                file.truncate(len(whole))
                os.fsync(file.fileno())
        lines = []
        for number, text in enumerate(whole.splitlines(), start=1):
            try:
                line = json.loads(text)
            except json.JSONDecodeError as error:
                raise self._damaged(number) from error
            if line["sequence"] != number:
                raise self._damaged(number)
            lines.append(line)
        return lines

    def _damaged(self, number: int) -> Broken:
        return Broken(
            "journal-damaged",
            f"Line {number} of {self.path} does not read.",
            "Restore the folder or start a fresh one.",
        )
