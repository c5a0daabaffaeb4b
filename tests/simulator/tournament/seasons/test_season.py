"""Season scores are stake-weighted means over all rounds of the year; titles need twenty qualified rounds."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from eraforge.core.clock import SystemClock
from eraforge.simulator.tournament.engine import Tournament
from eraforge.simulator.tournament.seasons.season import season_table


@pytest.fixture
def engine(tmp_path: Path, three_worlds: dict) -> Iterator[Tournament]:
    made = Tournament({12: three_worlds[12]}, 7, tmp_path, SystemClock())
    made.advance(made.now() + timedelta(days=75))
    yield made
    made.close()


def test_the_field_is_ranked_by_its_mean_final_scores(engine: Tournament) -> None:
    contest = engine.contest(12)
    owners = {one.id: one.username for one in engine.records.models.values()}
    rows = season_table(contest, owners, 2026)
    numbers, finals = contest.standings.weighted_finals()
    assert len(numbers) > 20
    best = rows[0]
    place = contest.standings.models().index(next(one for one, owner in owners.items() if owner == best.username))
    assert best.score == pytest.approx(np.mean(finals[:, place]), abs=1e-15)
    assert (best.rank, best.title, best.rounds) == (1, "Grandmaster", len(numbers))
    assert [row.score for row in rows[:3]] == sorted((row.score for row in rows[:3]), reverse=True)
    mine = next(row for row in rows if row.username == "practice")
    assert (mine.rank, mine.title, mine.score) == (None, "Novice", 0.0)
    assert season_table(contest, owners, 2025)[0].rounds == 0
