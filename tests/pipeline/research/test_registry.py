"""The registry: versions, aliases that move with proof or reason, roll-back, and entries that use a version."""

from __future__ import annotations

from typing import Any

import pytest

from eraforge.core.errors import Held, UserError


@pytest.fixture
def shelf(workspace: Any) -> Any:
    """`steady` has a champion (#1, ridge) and a version #2 that hardly differs."""
    workspace.perform("model register", entry="linear", name="steady")
    workspace.perform("model promote", name="steady", number=1)
    flags = {"entries.linear.settings.penalty": 0.11}
    workspace.perform("model register", flags, entry="linear", name="steady")
    return workspace


def test_versions_count_up_and_the_same_model_is_the_same_version(shelf: Any) -> None:
    rows = shelf.perform("model list")["versions"]
    assert [(row["number"], row["aliases"]) for row in rows] == [(1, ["champion"]), (2, [])]
    assert rows[0]["fitted"] != rows[1]["fitted"]
    assert shelf.perform("model register", entry="linear", name="steady")["number"] == 1


def test_a_version_that_cannot_be_told_from_the_champion_waits_for_a_reason(shelf: Any) -> None:
    with pytest.raises(Held) as caught:
        shelf.perform("model promote", name="steady", number=2)
    assert caught.value.code == "not-yet-better" and "interval" in caught.value.sentence
    facts = shelf.perform("model promote", name="steady", number=2, because="simpler to explain")
    assert facts["changed"] and facts["version"]["aliases"] == ["champion"]


def test_a_better_version_needs_no_reason(workspace: Any) -> None:
    from eraforge.pipeline.verb import Visit
    from eraforge.pipeline.workspace import open_workspace

    workspace.perform("model register", entry="linear", name="steady")
    workspace.perform("model promote", name="steady", number=1)
    workspace.perform("model register", {"entries.linear.settings.penalty": 0.2}, entry="linear", name="steady")
    with open_workspace(Visit(workspace.folder, workspace.environment)) as tools:
        from eraforge.pipeline.stage_cache import as_json
        from eraforge.pipeline.steps import registry

        one = registry.version_of(tools, "steady#1")
        report = tools.cache.read_json(one.facts["report"])
        for row in report["scores"]:
            row["eras"] = {era: None if value is None else value + 1 for era, value in row["eras"].items()}
        facts = {**one.facts, "fitted": "f" * 64, "report": tools.objects.put(as_json(report))}
        better = registry.register(tools, "steady", facts)
    facts = workspace.perform("model promote", name="steady", number=better.number)
    assert facts["changed"] and facts["comparisons"][0]["distinguishable"]


def test_roll_back_returns_to_the_version_before(shelf: Any) -> None:
    shelf.perform("model promote", name="steady", number=2, because="try it live")
    facts = shelf.perform("model rollback", name="steady")
    assert (facts["left"]["number"], facts["version"]["number"]) == (2, 1)
    with pytest.raises(UserError) as caught:
        shelf.perform("model rollback", name="steady")
    assert caught.value.code == "nothing-to-roll-back"


def test_what_is_in_use_is_not_retired_and_what_is_retired_is_not_used(shelf: Any) -> None:
    with pytest.raises(UserError) as caught:
        shelf.perform("model retire", name="steady", number=1, because="old")
    assert caught.value.code == "version-in-use"
    with pytest.raises(UserError, match="for a reason"):
        shelf.perform("model retire", name="steady", number=2)
    assert shelf.perform("model retire", name="steady", number=2, because="worse")["version"]["retired"] == "worse"
    with pytest.raises(UserError) as caught:
        shelf.perform("model promote", name="steady", number=2, because="after all")
    assert caught.value.code == "version-retired"


def test_an_entry_plays_with_the_champion_and_trains_nothing(shelf: Any) -> None:
    own = shelf.perform("predict", entry="linear")["entries"][0]
    shelf.seen.clear()
    flags = {"entries.linear.use": "steady@champion", "entries.linear.learner": "ridge", "entries.linear.folds": 0}
    used = shelf.perform("predict", flags, entry="linear")["entries"][0]
    assert used["predictions"] == own["predictions"]
    assert not [what for what in shelf.seen if "rows" in what]


def test_a_model_of_other_columns_is_refused(shelf: Any) -> None:
    flags = {"entries.linear.use": "steady", "entries.linear.features": "medium"}
    row = shelf.perform("predict", flags, entry="linear")["entries"][0]
    assert row["error"]["code"] == "registered-model-of-other-columns"


@pytest.mark.parametrize(
    ("use", "code"),
    [
        ("stedy", "unknown-registered-model"),
        ("steady#9", "unknown-version"),
        ("steady@fallback", "alias-points-nowhere"),
    ],
)
def test_references_that_lead_nowhere_are_told(shelf: Any, use: str, code: str) -> None:
    row = shelf.perform("predict", {"entries.linear.use": use}, entry="linear")["entries"][0]
    assert row["error"]["code"] == code
