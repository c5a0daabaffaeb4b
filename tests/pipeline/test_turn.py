"""A turn from download to confirmed submission, in a local tournament; what was done once is not done again."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import polars as pl
import pytest

from eraforge.core.calendar import open_day, score_day, window
from eraforge.core.digest import digest_bytes
from eraforge.core.panel import Panel
from eraforge.interfaces.cli.views.play import leak_line
from eraforge.models.linear import FittedRidge


def outcomes(facts: dict[str, Any]) -> dict[str, Any]:
    return {row["entry"]: row.get("outcome", row.get("error")) for row in facts["entries"]}


def test_three_entries_play_a_round_and_the_server_holds_what_was_decided(
    workspace: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The official client, unmodified, downloads exactly the bytes that were decided."""
    numerapi = pytest.importorskip("numerapi")
    facts = workspace.perform("submit")
    assert facts["exit_code"] == 0
    played = outcomes(facts)
    monkeypatch.setattr(numerapi.base_api, "API_TOURNAMENT_URL", workspace.tournament.url)
    client = numerapi.NumerAPI(workspace.tournament.public_id, workspace.tournament.secret_key, verbosity="error")
    for outcome in played.values():
        path = tmp_path / outcome["receipt"]["filename"]
        client.download_submission(outcome["receipt"]["submission_id"], dest_path=str(path))
        assert digest_bytes(path.read_bytes()) == outcome["receipt"]["digest"]
    assert len({outcome["predictions"]["digest"] for outcome in played.values()}) == 3


def test_the_second_run_computes_and_sends_nothing(workspace: Any) -> None:
    first = outcomes(workspace.perform("submit"))
    workspace.seen.clear()
    assert outcomes(workspace.perform("submit")) == first
    assert not [what for what in workspace.seen if "trees" in what or "download" in what or "folds" in what]


def test_the_next_round_trains_nothing_and_an_ensemble_shares_its_members(workspace: Any) -> None:
    workspace.perform("train", entry="linear")
    workspace.perform("train", entry="boosted")
    workspace.seen.clear()
    facts = workspace.perform("train", entry="blend")
    assert facts["exit_code"] == 0
    assert not [what for what in workspace.seen if "trees" in what]
    workspace.move_to_round(1346)
    workspace.seen.clear()
    assert workspace.perform("train")["entries"][0]["trained_now"] is False
    assert not [what for what in workspace.seen if "trees" in what]


def test_the_check_says_what_reading_needs(workspace: Any) -> None:
    row = workspace.perform("data check", entry="linear")["entries"][0]
    assert (
        row["memory"].startswith("6000 rows of 43 columns need")
        and "read whole. Training" in row["memory"]
        and row["memory"].endswith("it fits.")
    )
    assert {report["passed"] for report in row["reports"].values()} == {True}


def test_a_changed_entry_is_told_that_its_slot_is_taken(workspace: Any) -> None:
    assert workspace.perform("submit", entry="linear")["exit_code"] == 0
    flags = {"entries.linear.settings.penalty": 5.0}
    row = workspace.perform("submit", flags, entry="linear")["entries"][0]
    assert row["error"]["code"] == "already-submitted" and "--replace" in row["error"]["next_step"]


def test_figures_say_their_sample_and_folds_are_purged_by_the_horizon(workspace: Any) -> None:
    report = workspace.perform("evaluate", entry="linear")["entries"][0]["report"]
    assert {figure["sample"] for figure in report["figures"]} == {"validation"}
    for fold in report["folds"]:
        assert fold["train_corr"]["sample"] == "train"
        assert int(fold["predict"]["eras"][0]) - int(fold["train"]["eras"][1]) > 16
    assert report["synthetic"].startswith("eraforge simulator")


def test_scores_and_the_settled_payout_arrive(workspace: Any) -> None:
    from eraforge.arenas.classic import CLASSIC

    workspace.perform("submit", entry="linear")
    workspace.move_to_round(1346)
    day = score_day(CLASSIC.calendar, open_day(CLASSIC.calendar, 1345), 60)
    workspace.advance_to(window(CLASSIC.calendar, open_day(CLASSIC.calendar, 1346))[0] + timedelta(days=20))
    early = workspace.perform("scores", entry="linear")["entries"][0]["rounds"][0]
    assert early["round"] == 1345 and not early["resolved"] and early["scores"]["corr60"]["value"] is not None
    workspace.advance_to(window(CLASSIC.calendar, day)[0] + timedelta(hours=11))
    late = workspace.perform("scores", entry="linear")["entries"][0]["rounds"][0]
    assert late["resolved"] and late["day"] == 60 and late["payout_settled"]
    weighted = 3 * late["scores"]["corr60"]["value"] + 15 * late["scores"]["mmc60"]["value"]
    stake = float(late["payout"]) / max(-1.0, min(1.0, weighted))
    assert stake > 0
    assert json.dumps(late)


def test_predictions_cover_the_live_universe_in_the_unit_interval(workspace: Any, tmp_path: Any) -> None:
    output = tmp_path / "answer.csv"
    facts = workspace.perform("predict", entry="linear", output=str(output))
    frame = pl.read_csv(output)
    assert frame.height == facts["entries"][0]["rows"] > 100
    assert frame["prediction"].is_between(0, 1).all() and frame["id"].is_unique().all()


@pytest.mark.parametrize("verb", ["status", "round"])
def test_looking_changes_nothing(workspace: Any, verb: str) -> None:
    def state() -> list[dict[str, Any]]:
        return [{**row, "seconds": 0} for row in workspace.perform("status")["entries"]]

    before = state()
    workspace.perform(verb)
    assert state() == before
    assert [row["submission"] for row in before] == ["none"] * 3


def test_what_the_leak_probes_saw_stands_in_the_report(workspace: Any) -> None:
    told = workspace.perform("evaluate", entry="linear")["entries"][0]["report"]["leaks"]
    assert told["passed"] and told["depth"] == "quick"
    assert [probe["probe"] for probe in told["probes"]] == [
        "fold audit",
        "canary columns",
        "repetition",
        "future scramble",
    ]
    assert all(probe["looked"] for probe in told["probes"])


def test_leak_probes_are_not_silenced_without_a_trace(workspace: Any) -> None:
    facts = workspace.perform("evaluate", {"entries.linear.leaks": "off"}, entry="linear")
    told = facts["entries"][0]["report"]["leaks"]
    assert told["depth"] == "off" and "No probe was run" in told["sentence"]
    assert "probes were off" in leak_line(told)


def test_a_model_that_looks_ahead_stops_its_entry_and_no_other(workspace: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Planted in ridge: predictions are ranked over all eras that are predicted together."""
    honest = FittedRidge.predict

    def over_all_eras(self: FittedRidge, panel: Panel) -> pl.DataFrame:
        return honest(self, panel).with_columns(pl.col("prediction").rank() / pl.len())

    monkeypatch.setattr(FittedRidge, "predict", over_all_eras)
    rows = {row["entry"]: row for row in workspace.perform("evaluate")["entries"]}
    assert rows["linear"]["error"]["code"] == "leak-found"
    assert rows["linear"]["error"]["kind"] == "DataError"
    assert "report" in rows["boosted"]
