"""Rounds with faults, outages and restarts on virtual time: every window that could be filled is, each slot once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from daemon_desk import desk, ridge, toml

from eraforge.arenas.gateway_read import NumeraiReader
from eraforge.arenas.gateway_write import NumeraiWriter
from eraforge.core.errors import Ambiguous, Transient

FAULTS = {"none": 0.8, "lost": 0.05, "unanswered": 0.1, "nothing": 0.05}


def plant(monkeypatch: pytest.MonkeyPatch, seed: int) -> list[str]:
    """Lose creations, lose their answers, refuse connections, and leave questions about rounds unanswered."""
    generator = np.random.default_rng(seed)
    planted: list[str] = []
    create, current = NumeraiWriter.create, NumeraiReader.current_round

    def faulty_create(self: NumeraiWriter, *given: Any) -> str:
        fault = str(generator.choice(list(FAULTS), p=list(FAULTS.values())))
        planted.append(fault)
        if fault == "lost":
            raise Ambiguous("planted-loss", "Lost on the way; it may have happened.", "Read back.")
        if fault == "nothing":
            raise Transient("planted-nothing", "No connection; nothing changed.", "Again.")
        made = create(self, *given)
        if fault == "unanswered":
            raise Ambiguous("planted-loss", "The answer was lost; it may have happened.", "Read back.")
        return made

    def faulty_current(self: NumeraiReader, *given: Any) -> Any:
        if generator.uniform() < 0.05:
            raise Transient("planted-silence", "No answer.", "Again.")
        return current(self, *given)

    monkeypatch.setattr(NumeraiWriter, "create", faulty_create)
    monkeypatch.setattr(NumeraiReader, "current_round", faulty_current)
    return planted


def play(folder: Path, tournament: Any, rounds: range, seed: int) -> list[int]:
    """Play the rounds, away for a whole window now and then, with a new process state each few; the rounds watched."""
    generator = np.random.default_rng(seed + 1)
    watched: list[int] = []
    text = toml(tournament, ridge(tournament) + ridge(tournament, 1, "second"))
    numbers = iter(rounds)
    number = next(numbers, None)
    while number is not None:
        with desk(folder, tournament, text) as made:
            for _ in range(3):
                if number is None:
                    break
                if generator.uniform() < 0.8:  # else: away for the whole window
                    made.open_round(number, minutes=float(generator.uniform(0, 40)))
                    for _ in range(200):
                        made.daemon.tick()
                        if made.confirmed(number) == 2:
                            break
                        made.tools.clock.sleep(2.0)
                    made.daemon.tick()
                    watched.append(number)
                number = next(numbers, None)
    return watched


def judge(folder: Path, tournament: Any, rounds: range, watched: list[int]) -> None:
    by_slot: dict[tuple[int, str], int] = {}
    for one in tournament.tournament.records.submissions.values():
        key = (one.round, one.model_id)
        by_slot[key] = by_slot.get(key, 0) + 1
        assert not one.late, "a submission was late"
    assert [slot for slot, count in by_slot.items() if count > 1] == [], "a slot was filled twice"
    assert sorted({number for number, _ in by_slot}) == watched, "a watched window was missed"
    assert len(by_slot) == 2 * len(watched)


def test_a_few_rounds_with_faults(tmp_path: Path, tournament: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    planted = plant(monkeypatch, 11)
    rounds = range(1345, 1348)
    watched = play(tmp_path / "w", tournament, rounds, 11)
    judge(tmp_path / "w", tournament, rounds, watched)
    assert watched and planted


@pytest.mark.slow
@pytest.mark.timeout(1500)
def test_a_season_with_faults(tmp_path: Path, tournament: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    planted = plant(monkeypatch, 5)
    rounds = range(1345, 1405)
    watched = play(tmp_path / "w", tournament, rounds, 5)
    judge(tmp_path / "w", tournament, rounds, watched)
    assert len(set(planted)) == len(FAULTS) and len(watched) > 40
