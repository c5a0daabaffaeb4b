"""A machine is lost in the middle of a round: restored elsewhere, the round is completed, and nothing is sent twice."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from eraforge.core.errors import Broken, UserError

CANARY = "canary-of-the-secret-file"


def elsewhere(workspace: Any, folder: Path) -> Any:
    return type(workspace)(folder, workspace.environment, workspace.tournament)


def test_the_disaster_drill(workspace: Any, tmp_path: Path) -> None:
    """One of three entries is through when the machine goes; the restored one sends the other two, and no third."""
    workspace.perform("submit", entry="linear")
    file = tmp_path / "backup.tar"
    workspace.perform("backup create", file=str(file))
    shutil.rmtree(workspace.folder)
    restored = elsewhere(workspace, tmp_path / "restored")
    facts = restored.perform("backup restore", file=str(file))
    assert facts["configuration"] and facts["events"] > 0
    played = restored.perform("submit")
    assert played["exit_code"] == 0
    sent = [line for line in workspace.tournament.tournament.journal.lines if line["change"] == "submission-created"]
    assert len(sent) == 3 and len({line["facts"]["model_id"] for line in sent}) == 3
    assert restored.perform("doctor")["exit_code"] == 0


def test_the_fitted_model_comes_back_and_downloads_are_fetched_again(workspace: Any, tmp_path: Path) -> None:
    workspace.perform("train", entry="boosted")
    whole = workspace.perform("backup create", file=str(tmp_path / "whole.tar"), everything=True)
    small = workspace.perform("backup create", file=str(tmp_path / "small.tar"))
    assert small["left_out"] == 5 and whole["left_out"] == 0 and small["bytes"] < whole["bytes"]
    restored = elsewhere(workspace, tmp_path / "restored")
    restored.perform("backup restore", file=str(tmp_path / "small.tar"))
    assert restored.perform("train", entry="boosted")["entries"][0]["trained_now"] is False
    assert any("download" in what for what in restored.seen)


def test_no_secret_is_in_a_backup(workspace: Any, tmp_path: Path) -> None:
    (workspace.folder / ".secrets").write_text(f"NUMERAI_SECRET_KEY={CANARY}")
    toml = workspace.folder / "eraforge.toml"
    toml.write_text(toml.read_text() + "\n# postgresql://me:swordfish@host/ledger\n")
    workspace.perform("train", entry="linear")
    workspace.perform("backup create", file=str(tmp_path / "backup.tar"), everything=True)
    data = (tmp_path / "backup.tar").read_bytes()
    for secret in (CANARY, "swordfish", workspace.environment["NUMERAI_SECRET_KEY"]):
        assert secret.encode() not in data
    assert b"postgresql://me@host/ledger" in data


def test_a_used_folder_is_never_restored_into(workspace: Any, tmp_path: Path) -> None:
    workspace.perform("backup create", file=str(tmp_path / "backup.tar"))
    with pytest.raises(UserError) as caught:
        workspace.perform("backup restore", file=str(tmp_path / "backup.tar"))
    assert caught.value.code == "restore-into-used-folder"
    with pytest.raises(UserError):
        workspace.perform("backup create", file="")


def test_the_audit_shows_and_proves_the_history(workspace: Any) -> None:
    workspace.perform("submit", entry="linear")
    facts = workspace.perform("audit", kind="effect")
    assert [one["kind"] for one in facts["events"]] == ["effect.intended", "effect.sent", "effect.confirmed"]
    assert facts["in_all"] > facts["matching"] == 3
    import sqlite3

    with sqlite3.connect(workspace.folder / ".eraforge" / "ledger.sqlite") as database:
        database.execute("DROP TRIGGER events_never_change")
        database.execute("UPDATE events SET facts = '{}' WHERE sequence = 2")
    database.close()
    with pytest.raises(Broken) as caught:
        workspace.perform("audit")
    assert caught.value.code == "ledger-chain-broken" and "Event 2" in caught.value.sentence
