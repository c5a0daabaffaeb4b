"""Work between the windows: what is told of data versions, and how often."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from daemon_desk import desk, ridge, toml

from eraforge.core.errors import Transient
from eraforge.pipeline.daemon import chores
from eraforge.store.ledger import Ledger

EVENING = datetime(2026, 9, 1, 15, 0, tzinfo=UTC)


def test_a_newer_data_version_is_told_once_and_the_entry_plays_on(tmp_path: Path, tournament: Any) -> None:
    tournament.disturb({"name": "version-released", "rounds": [1346]})
    with desk(tmp_path / "w", tournament, toml(tournament, ridge(tournament))) as made:
        for number in (1345, 1346):
            _, closes = made.open_round(number)
            made.settle(number)
            for hour in (2, 3):
                made.advance_to(closes + timedelta(hours=hour))
                made.daemon.tick()
            known = [subject for code, subject in made.told() if code == "data-version-offered"]
            assert known == ([] if number == 1345 else ["linear/v5.4"])
        assert made.codes().count("answer-confirmed") == 2
        (sentence,) = [one for one in made.sentences() if "is offered" in one]
        assert "v5.4" in sentence and "v5.3" in sentence


def test_an_evening_asks_for_every_entry_once_and_one_that_fails_keeps_no_other_from_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def follow(entry: Any, run: Any) -> dict[str, Any]:
        asked.append(entry.name)
        if entry.name == "b":
            raise Transient("planted", "The server is away.", "Try again.")
        return {"model_id": entry.name, "rows": 3}

    monkeypatch.setattr(chores, "follow", follow)
    paid = {"round": 7, "settled": "1", "recomputed": "2", "adds_up": False}
    monkeypatch.setattr(chores, "settled_payouts", lambda tools, entry, *given: [paid] if entry.name == "c" else [])
    monkeypatch.setattr(chores.versions, "newer_versions", lambda tools, entry: [])
    told: list[tuple[str, str]] = []
    run = SimpleNamespace(parallel=3, report_weekday=(EVENING.weekday() + 1) % 7)
    office: Any = SimpleNamespace(tell=lambda code, subject, *given: told.append((code, subject)))
    with Ledger.open(f"sqlite:///{tmp_path / 'ledger.sqlite'}") as ledger:
        tools: Any = SimpleNamespace(ledger=ledger, configuration=SimpleNamespace(run=run))
        entries: Any = [SimpleNamespace(name=name) for name in "abcd"]
        nothing: Any = None
        work = chores.Chores(tools, nothing, office, entries)
        for hour in (0, 3, 4):
            work.do([], EVENING - timedelta(hours=4) + timedelta(hours=hour))
        assert sorted(asked) == ["a", "b", "c", "d"]
        assert sorted(one.subject for one in ledger.events(kind=chores.SYNCED)) == ["a", "c", "d"]
    assert told == [("scores-failed", "b/2026-09-01"), ("payout-off", "c/7")]
