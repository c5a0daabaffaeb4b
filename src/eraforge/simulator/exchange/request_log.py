"""The file of requests: one JSON object a line, beside the journal of state changes."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from eraforge.simulator.exchange.calls import Call
from eraforge.simulator.exchange.replies import Reply

NAME = "requests.jsonl"
SHOWN = 64


class RequestLog:
    """The requests of a state folder, numbered from 1 in the order in which they were taken up.

    A line is handed to the operating system at once and not synced: a killed process loses none, a machine that loses
    power may lose the last ones, but never a state change, which stands in the journal.

    Args:
        folder: the state folder.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / NAME
        lines = list(read_requests(self.path))
        self.count = lines[-1]["request"] if lines else 0
        self.recent: deque[dict[str, Any]] = deque(lines, maxlen=SHOWN)
        _drop_torn_end(self.path)
        self._file = self.path.open("ab", buffering=0)

    def write(
        self,
        number: int,
        call: Call,
        reply: Reply,
        fault: str | None,
        rules: Sequence[int],
        virtual: datetime,
        real: datetime,
        after: int,
        made: int,
    ) -> dict[str, Any]:
        """Write one request down. Returns the line.

        Args:
            number: of the request.
            fault: the name of the fault it met.
            rules: places in the fault plan of the rules whose conditions it met; the last one struck, if any did.
            after: how many lines the journal held before it; made: how many it added.
        """
        line: dict[str, Any] = {
            "request": number,
            "virtual": virtual.isoformat(),
            "real": real.isoformat(),
            "kind": str(call.kind),
            "operation": call.operation,
            "model": call.model or None,
            "file": call.filename or None,
            "username": call.username or None,
            "status": reply.status,
            "outcome": reply.outcome,
            "messages": list(reply.messages),
            "fault": fault,
            "rules": list(rules),
            "after": after,
            "made": made,
        }
        self._file.write(json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode() + b"\n")
        self.recent.append(line)
        return line

    def close(self) -> None:
        """Let the file go."""
        self._file.close()


def read_requests(path: Path) -> Iterator[dict[str, Any]]:
    """The whole lines of a file of requests; none where there is no file."""
    if not path.exists():
        return
    with path.open("rb") as file:
        for text in file:
            if text.endswith(b"\n"):
                yield json.loads(text)


def _drop_torn_end(path: Path) -> None:
    data = path.read_bytes() if path.exists() else b""
    whole = data.rfind(b"\n") + 1
    if whole < len(data):
        with path.open("r+b") as file:
            file.truncate(whole)
