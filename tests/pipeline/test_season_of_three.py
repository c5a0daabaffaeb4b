"""Sixty virtual days of Classic, Signals and Crypto: each window filled once, all scored and paid, books balanced."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from eraforge.arenas.classic import CLASSIC
from eraforge.core.calendar import is_open_day, round_number

DAYS = 60
TOML = """
[server]
url = "{url}"

[submit]
settle_seconds = 0.0

[prices.tokens]
source = "feed"
url = "/prices/crypto/daily.parquet"

[entries.steady]
model = "{classic}"
learner = "ridge"
folds = 0
retrain = "version"

[entries.shares]
arena = "signals"
model = "{signals}"
learner = "ridge"
folds = 0
retrain = 20
damp = true

[entries.tokens]
arena = "crypto"
model = "{crypto}"
learner = "ridge"
prices = "tokens"
price_features = ["return_20", "hvol_20"]
folds = 0
retrain = 20
"""


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_sixty_days_of_three_tournaments(workspace: Any, tournament: Any) -> None:
    models = {
        name: sorted(tournament.models_of(number))[0]
        for name, number in (("classic", 8), ("signals", 11), ("crypto", 12))
    }
    (workspace.folder / "eraforge.toml").write_text(TOML.format(url=tournament.url, **models))
    first = tournament.tournament.now().date()
    played = []
    for day in (first + timedelta(days=step) for step in range(DAYS)):
        if is_open_day(CLASSIC.calendar, day):
            number = round_number(CLASSIC.calendar, day)
            workspace.move_to_round(number)
            facts = workspace.perform("submit")
            assert facts["exit_code"] == 0, facts
            played.append(number)
    held = [one for one in tournament.tournament.records.submissions.values() if one.error is None]
    by_slot = {(one.model_id, one.round) for one in held}
    assert len(held) == len(by_slot) == 3 * len(played) and not any(one.late for one in held)
    workspace.advance_to(tournament.tournament.now() + timedelta(days=100))
    scores = {row["entry"]: row["rounds"] for row in workspace.perform("scores", last=100)["entries"]}
    for entry, rounds in scores.items():
        settled = [row for row in rounds if row["resolved"] and row.get("payout_settled")]
        assert {row["round"] for row in settled} >= set(played), entry
    assert tournament.tournament.books().difference == Decimal(0)
