"""The daemon's log: every event as a line, never more than was allowed on the disk, never a secret."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from eraforge.core.secret import Secret, guard
from eraforge.pipeline.daemon.service.journal import open_journal
from eraforge.store.ledger import Ledger

NOW = datetime(2026, 3, 2, 13, tzinfo=UTC)


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_events_are_followed_from_the_start_each_once(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    with Ledger.open(tmp_path / "ledger.sqlite") as ledger:
        ledger.record("before", "s", {}, NOW)
        with open_journal(path, 1, 2, ledger) as journal:
            ledger.record("notice", "turn-failed/x", {"code": "turn-failed"}, NOW)
            journal.follow()
            journal.follow()
            journal.say("stopped")
            ledger.record("ping", "s", {"é": 1}, NOW)
            journal.follow()
    told = lines(path)
    assert [one["kind"] for one in told] == ["notice", "said", "ping"]
    assert told[0]["facts"]["code"] == "turn-failed" and told[0]["sequence"] == 2
    assert told[0]["at"] == "2026-03-02T13:00:00.000000Z" and told[2]["facts"] == {"é": 1}
    assert path.stat().st_mode & 0o007 == 0


def test_it_rotates_by_size_keeps_so_many_and_loses_no_line(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    with Ledger.open(tmp_path / "ledger.sqlite") as ledger, open_journal(path, 0.001, 3, ledger) as journal:
        for number in range(60):
            journal.say(f"line {number:04d}")
    files = sorted(tmp_path.glob("run.jsonl*"))
    assert [file.name for file in files] == ["run.jsonl", "run.jsonl.1", "run.jsonl.2", "run.jsonl.3"]
    assert all(file.stat().st_size <= 1000 for file in files)
    kept = [one["sentence"] for file in reversed(files) for one in lines(file)]
    assert kept == [f"line {number:04d}" for number in range(60 - len(kept), 60)]


def test_neither_a_line_nor_a_library_shows_a_secret(tmp_path: Path) -> None:
    guard(Secret("JOURNAL/CANARY"))
    path = tmp_path / "run.jsonl"
    with Ledger.open(tmp_path / "ledger.sqlite") as ledger, open_journal(path, 1, 1, ledger) as journal:
        journal.say("key JOURNAL/CANARY")
        try:
            raise ValueError("in JOURNAL/CANARY")
        except ValueError:
            logging.getLogger("some.library").exception("asked for JOURNAL%%2FCANARY by %s", "JOURNAL/CANARY")
    assert "CANARY" not in path.read_text()
    assert [one["kind"] for one in lines(path)] == ["said", "library"]
    assert lines(path)[1]["error"].startswith("ValueError")
