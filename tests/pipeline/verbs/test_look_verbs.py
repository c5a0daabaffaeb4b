"""Looking: when the next round opens, what a round pays, what an entry has done."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from eraforge.arenas.classic import CLASSIC
from eraforge.core.calendar import is_open_day, open_day, window
from eraforge.core.words import Round
from eraforge.pipeline.verbs.look import next_opening, round_facts

TUESDAY = datetime(2026, 9, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "opens"),
    [
        (TUESDAY - timedelta(minutes=30), TUESDAY),
        (TUESDAY, TUESDAY + timedelta(days=1)),
        (TUESDAY + timedelta(hours=3), TUESDAY + timedelta(days=1)),
        (datetime(2026, 9, 6, 15, tzinfo=UTC), datetime(2026, 9, 8, 12, tzinfo=UTC)),  # Sunday: none on Monday
    ],
)
def test_the_next_opening_is_the_calendars(now: datetime, opens: datetime) -> None:
    assert next_opening(CLASSIC.calendar, now) == opens
    assert is_open_day(CLASSIC.calendar, opens.date())


@pytest.mark.parametrize(
    ("minutes", "state", "seconds"),
    [(-30, "upcoming", 1800), (0, "open", 3600), (59, "open", 60), (61, "closed", None)],
)
def test_a_round_says_what_it_waits_for(minutes: int, state: str, seconds: int | None) -> None:
    number = 1345
    opens, closes = window(CLASSIC.calendar, open_day(CLASSIC.calendar, number))
    facts = round_facts(Round("classic", number, opens, closes), opens + timedelta(minutes=minutes))
    assert (facts["state"], facts["seconds"]) == (state, seconds)


def test_between_rounds_the_next_opening_is_told(workspace: Any) -> None:
    workspace.advance_to(TUESDAY + timedelta(hours=3))
    (row,) = workspace.perform("round")["rounds"]
    assert row["state"] == "closed" and row["next_opens"] == "2026-09-02T12:00:00+00:00"


def test_status_says_what_to_do_next(workspace: Any) -> None:
    assert {row["next"] for row in workspace.perform("status")["entries"]} == {"eraforge submit"}
    workspace.perform("submit", entry="linear")
    told = {row["entry"]: row for row in workspace.perform("status")["entries"]}
    assert told["linear"]["submission"] == "confirmed" and told["linear"]["next"] == "nothing"
    assert told["boosted"]["submission"] == "none"
    workspace.advance_to(TUESDAY + timedelta(hours=3))
    told = {row["entry"]: row for row in workspace.perform("status")["entries"]}
    assert told["boosted"]["next"] == "wait for the next round" and told["linear"]["next"] == "nothing"
