"""A local tournament and a workspace that plays in it, for the tests that play."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from eraforge.pipeline.desk import perform
from eraforge.pipeline.verb import Facts, Visit
from eraforge.simulator.server.inprocess import LocalTournament, local_tournament

settings.register_profile("untimed", deadline=None)  # how fast the machine is at a moment fails no test
settings.load_profile("untimed")

TOML = """
[server]
url = "{url}"

[submit]
settle_seconds = 0.0

[entries.linear]
model = "{models[0]}"
learner = "ridge"
folds = {folds}

[entries.boosted]
model = "{models[1]}"
learner = "lightgbm"
settings = {{ n_estimators = 20, learning_rate = 0.1 }}
folds = {folds}

[entries.blend]
model = "{models[2]}"
learner = "average"
folds = {folds}
settings.members.linear = {{ learner = "ridge" }}
settings.members.boosted = {{ learner = "lightgbm", settings = {{ n_estimators = 20, learning_rate = 0.1 }} }}
"""


@dataclass
class Workspace:
    """A folder with an eraforge.toml, and the variables that hold its keys."""

    folder: Path
    environment: dict[str, str]
    tournament: LocalTournament
    seen: list[str] = field(default_factory=list)

    def perform(self, verb: str, flags: dict[str, Any] | None = None, **options: Any) -> Facts:
        """Do a verb of the desk in this workspace with its default options, but for those given."""
        from eraforge.pipeline.desk import find_verb

        defaults = {option.name: option.default for option in find_verb(verb).options}
        visit = Visit(self.folder, self.environment, flags or {}, lambda what, *_: self.seen.append(what))
        return perform(verb, visit, {**defaults, **options})

    def move_to_round(self, number: int) -> None:
        """Let the clock stand one minute after that round opened."""
        from eraforge.arenas.classic import CLASSIC
        from eraforge.core.calendar import open_day, window

        self.advance_to(window(CLASSIC.calendar, open_day(CLASSIC.calendar, number))[0] + timedelta(minutes=1))

    def advance_to(self, moment: datetime) -> None:
        """Move the tournament's clock, and wait until this process may ask for the time again."""
        import httpx

        httpx.post(f"{self.tournament.url}/control/advance", json={"to": moment.isoformat()}).raise_for_status()


@pytest.fixture
def tournament(tmp_path: Path) -> Iterator[LocalTournament]:
    """A fresh local tournament at tiny scale, its clock standing half an hour before round 1345."""
    with local_tournament(tmp_path / "tournament") as running:
        yield running


@pytest.fixture
def workspace(tmp_path: Path, tournament: LocalTournament) -> Workspace:
    """A workspace with three entries, in the open window of round 1345."""
    folder = tmp_path / "workspace"
    folder.mkdir()
    models = sorted(tournament.models)
    (folder / "eraforge.toml").write_text(TOML.format(url=tournament.url, models=models, folds=2))
    keys = {"NUMERAI_PUBLIC_ID": tournament.public_id, "NUMERAI_SECRET_KEY": tournament.secret_key}
    made = Workspace(folder, keys, tournament)
    made.move_to_round(1345)
    return made
