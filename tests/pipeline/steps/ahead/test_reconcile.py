"""Whatever a crash left open is found out at the start: sent and there, sent and lost, never sent, held."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from eraforge.arenas.classic import CLASSIC
from eraforge.arenas.gateway_write import NumeraiWriter
from eraforge.core.calendar import open_day, window
from eraforge.core.errors import Ambiguous
from eraforge.pipeline.effects.driver import Driver
from eraforge.pipeline.steps.ahead.reconcile import reconcile
from eraforge.pipeline.verb import Visit
from eraforge.pipeline.workspace import open_workspace

CLOSES = window(CLASSIC.calendar, open_day(CLASSIC.calendar, 1345))[1]


def rows(workspace: Any) -> list[dict[str, Any]]:
    with open_workspace(Visit(workspace.folder, workspace.environment)) as tools:
        return reconcile(tools)


def leave_open(workspace: Any, monkeypatch: pytest.MonkeyPatch, applied: bool) -> None:
    """The creation is applied, or is lost; and the process stops before it could read back."""
    real = NumeraiWriter.create

    def create(self: NumeraiWriter, *given: Any) -> str:
        if applied:
            real(self, *given)
        raise Ambiguous("no-answer-in-time", "It may have happened.", "Read back.")

    def stopped(self: Driver, *given: Any) -> Any:
        raise KeyboardInterrupt

    with monkeypatch.context() as fault:
        fault.setattr(NumeraiWriter, "create", create)
        fault.setattr(Driver, "_look", stopped)
        with pytest.raises(KeyboardInterrupt):
            workspace.perform("submit", entry="linear")


@pytest.mark.parametrize(("applied", "late", "phase"), [(True, False, "confirmed"), (False, True, "refused")])
def test_what_was_sent_is_found_out(
    workspace: Any, monkeypatch: pytest.MonkeyPatch, applied: bool, late: bool, phase: str
) -> None:
    leave_open(workspace, monkeypatch, applied)
    if late:
        workspace.advance_to(CLOSES + timedelta(minutes=1))
    (row,) = rows(workspace)
    assert (row["kind"], row["phase"], row["waits"]) == ("submit", phase, False)
    assert rows(workspace) == []
    made = [one.round for one in workspace.tournament.tournament.records.submissions.values()]
    assert made == ([1345] if applied else [])


def test_a_server_that_cannot_be_asked_is_waited_for(workspace: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    leave_open(workspace, monkeypatch, applied=True)
    from eraforge.core.errors import Transient

    def silent(self: Any, *given: Any, **named: Any) -> Any:
        raise Transient("planted-silence", "The server does not answer.", "Check the network.")

    with monkeypatch.context() as fault:
        fault.setattr("eraforge.arenas.gateway_read.NumeraiReader.submissions", silent)
        (row,) = rows(workspace)
    assert row["waits"] and row["error"]["code"] == "planted-silence"
    (row,) = rows(workspace)
    assert row["phase"] == "confirmed"
