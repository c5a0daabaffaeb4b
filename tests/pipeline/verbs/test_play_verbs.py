"""Playing: what would stop a submission is found first, and what is on its way is followed to its end."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from eraforge.arenas.classic import CLASSIC
from eraforge.arenas.gateway_write import NumeraiWriter
from eraforge.core.calendar import open_day, window
from eraforge.core.errors import Ambiguous, UserError
from eraforge.pipeline.effects.driver import Driver


def only(facts: dict[str, Any]) -> dict[str, Any]:
    (row,) = facts["entries"]
    return row  # type: ignore[no-any-return]


def closing(number: int) -> Any:
    return window(CLASSIC.calendar, open_day(CLASSIC.calendar, number))[1]


@pytest.mark.parametrize(
    ("flags", "code"),
    [
        ({"entries.linear.model": "nobodys"}, "unknown-model"),
        ({"entries.linear.learner": "rigde"}, "unknown-plugin"),
        ({"entries.linear.settings": {"penalty": "much"}}, "wrong-model-settings"),
    ],
)
def test_an_entry_that_cannot_play_downloads_nothing(workspace: Any, flags: dict[str, Any], code: str) -> None:
    facts = workspace.perform("submit", flags, entry="linear")
    assert only(facts)["error"]["code"] == code and facts["exit_code"] == 2
    assert not [what for what in workspace.seen if "download" in what]


def test_rows_stand_in_the_order_of_the_configuration(workspace: Any) -> None:
    facts = workspace.perform("submit", {"entries.boosted.model": "nobodys"})
    assert [row["entry"] for row in facts["entries"]] == ["linear", "boosted", "blend"]
    assert ["error" in row for row in facts["entries"]] == [False, True, False]


def test_a_submission_of_unknown_outcome_is_read_back_even_after_the_window(
    workspace: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer was created, the connection broke, the process was stopped, and then the window closed."""
    real = NumeraiWriter.create

    def unanswered(self: NumeraiWriter, *given: Any) -> str:
        real(self, *given)
        raise Ambiguous("no-answer-in-time", "It may have happened.", "Read back.")

    def stopped(self: Driver, *given: Any) -> Any:
        raise KeyboardInterrupt

    with monkeypatch.context() as fault:
        fault.setattr(NumeraiWriter, "create", unanswered)
        fault.setattr(Driver, "_look", stopped)
        with pytest.raises(KeyboardInterrupt):
            workspace.perform("submit", entry="linear", replace=True)
    assert workspace.perform("status")["entries"][0]["submission"] in ("sent", "unknown")
    workspace.advance_to(closing(1345) + timedelta(minutes=5))
    row = only(workspace.perform("submit", entry="linear", replace=True))
    assert "receipt" in row["outcome"]
    assert workspace.perform("status")["entries"][0]["submission"] == "confirmed"


def test_a_file_or_an_output_is_one_entrys(workspace: Any) -> None:
    for verb, option in (("submit", "file"), ("predict", "output")):
        with pytest.raises(UserError) as caught:
            workspace.perform(verb, **{option: "answer.csv"})
        assert caught.value.code == "name-the-entry" and "linear, boosted, blend" in caught.value.next_step


def test_scores_before_any_are_published_are_no_error(workspace: Any) -> None:
    facts = workspace.perform("scores")
    assert facts["exit_code"] == 0 and all(row["rounds"] == [] for row in facts["entries"])
