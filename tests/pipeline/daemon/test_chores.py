"""Work between the windows: what is told of data versions, and how often."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from daemon_desk import desk, ridge, toml


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
