"""A data version that comes in the middle of a season, as an entry sees it: told, not forced; moved by one line."""

from __future__ import annotations

import json
from dataclasses import replace
from io import StringIO
from typing import Any

import numerapi
import polars as pl
import pytest
from numerapi import base_api
from rich.console import Console

from eraforge.arenas.classic import CLASSIC
from eraforge.arenas.signals import SIGNALS
from eraforge.interfaces.cli.views.play import data_check
from eraforge.pipeline.steps import inputs

RELEASE = {"name": "version-released", "rounds": [1347]}
TOML = """
[server]
url = "{url}"

[submit]
settle_seconds = 0.0

[entries.linear]
model = "{model}"
learner = "ridge"
folds = 0
"""


def configure(workspace: Any, lines: str = "") -> None:
    model = sorted(workspace.tournament.models)[0]
    text = TOML.format(url=workspace.tournament.url, model=model) + lines
    (workspace.folder / "eraforge.toml").write_text(text)


def only(facts: dict[str, Any]) -> dict[str, Any]:
    (row,) = facts["entries"]
    return row  # type: ignore[no-any-return]


def play(workspace: Any, number: int) -> dict[str, Any]:
    """The outcome of a round, or what stopped the entry."""
    workspace.move_to_round(number)
    row = only(workspace.perform("submit"))
    return row.get("outcome") or row["error"]  # type: ignore[no-any-return]


def told(workspace: Any) -> dict[str, dict[str, str]]:
    return {one["code"]: one for one in only(workspace.perform("data check"))["versions"]}


def held(workspace: Any) -> dict[int, int]:
    """How many accepted answers the tournament holds, by round."""
    found: dict[int, int] = {}
    for one in workspace.tournament.tournament.records.submissions.values():
        found[one.round] = found.get(one.round, 0) + (one.error is None)
    return found


def test_an_entry_plays_on_is_told_and_moves_by_one_line(workspace: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The earlier version is listed for two rounds more; then the entry stops, is corrected, and plays that round."""
    known = 'retrain = "version"\ntrain_on = "known"\n'
    configure(workspace, known)
    workspace.tournament.disturb({**RELEASE, "beside": 2})
    first = play(workspace, 1345)
    assert told(workspace) == {}
    assert [play(workspace, number)["fitted"] for number in (1346, 1347, 1348)] == [first["fitted"]] * 3
    found = told(workspace)
    assert list(found) == ["newer-version-offered"]
    assert "3 features more" in found["newer-version-offered"]["sentence"]

    stopped = play(workspace, 1349)
    assert (stopped["code"], stopped["kind"]) == ("dataset-not-offered", "DataError")
    assert "v5.3/" in stopped["sentence"] and "v5.4" not in stopped["sentence"]
    assert 'version = "v5.4"' in stopped["next_step"] and "[entries.linear]" in stopped["next_step"]
    assert held(workspace) == {1345: 1, 1346: 1, 1347: 1, 1348: 1}

    configure(workspace, known + 'version = "v5.4"\n')
    moved = told(workspace)["target-moved"]
    assert "target_jasper_60 in v5.4" in moved["sentence"] and 'target = "target_ender_60"' in moved["next_step"]
    second = play(workspace, 1349)
    assert second["fitted"] != first["fitted"] and play(workspace, 1350)["fitted"] == second["fitted"]
    assert held(workspace) == dict.fromkeys(range(1345, 1351), 1)
    monkeypatch.setattr(base_api, "API_TOURNAMENT_URL", workspace.tournament.url)
    client = numerapi.NumerAPI(workspace.tournament.public_id, workspace.tournament.secret_key, verbosity="error")
    file = client.download_submission(second["receipt"]["submission_id"], dest_path=str(workspace.folder / "held.csv"))
    assert pl.read_csv(file)["id"].to_list() == list(workspace.tournament.tournament.live_ids(1349))
    assert workspace.tournament.judge().clean


@pytest.mark.parametrize(("retrain", "again"), [("5", True), ('"never"', False)])
def test_another_version_is_another_model_unless_it_is_never_to_be(workspace: Any, retrain: str, again: bool) -> None:
    configure(workspace, f"retrain = {retrain}\n")
    workspace.tournament.disturb({**RELEASE, "rounds": [1346]})
    before = play(workspace, 1345)["fitted"]
    configure(workspace, f'retrain = {retrain}\nversion = "v5.4"\n')
    assert (play(workspace, 1346)["fitted"] != before) is again


def test_the_same_target_and_features_give_the_same_model_on_either_version(workspace: Any) -> None:
    """All that a version leaves alone is the same to a learner: predictions too, to the last digit."""
    workspace.tournament.disturb({**RELEASE, "rounds": [1346]})
    workspace.move_to_round(1346)
    files = []
    for lines in ("", 'version = "v5.4"\n'):
        configure(workspace, 'target = "target_ender_60"\n' + lines)
        output = workspace.folder / "answer.csv"
        assert workspace.perform("predict", output=str(output))["exit_code"] == 0
        files.append(output.read_bytes())
    assert files[0] == files[1]


@pytest.mark.parametrize(
    ("lines", "code", "sentence", "step"),
    [
        ('features = "quantum"\n', "unknown-feature-set", "'quantum'", "quantum_equivalent_features (10)"),
        ('target = "target_enders_60"\n', "unknown-target", "'target_enders_60'", "target_ender_60"),
    ],
)
def test_a_name_that_the_version_does_not_have_stops_before_anything_large_comes(
    workspace: Any, lines: str, code: str, sentence: str, step: str
) -> None:
    configure(workspace, lines + 'version = "v5.4"\n')
    workspace.tournament.disturb({**RELEASE, "rounds": [1346]})
    stopped = play(workspace, 1346)
    assert stopped["code"] == code and sentence in stopped["sentence"] and step in stopped["next_step"]
    sizes = [one.stat().st_size for one in (workspace.folder / ".eraforge" / "objects").rglob("*") if one.is_file()]
    assert sum(sizes) < 20_000 and held(workspace) == {}


def test_a_version_that_is_not_there_yet_names_those_there_are(workspace: Any) -> None:
    configure(workspace, 'version = "v5.4"\n')
    stopped = play(workspace, 1345)
    assert stopped["code"] == "dataset-not-offered" and "It offers v5.3:" in stopped["next_step"]


def test_a_set_that_will_have_another_name_is_told_before_the_entry_moves(workspace: Any) -> None:
    configure(workspace, 'features = "quantum"\n')
    workspace.tournament.disturb({**RELEASE, "rounds": [1346]})
    workspace.move_to_round(1346)
    facts = workspace.perform("data check")
    (offered, renamed) = only(facts)["versions"]
    assert "feature sets gone: quantum" in offered["sentence"]
    assert 'features = "quantum_equivalent_features"' in renamed["next_step"]
    out = StringIO()
    data_check(facts, Console(file=out, width=300, highlight=False))
    assert renamed["sentence"] in out.getvalue() and renamed["next_step"] in out.getvalue()
    assert json.dumps(facts)
    assert not [what for what in workspace.seen if "v5.4" in what and "features.json" not in what]


def test_a_target_that_moved_to_another_horizon_is_refused_rather_than_learned_too_early(workspace: Any) -> None:
    workspace.tournament.disturb({**RELEASE, "rounds": [1346], "target": "target_ender_20"})
    configure(workspace, 'version = "v5.4"\n')
    stopped = play(workspace, 1346)
    assert stopped["code"] == "label-before-its-time" and "another horizon" in stopped["next_step"]
    configure(workspace, 'version = "v5.4"\ntarget = "target_ender_20"\n')
    assert "receipt" in play(workspace, 1346)


def test_a_version_counts_when_all_its_files_are_listed() -> None:
    def files(arena: Any, version: str) -> list[str]:
        return list(inputs.roles(replace(arena, version=version)).values())

    whole = files(CLASSIC, "v5.10") + files(CLASSIC, "v5.9") + ["signals/v2.1/live.parquet", "v5.9/x/live.parquet"]
    assert inputs.offered_versions(CLASSIC, whole) == ["v5.9", "v5.10"]
    assert inputs.offered_versions(CLASSIC, [*whole[1:], "v6.0/live.parquet"]) == ["v5.9"]
    assert inputs.offered_versions(SIGNALS, [*files(SIGNALS, "v2.1"), "signals/v1.0/live.parquet"]) == ["v2.1"]
