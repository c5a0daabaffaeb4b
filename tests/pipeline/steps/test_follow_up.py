"""How far back the daily look at the scores reaches."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from eraforge.arenas.classic import CLASSIC
from eraforge.core.calendar import open_day
from eraforge.core.clock import StandingClock
from eraforge.core.ports import ScoreRow
from eraforge.pipeline.steps.follow_up import SPARE_ROUNDS, score
from eraforge.store.ledger import Ledger

TODAY = 1500


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger.open(f"sqlite:///{tmp_path / 'ledger.sqlite'}") as opened:
        yield opened


def asked(ledger: Ledger, last: int | None = None) -> int | None:
    """Of how many rounds the scores are asked for on the day that round 1500 opens."""
    seen: list[int | None] = []

    def scores(_: str, last_rounds: int | None) -> list[ScoreRow]:
        seen.append(last_rounds)
        return []

    at = datetime.combine(open_day(CLASSIC.calendar, TODAY), datetime.min.time(), UTC)
    reader = SimpleNamespace(scores=scores)
    tools: Any = SimpleNamespace(
        model_id=lambda _: "m1",
        arena=lambda _: CLASSIC,
        reader=lambda _: reader,
        ledger=ledger,
        clock=StandingClock(at),
    )
    entry: Any = None
    score(tools, entry, last)
    return seen[0]


def rows(number: int, resolved: bool) -> list[ScoreRow]:
    return [ScoreRow("m1", number, "mmc60", 1, 0.1, None, resolved)]


def test_without_a_history_everything_is_asked_for_and_then_what_may_change(ledger: Ledger) -> None:
    at = datetime(2027, 1, 1, tzinfo=UTC)
    assert asked(ledger) is None and asked(ledger, 7) == 7
    ledger.remember_scores(rows(1490, True), at)
    assert 0 <= (asked(ledger) or 0) - 10 - SPARE_ROUNDS <= 2  # all of it is final
    ledger.remember_scores(rows(1440, False), at)
    assert 0 <= (asked(ledger) or 0) - 60 - SPARE_ROUNDS <= 2
    ledger.remember_scores(rows(1300, False), at)  # one that was forgotten for ever does not count
    assert 0 <= (asked(ledger) or 0) - 60 - SPARE_ROUNDS <= 2


def test_after_a_long_absence_all_of_it_is_asked_for(ledger: Ledger) -> None:
    ledger.remember_scores(rows(1300, False), datetime(2027, 1, 1, tzinfo=UTC))
    assert 0 <= (asked(ledger) or 0) - 200 - SPARE_ROUNDS <= 2
