"""Configurations that are wrong: the setting is named, where it stands, and what would be right."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest


def swap(before: str, after: str) -> tuple[str, str]:
    return before, after


SETTING = {
    "misspelt table": (swap("[server]", "[sever]"), "unknown-setting", "'server'"),
    "misspelt key": (swap("learner", "lerner"), "unknown-setting", "'learner'"),
    "not TOML": (swap("[entries.linear]", "[entries.linear"), "configuration-not-toml", "line"),
    "a text for a number": (swap("folds = 0", 'folds = "many"'), "wrong-setting", "eraforge.toml"),
    "a number out of bounds": (swap("folds = 0", "folds = -3"), "wrong-setting", "eraforge.toml"),
    "a value for a table": (
        swap("[entries.linear]", "[entries]\nx = 3\n[entries.linear]"),
        "wrong-setting",
        "eraforge",
    ),
    "a word that is none of two": (swap("folds = 0", 'train_on = "all"'), "wrong-setting", "eraforge.toml"),
    "an entry without its model": (swap("model =", "version ="), "wrong-setting", "eraforge.toml"),
    "an address without scheme": (swap('"http://', '"'), "wrong-setting", "eraforge.toml"),
    "an address with an impossible port": (
        swap('"http://127.0.0.1:', '"http://127.0.0.1:9'),
        "wrong-setting",
        "eraforge",
    ),
    "an account that is not there": (swap("folds = 0", 'account = "other"'), "unknown-account", "[accounts.other]"),
    "an arena that is not there": (swap("folds = 0", 'arena = "clasic"'), "unknown-plugin", "classic"),
    "a ledger nowhere": (swap("[submit]", '[store]\nledger = "mysql://a/b"\n[submit]'), "ledger-address", "sqlite"),
}


@pytest.mark.parametrize("name", SETTING)
def test_a_wrong_setting_is_named_before_anything_happens(played: Any, name: str) -> None:
    (before, after), code, hint = SETTING[name]
    assert before in played.toml()
    folder = played.folder(played.toml().replace(before, after))
    error = played.cli.fails("submit", "-w", str(folder), code=code)
    assert error["exit_code"] == 2 and hint in error["next_step"]
    answer = played.cli("doctor", "-w", str(folder))
    assert answer.code == 2 and "Traceback" not in answer.stdout + answer.stderr


MODEL = {
    "unknown learner": ('learner = "rigde"', "unknown-plugin", "ridge"),
    "misspelt setting": ('learner = "ridge"\nsettings = { penlty = 1 }', "wrong-model-settings", "penalty"),
    "value out of bounds": ('learner = "ridge"\nsettings = { penalty = -1 }', "model-setting", ""),
    "text for a number": (
        'learner = "ridge"\nsettings = { penalty = "much" }',
        "wrong-model-settings",
        "penalty = 0.1",
    ),
    "trees as a text": (
        'learner = "lightgbm"\nsettings = { n_estimators = "x" }',
        "wrong-model-settings",
        "n_estimators",
    ),
    "members no table": ('learner = "average"\nsettings.members = 3', "wrong-model-settings", "members"),
    "a member no table": ('learner = "average"\nsettings.members.a = 3', "wrong-model-settings", "members"),
    "unknown member": ('learner = "average"\nsettings.members.a = { learner = "rigde" }', "unknown-plugin", "ridge"),
    "member's setting": (
        'learner = "average"\nsettings.members.a = { learner = "ridge", settings = { penlty = 1 } }',
        "model-setting",
        "",
    ),
}


@pytest.mark.parametrize("name", MODEL)
def test_a_wrong_model_is_told_before_anything_is_fetched_and_by_the_doctor(played: Any, name: str) -> None:
    text, code, hint = MODEL[name]
    folder = played.folder(played.toml().replace('learner = "ridge"', text))
    error = played.cli.fails_for_a_machine("submit", "-w", str(folder), code=code)
    assert error["exit_code"] == 2 and hint in error["next_step"]
    assert not (folder / ".eraforge" / "downloads").exists()
    found = {one["name"]: one for one in played.cli("doctor", "--json", "-w", str(folder)).facts["findings"]}
    assert not found["entry linear"]["ok"] and found["entry linear"]["text"] == error["sentence"]


@pytest.mark.parametrize(
    ("line", "code", "hint"),
    [
        ('features = "smal"', "unknown-feature-set", "small"),
        ('target = "targt"', "unknown-target", "target"),
        ('version = "v9"', "dataset-not-offered", "v5.3"),
    ],
)
def test_data_that_there_is_not_is_told_before_the_large_files_come(
    played: Any, line: str, code: str, hint: str
) -> None:
    folder = played.folder(played.toml().replace("folds = 0", line))
    error = played.cli.fails("data", "pull", "-w", str(folder), code=code)
    assert hint in error["next_step"]
    sizes = [path.stat().st_size for path in (folder / ".eraforge" / "objects").rglob("*") if path.is_file()]
    assert sum(sizes) < 20_000


def test_variables_of_the_environment_are_named_as_such(played: Any) -> None:
    for name, value, code in (
        ("ERAFORGE_SERVER__URL", "ftp://x", "wrong-setting"),
        ("ERAFORGE_SEVER__URL", "http://x", "unknown-setting"),
        ("ERAFORGE_SUBMIT__MARGIN_SECONDS", "soon", "wrong-setting"),
    ):
        error = played.cli.fails("status", "-w", str(played.folder()), code=code, environment={name: value})
        assert name in error["sentence"]


def test_a_configuration_that_is_no_text_file_is_named(cli: Any, tmp_path: Path) -> None:
    (tmp_path / "eraforge.toml").write_bytes(b"\xff\xfe\x00")
    cli.fails("status", "-w", str(tmp_path), code="configuration-unreadable")
    (tmp_path / "eraforge.toml").unlink()
    (tmp_path / "eraforge.toml").mkdir()
    cli.fails("config", "show", "-w", str(tmp_path), code="configuration-unreadable")


def test_a_folder_without_entries_says_how_to_begin(cli: Any, tmp_path: Path) -> None:
    error = cli.fails("submit", "-w", str(tmp_path), code="no-entries")
    assert "eraforge init" in error["next_step"]


def test_the_password_of_the_ledger_is_never_shown(cli: Any, tmp_path: Path) -> None:
    (tmp_path / "eraforge.toml").write_text('[store]\nledger = "postgresql://me:hunter2@127.0.0.1:1/db"\n')
    for words in (["config", "show"], ["status"], ["doctor"]):
        for as_json in ([], ["--json"]):
            answer = cli(*words, *as_json, "-w", str(tmp_path))
            assert "hunter2" not in answer.stdout + answer.stderr
    assert "postgresql://me:…@127.0.0.1:1/db" in cli("config", "show", "--json", "-w", str(tmp_path)).stdout
    cli.fails("status", "-w", str(tmp_path), code="ledger-unreachable")
