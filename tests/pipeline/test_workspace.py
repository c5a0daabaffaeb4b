"""A workspace opens on what its folder says, keeps to that folder, and plays each entry for itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from eraforge.core.errors import Transient, UserError
from eraforge.pipeline.desk import perform
from eraforge.pipeline.verb import Visit
from eraforge.pipeline.workspace import chosen_entries, open_workspace, play_turns, read_configuration, state_folder


def refused(code: str, call: Any, *given: Any) -> UserError:
    with pytest.raises(UserError) as caught:
        call(*given)
    assert caught.value.code == code
    return caught.value


def test_a_folder_without_a_file_has_the_defaults_and_no_entries(tmp_path: Path) -> None:
    tree = read_configuration(Visit(tmp_path, {})).tree
    assert tree.server.url == "https://api-tournament.numer.ai" and not tree.entries
    refused("no-entries", chosen_entries, tree, "")
    refused("unknown-entry", chosen_entries, tree, "mine")


def test_flags_and_variables_come_before_the_file(tmp_path: Path) -> None:
    (tmp_path / "eraforge.toml").write_text('[server]\nurl = "http://file"\n')
    variables = {"ERAFORGE_SERVER__URL": "http://variable"}
    assert read_configuration(Visit(tmp_path, {})).tree.server.url == "http://file"
    assert read_configuration(Visit(tmp_path, variables)).tree.server.url == "http://variable"
    assert (
        read_configuration(Visit(tmp_path, variables, {"server.url": "http://flag"})).tree.server.url == "http://flag"
    )


def test_a_file_that_is_no_text_is_a_user_error(tmp_path: Path) -> None:
    (tmp_path / "eraforge.toml").write_bytes(b"\x80")
    refused("configuration-unreadable", read_configuration, Visit(tmp_path, {}))


def test_the_state_stays_in_the_folder_and_no_folder_is_invented(tmp_path: Path) -> None:
    assert state_folder(tmp_path) == tmp_path / ".eraforge" and (tmp_path / ".eraforge").is_dir()
    refused("no-such-folder", state_folder, tmp_path / "typo")
    assert not (tmp_path / "typo").exists()
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / ".eraforge").write_text("a file")
    refused("workspace-not-writable", state_folder, tmp_path / "taken")


def test_no_room_for_the_state_is_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import errno

    def full(self: Path, **given: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "mkdir", full)
    with pytest.raises(Transient) as caught:
        state_folder(tmp_path)
    assert caught.value.code == "disk-full"


def test_a_disk_error_that_the_work_lets_through_becomes_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import errno

    def fails(visit: Visit) -> Any:
        raise OSError(errno.ENOSPC, "No space left on device", str(tmp_path / "somewhere"))

    monkeypatch.setattr("eraforge.pipeline.verbs.setup.config_show", fails)
    with pytest.raises(Transient, match="somewhere") as caught:
        perform("config show", Visit(tmp_path, {}), {})
    assert caught.value.code == "disk-full"


def test_opening_asks_the_server_nothing(tmp_path: Path) -> None:
    (tmp_path / "eraforge.toml").write_text('[server]\nurl = "http://127.0.0.1:9"\n')
    with open_workspace(Visit(tmp_path, {})) as tools:
        assert tools.ledger.verify_chain() == 0


def test_an_entry_that_fails_does_not_stop_the_others(workspace: Any) -> None:
    visit = Visit(workspace.folder, workspace.environment, {"entries.boosted.target": "no_such_target"})
    with open_workspace(visit) as tools:
        entries = chosen_entries(tools.configuration, "")[:2]
        rows = {row["entry"]: row for row in play_turns(tools, reversed(entries), [1345, 1345])}  # type: ignore[arg-type]
    assert rows["boosted"]["error"]["code"] == "unknown-target"  # type: ignore[index]
    assert "receipt" in rows["linear"]["outcome"]  # type: ignore[operator]
