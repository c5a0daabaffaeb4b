"""Replay where a turn asks more than its files: prices as they were known, last answers, the round's own rule."""

from __future__ import annotations

from typing import Any

import pytest

TOML = """
[server]
url = "{url}"

[submit]
settle_seconds = 0.0

[prices.shares]
source = "feed"
url = "/prices/signals/daily.parquet"
repairs = ["adjust"]

[entries.shares]
arena = "signals"
model = "{signals}"
learner = "ridge"
prices = "shares"
price_features = ["return_20", "rsi_14"]
folds = 0
damp = true

[entries.tokens]
arena = "crypto"
model = "{crypto}"
learner = "lightgbm"
settings = {{ n_estimators = 10 }}
folds = 2
"""


@pytest.fixture
def others(workspace: Any, tournament: Any) -> Any:
    signals, crypto = (sorted(tournament.models_of(number))[0] for number in (11, 12))
    (workspace.folder / "eraforge.toml").write_text(TOML.format(url=tournament.url, signals=signals, crypto=crypto))
    return workspace


def test_rounds_of_the_other_tournaments_come_out_again(others: Any) -> None:
    damped = 0
    for number in (1366, 1367):
        others.move_to_round(number)
        played = others.perform("submit")
        assert played["exit_code"] == 0, played
        damped += sum("preflight" in row["outcome"]["predictions"] for row in played["entries"])
    assert damped == 2
    others.environment.clear()
    facts = others.perform("replay", {"server.url": "http://127.0.0.1:9"}, last=2)
    assert [(row["entry"], row["round"], row["first_difference"]) for row in facts["entries"]] == [
        ("shares", 1367, None),
        ("shares", 1366, None),
        ("tokens", 1367, None),
        ("tokens", 1366, None),
    ]
    assert facts["unequal"] == 0 and all(row["answer_equal"] for row in facts["entries"])
