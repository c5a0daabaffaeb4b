"""A past round is played again from what is stored: the same bytes, nothing sent, and a planted change is found."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from eraforge.core.errors import Broken, UserError
from eraforge.core.panel import Panel
from eraforge.models.linear import FittedRidge, Ridge
from eraforge.pipeline.played import record
from eraforge.pipeline.replay.ports import LedgerThen
from eraforge.pipeline.steps.ahead import fallback
from eraforge.pipeline.verb import Visit
from eraforge.pipeline.workspace import open_workspace

STAGES = ["fetch", "check", "feature", "fit", "evaluate", "predict", "preflight", "submit"]
CLOSED = {"server.url": "http://127.0.0.1:9"}


def rows_of(facts: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {row["entry"]: row for row in facts["entries"]}


def only(facts: dict[str, Any]) -> dict[str, Any]:
    (row,) = facts["entries"]
    return dict(row)


def test_every_stage_of_a_round_gives_the_same_bytes_again(workspace: Any) -> None:
    played = {row["entry"]: row["outcome"] for row in workspace.perform("submit")["entries"]}
    facts = workspace.perform("replay")
    assert (facts["exit_code"], facts["replayed"], facts["unequal"]) == (0, 3, 0)
    for name, row in rows_of(facts).items():
        assert [stage["stage"] for stage in row["stages"]] == STAGES
        assert row["equal"] and row["answer_equal"] and row["first_difference"] is None and row["changed"] == {}
        assert row["answer"]["replayed"] == row["answer"]["submitted"] == played[name]["receipt"]["digest"]
        assert row["answer"]["largest_gap"] == 0.0


def test_it_really_trains_again_unless_told_to_trust_the_model(workspace: Any) -> None:
    workspace.perform("submit", entry="boosted")
    workspace.seen.clear()
    assert workspace.perform("replay", entry="boosted")["exit_code"] == 0
    assert any("trees" in what for what in workspace.seen)
    workspace.seen.clear()
    assert workspace.perform("replay", entry="boosted", stored_model=True)["exit_code"] == 0
    assert not any("trees" in what for what in workspace.seen)


def test_nothing_is_sent_asked_or_written_and_neither_keys_nor_tournament_are_needed(workspace: Any) -> None:
    def state() -> dict[str, Any]:
        folder = workspace.folder / ".eraforge"
        files = {str(path.relative_to(folder)): path for path in folder.rglob("*") if path.is_file()}
        with open_workspace(Visit(workspace.folder, {})) as tools:
            head, events = tools.ledger.head(), tools.ledger.verify_chain()
            tables = (tools.ledger.stage_outputs("fit"), tools.ledger.turns(), tools.ledger.submissions())
        kept = {name: path.stat().st_mtime_ns for name, path in files.items() if name.startswith(("objects", "down"))}
        return {"head": head, "events": events, "tables": tables, "objects": kept, "files": sorted(files)}

    workspace.perform("submit", entry="linear")
    before, asked = state(), len(workspace.tournament.requests())
    workspace.environment.clear()
    assert workspace.perform("replay", CLOSED, entry="linear")["exit_code"] == 0
    assert state() == before
    assert len(workspace.tournament.requests()) == asked


def test_rounds_are_replayed_as_of_their_own_day(workspace: Any) -> None:
    """Later data, later labels and a changed configuration do not count; the training lies a round back."""
    flags = {"entries.linear.train_on": "known", "entries.linear.retrain": 2, "entries.linear.folds": 0}
    for number in (1345, 1346, 1347):
        workspace.move_to_round(number)
        assert workspace.perform("submit", flags, entry="linear")["exit_code"] == 0
    facts = workspace.perform("replay", {"entries.linear.settings.penalty": 5.0}, entry="linear", last=5)
    assert [row["round"] for row in facts["entries"]] == [1347, 1346, 1345]
    assert (facts["exit_code"], facts["unequal"]) == (0, 0)
    assert all(row["equal"] for row in facts["entries"])
    assert only(workspace.perform("replay", entry="linear", round=1346))["round"] == 1346


@pytest.mark.parametrize("broken", ["live", "fitted"])
def test_a_changed_object_is_found(workspace: Any, broken: str) -> None:
    """Planted: one flipped bit in the live data, or in the stored model."""
    workspace.perform("submit", entry="linear")
    with open_workspace(Visit(workspace.folder, {})) as tools:
        (attempt,) = record.attempts(tools.ledger)
        files, fitted = attempt.stages["fetch"].output, attempt.stages["fit"].output
        path = tools.objects.path(files["live"] if broken == "live" else fitted)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.chmod(0o644)
    path.write_bytes(bytes(data))
    facts = workspace.perform("replay", entry="linear", stored_model=True)
    row = only(facts)
    assert (facts["exit_code"], facts["unequal"], row["answer_equal"]) == (3, 1, None)
    assert row["first_difference"] == ("fetch" if broken == "live" else "fit")
    assert row["stages"][-1]["error"]["code"] == "rotten-object"


def test_a_library_that_trains_otherwise_is_found_at_the_training(
    workspace: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace.perform("submit", entry="linear")
    honest, versions = Ridge.fit, dict(record.made_with())

    def otherwise(self: Ridge, panel: Panel) -> FittedRidge:
        return honest(Ridge(penalty=50.0), panel)

    monkeypatch.setattr(Ridge, "fit", otherwise)
    monkeypatch.setattr(record, "made_with", lambda: {**versions, "numpy": "99.1"})
    facts = workspace.perform("replay", entry="linear")
    row = only(facts)
    assert (facts["exit_code"], facts["unequal"]) == (3, 1)
    assert row["first_difference"] == "fit" and row["answer_equal"] is False and 0 < row["answer"]["largest_gap"] < 1
    assert row["changed"] == {"numpy": [versions["numpy"], "99.1"]}
    assert only(workspace.perform("replay", entry="linear", stored_model=True))["answer_equal"]


def test_a_prediction_that_comes_out_otherwise_is_found(workspace: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace.perform("submit", {"entries.linear.folds": 0}, entry="linear")
    honest = FittedRidge.predict

    def backwards(self: FittedRidge, panel: Panel) -> pl.DataFrame:
        return honest(self, panel).with_columns(-pl.col("prediction"))

    monkeypatch.setattr(FittedRidge, "predict", backwards)
    row = only(workspace.perform("replay", entry="linear"))
    assert row["first_difference"] == "predict" and row["answer_equal"] is False


def test_the_answer_of_a_fallback_is_replayed_as_one(workspace: Any) -> None:
    workspace.perform("submit", entry="linear")
    workspace.move_to_round(1346)
    with open_workspace(Visit(workspace.folder, workspace.environment)) as tools:
        entry = tools.configuration.entry("linear")
        fallback.remember(tools, entry, 1346, fallback.prepare(tools, entry, 1346))
        made = fallback.ready(tools, entry, 1346)
        assert made is not None
        receipt = fallback.submit(tools, entry, 1346, made)
    facts = workspace.perform("replay", CLOSED, entry="linear", last=2)
    assert [(row["round"], row["answered_by"]) for row in facts["entries"]] == [(1346, "fallback"), (1345, "entry")]
    assert facts["unequal"] == 0 and facts["entries"][0]["answer"]["replayed"] == receipt["digest"]


def test_an_answer_replaced_by_hand_is_replayed_and_one_from_a_file_is_not(workspace: Any, tmp_path: Any) -> None:
    workspace.perform("submit", entry="linear")
    other = {"entries.linear.settings.penalty": 500.0}
    replaced = only(workspace.perform("submit", other, entry="linear", replace=True))["outcome"]["receipt"]
    row = only(workspace.perform("replay", entry="linear"))
    assert row["answer_equal"] and row["answer"]["submitted"] == replaced["digest"]
    answer = tmp_path / "answer.csv"
    workspace.perform("predict", entry="boosted", output=str(answer))
    assert workspace.perform("submit", entry="boosted", file=str(answer))["exit_code"] == 0
    with pytest.raises(UserError) as caught:
        workspace.perform("replay", entry="boosted")
    assert caught.value.code == "nothing-to-replay"


def test_a_replayed_ledger_takes_no_change(workspace: Any) -> None:
    workspace.perform("submit", {"entries.linear.folds": 0}, entry="linear")
    with open_workspace(Visit(workspace.folder, {})) as tools:
        then = LedgerThen(tools.ledger, 3)
        assert [event.sequence for event in then.events()] == [1, 2, 3]
        then.record("note", "linear", {}, tools.ledger.turns()[0].at)
        assert [event.sequence for event in then.events()] == [1, 2, 3, 4]
        with pytest.raises(Broken) as caught:
            then.release_lease("any", "one")
        assert caught.value.code == "replay-that-writes"
