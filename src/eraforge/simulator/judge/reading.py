"""Reading a history from where a simulator left it: a state folder, or its journal alone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from eraforge.core.errors import DataError, UserError
from eraforge.simulator.exchange.request_log import NAME as REQUESTS
from eraforge.simulator.exchange.request_log import read_requests

JOURNAL = "journal.jsonl"


def read_log(place: Path) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The journal's lines and the requests of a history.

    Args:
        place: a state folder, or a file of journal lines; requests are read from beside it.

    Raises:
        UserError: `no-log-there`.
        DataError: `log-damaged` for a line other than the last that does not read.
    """
    journal = place / JOURNAL if place.is_dir() else place
    if not journal.is_file():
        raise UserError("no-log-there", f"There is no {journal}.", "Name the state folder of a simulator.")
    return list(_lines(journal)), list(read_requests(journal.with_name(REQUESTS)))


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    """Whole lines; one that is being written, or was cut short by a kill, is not yet part of the history."""
    with path.open("rb") as file:
        for number, text in enumerate(file, start=1):
            if not text.endswith(b"\n"):
                return
            try:
                line = json.loads(text)
            except ValueError as error:
                raise _damaged(path, number) from error
            if not isinstance(line, dict) or not {"sequence", "virtual", "change", "facts"} <= line.keys():
                raise _damaged(path, number)
            yield line


def _damaged(path: Path, number: int) -> DataError:
    return DataError("log-damaged", f"Line {number} of {path} is no line of a journal.", "Name a simulator's journal.")
