"""`submit --late` and `submit --queue`: outside the window on purpose, never by accident."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from eraforge.arenas.classic import CLASSIC
from eraforge.core.calendar import open_day, window
from eraforge.core.errors import UserError

CLOSES = window(CLASSIC.calendar, open_day(CLASSIC.calendar, 1345))[1]


def held(workspace: Any) -> list[tuple[int, str]]:
    tournament = workspace.tournament.tournament
    model = workspace.tournament.models[sorted(workspace.tournament.models)[0]]
    return [(one.submission.round, one.status) for one in tournament.submissions.of_model(model)]


def test_after_the_window_nothing_is_sent_unless_asked(workspace: Any) -> None:
    workspace.advance_to(CLOSES + timedelta(minutes=10))
    row = workspace.perform("submit", entry="linear")["entries"][0]
    assert row["error"]["code"] == "round-not-open" and held(workspace) == []
    workspace.perform("submit", entry="linear", late=True)
    assert (1345, "late") in held(workspace)


def test_a_queued_answer_is_on_time_in_the_round_that_opens_next(workspace: Any) -> None:
    workspace.advance_to(CLOSES + timedelta(minutes=10))
    facts = workspace.perform("submit", entry="linear", queue=True)
    assert facts["exit_code"] == 0, facts
    workspace.move_to_round(1346)
    assert (1346, "on-time") in held(workspace)
    row = workspace.perform("status")["entries"][0]
    assert row["round"] == 1346 and row["submission"] == "confirmed"


@pytest.mark.parametrize("option", ["late", "queue"])
def test_inside_the_window_there_is_no_late(workspace: Any, option: str) -> None:
    row = workspace.perform("submit", entry="linear", **{option: True})["entries"][0]
    assert row["error"]["code"] == "round-still-open" and held(workspace) == []


def test_an_answer_is_not_both(workspace: Any) -> None:
    with pytest.raises(UserError) as caught:
        workspace.perform("submit", late=True, queue=True)
    assert caught.value.code == "late-or-queued"
