"""`compare` and the means of `scores`: the verbs say what the statistics say, on the samples they name."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from eraforge.arenas.classic import CLASSIC
from eraforge.core.calendar import open_day, window
from eraforge.core.errors import DataError, UserError
from eraforge.core.panel import Sample
from eraforge.core.ports import ScoreRow
from eraforge.evaluation.comparison import compare
from eraforge.evaluation.uncertainty import DAILY_60, WEEKLY_60, mean_interval
from eraforge.store.ledger import Ledger

ROUNDS = range(1300, 1340)


def plant(workspace: Any, values: dict[int, np.ndarray]) -> None:
    """Final live scores of the entries at these places, in rounds before the local tournament's first."""
    names = sorted(workspace.tournament.models)
    rows = [
        ScoreRow(workspace.tournament.models[names[place]], number, name, 60, float(value), 0.5, True)
        for place, series in values.items()
        for number, value in zip(ROUNDS, series, strict=False)
        for name in ("corr60", "mmc60")
    ]
    folder = workspace.folder / ".eraforge"
    folder.mkdir(exist_ok=True)
    with Ledger.open(f"sqlite:///{folder / 'ledger.sqlite'}") as ledger:
        ledger.remember_scores(rows, datetime(2026, 9, 1, tzinfo=UTC))


def play_one(workspace: Any, *entries: str) -> None:
    """Submit in round 1345 and let some score days pass, so that a round of today says what pays."""
    for entry in entries:
        assert workspace.perform("submit", entry=entry)["exit_code"] == 0
    later = window(CLASSIC.calendar, open_day(CLASSIC.calendar, 1345))[0] + timedelta(days=42)
    workspace.advance_to(later)


def test_the_sentences_are_those_of_the_comparison_itself(workspace: Any) -> None:
    generator = np.random.default_rng(5)
    shared = generator.normal(0.01, 0.02, len(ROUNDS))
    live = {0: shared + 0.004, 1: shared + generator.normal(0, 0.001, len(ROUNDS))}
    plant(workspace, live)
    play_one(workspace, "linear", "boosted")
    facts = workspace.perform("compare", first="linear", second="boosted")
    told = {(row["sample"], row["score"]): row for row in facts["comparisons"]}
    assert set(told) == {("validation", "CORR"), ("validation", "MMC"), ("live", "corr60"), ("live", "mmc60")}

    reports = [workspace.perform("evaluate", entry=name)["entries"][0]["report"] for name in ("linear", "boosted")]
    for name in ("CORR", "MMC"):
        eras = [next(row["eras"] for row in report["scores"] if row["score"] == name) for report in reports]
        first, second = ({era: value for era, value in each.items() if value is not None} for each in eras)
        expected = compare(first, second, WEEKLY_60, Sample.VALIDATION, score=name)
        row = told["validation", name]
        assert row["sentence"] == expected.sentence and row["more"] == expected.more
        assert row["difference"]["low"] == expected.difference.low and row["count"] == len(row["differences"]) > 20
        assert row["overlap"] == {"horizon": 60, "spacing": 5.0}

    keyed = [
        {f"{number:06d}": float(value) for number, value in zip(ROUNDS, live[place], strict=True)} for place in live
    ]
    expected = compare(keyed[0], keyed[1], DAILY_60, Sample.LIVE, score="corr60", unit="rounds")
    assert told["live", "corr60"]["sentence"] == expected.sentence and "live sample" in expected.sentence
    assert expected.distinguishable and told["live", "corr60"]["distinguishable"]
    assert next(iter(told["live", "corr60"]["differences"])) == "1300"  # unresolved 1345 is not among them
    assert len(told["live", "corr60"]["differences"]) == len(ROUNDS)
    check_means(workspace, live[0])


def check_means(workspace: Any, values: np.ndarray) -> None:
    """`scores` gives the same mean and interval as the function, over resolved rounds only."""
    table = workspace.perform("scores", entry="linear")["entries"][0]
    expected = mean_interval(values, DAILY_60, Sample.LIVE, 0.9)
    (corr, mmc) = table["means"]
    assert (corr["score"], mmc["score"], corr["sample"], corr["rounds"]) == ("corr60", "mmc60", "live", len(ROUNDS))
    assert (corr["mean"], corr["low"], corr["high"]) == (expected.mean, expected.low, expected.high)
    assert f"{len(ROUNDS)} resolved rounds of the live sample" in corr["sentence"]
    newest = table["rounds"][-1]
    # 20-day scores are final by now; the round itself is not.
    assert newest["round"] == 1345 and 20 < newest["day"] < 60 and newest["resolved"] is False


def test_with_few_rounds_nothing_is_invented(workspace: Any) -> None:
    plant(workspace, {0: np.full(3, 0.01), 1: np.full(3, 0.02)})
    play_one(workspace, "linear")
    (corr, _) = workspace.perform("scores", entry="linear")["entries"][0]["means"]
    assert corr["mean"] is None and "low" not in corr
    assert corr["sentence"] == "3 live rounds have resolved; a mean with an interval needs 8"
    file = workspace.folder / "eraforge.toml"
    file.write_text(file.read_text().replace("folds = 2", "folds = 0"))
    with pytest.raises(DataError) as refusal:
        workspace.perform("compare", first="linear", second="boosted")
    assert refusal.value.code == "nothing-to-compare"
    assert "3 rounds are scored for both, and it takes 8" in refusal.value.sentence


@pytest.mark.parametrize(
    ("first", "second", "code"),
    [
        ("linear", "nobody", "unknown-entry"),
        ("nobody", "linear", "unknown-entry"),
        ("linear", "linear", "compare-needs-two"),
        ("linear", "", "compare-needs-two"),
    ],
)
def test_two_known_entries_are_needed(workspace: Any, first: str, second: str, code: str) -> None:
    with pytest.raises(UserError) as refusal:
        workspace.perform("compare", first=first, second=second)
    assert refusal.value.code == code and "linear" in refusal.value.next_step


def test_entries_of_two_targets_are_compared_live_only(workspace: Any) -> None:
    plant(workspace, {0: np.linspace(0, 0.02, 12), 1: np.linspace(0.01, 0.02, 12)})
    play_one(workspace, "linear", "boosted")
    file = workspace.folder / "eraforge.toml"
    file.write_text(
        file.read_text().replace('learner = "ridge"\nfolds', 'learner = "ridge"\ntarget = "target_ender_20"\nfolds')
    )
    rows = workspace.perform("compare", first="linear", second="boosted")["comparisons"]
    assert [(row["sample"], row["count"], bool(row["difference"])) for row in rows] == [
        ("validation", 0, False),
        ("live", 12, True),
        ("live", 12, True),
    ]
    assert "linear learns classic's target_ender_20" in rows[0]["sentence"]
