"""The doctor finds each planted fault, says what to do, and leaves what is sound alone."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from eraforge.core.errors import UserError
from eraforge.core.words import Effect, EffectKind, Phase, Slot
from eraforge.pipeline.verb import Visit
from eraforge.pipeline.verbs.health import check, doctor
from eraforge.pipeline.workspace import open_workspace


def findings(workspace: Any, flags: dict[str, Any] | None = None) -> dict[str, dict[str, Any]]:
    facts = workspace.perform("doctor", flags)
    found = {row["name"]: row for row in facts["findings"]}
    assert facts["exit_code"] == next((row["exit_code"] for row in facts["findings"] if not row["ok"]), 0)
    assert all(row["next"] for row in facts["findings"] if not row["ok"])
    return found


def test_a_sound_workspace_has_nothing_to_complain_of(workspace: Any) -> None:
    found = findings(workspace)
    assert all(row["ok"] for row in found.values())
    assert {"configuration", "objects", "ledger", "open effects", "server", "keys of main"} < set(found)


def test_every_damaged_object_is_counted_and_the_first_are_named(workspace: Any) -> None:
    workspace.perform("data pull", entry="linear")
    paths = [path for path in (workspace.folder / ".eraforge" / "objects").rglob("*") if path.is_file()]
    for path in paths:
        path.chmod(0o644)
        path.write_bytes(path.read_bytes() + b"x")
    text = findings(workspace)["objects"]["text"]
    assert text.startswith(f"{len(paths)} ") and sum(str(path) in text for path in paths) == 3 and "…" in text


def test_a_ledger_that_was_tampered_with_is_found(workspace: Any) -> None:
    with open_workspace(Visit(workspace.folder, workspace.environment)) as tools:
        for number in range(3):
            tools.ledger.record("note", "test", {"number": number}, tools.clock.now())
    with sqlite3.connect(workspace.folder / ".eraforge" / "ledger.sqlite") as connection:
        names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")]
        for name in names:
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute("UPDATE events SET facts = replace(facts, '1', '9') WHERE sequence = 2")
    row = findings(workspace)["ledger"]
    assert not row["ok"] and row["exit_code"] == 70


def test_a_submission_that_waits_for_a_person_is_told(workspace: Any) -> None:
    effect = Effect(EffectKind.SUBMIT, Slot("main", "practice_a", "classic", 1345), "a" * 64)
    with open_workspace(Visit(workspace.folder, workspace.environment)) as tools:
        now = tools.clock.now()
        tools.ledger.intend(effect, {}, now)
        tools.ledger.advance(effect.key, Phase.SENT, {}, now, deadline=now)
        tools.ledger.advance(effect.key, Phase.UNKNOWN, {}, now)
        tools.ledger.advance(effect.key, Phase.HELD, {"reason": "the server holds another file"}, now)
    row = findings(workspace)["open effects"]
    assert not row["ok"] and row["exit_code"] == 7
    assert "the server holds another file" in row["text"] and "--replace" in row["next"]


def test_a_wrong_configuration_is_the_only_finding(tmp_path: Path) -> None:
    (tmp_path / "eraforge.toml").write_text("[sever]\n")
    facts = doctor(Visit(tmp_path, {}))
    assert [row["name"] for row in facts["findings"]] == ["configuration"] and facts["exit_code"] == 2
    assert not (tmp_path / ".eraforge").exists()


def test_checking_a_plugin_tells_each_check(tmp_path: Path) -> None:
    facts = check(Visit(tmp_path, {}), "model", "ridge")
    assert facts["exit_code"] == 0 and len(facts["findings"]) > 5
    with pytest.raises(UserError) as caught:
        check(Visit(tmp_path, {}), "model", "")
    assert caught.value.code == "no-name" and "ridge" in caught.value.next_step
