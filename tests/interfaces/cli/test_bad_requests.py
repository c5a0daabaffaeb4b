"""Requests that cannot be met: no keys, wrong keys, rounds and options. Each is one sentence and loses nothing."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from eraforge.arenas.classic import CLASSIC
from eraforge.core.calendar import open_day, window
from eraforge.store.ledger import Ledger

NOBODY = {"NUMERAI_PUBLIC_ID": "NOBODYSPUBLICID", "NUMERAI_SECRET_KEY": "NOBODYSSECRETKEY"}
HALF = {"NUMERAI_PUBLIC_ID": "NOBODYSPUBLICID"}


def objects(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / ".eraforge" / "objects").rglob("*") if path.is_file())


@pytest.mark.parametrize("words", [("submit",), ("submit", "--replace"), ("scores",)])
@pytest.mark.parametrize(
    ("keys", "code"), [({}, "no-keys"), (NOBODY, "keys-refused"), (HALF, "half-a-key")], ids=["none", "wrong", "half"]
)
def test_keys_that_are_missing_or_wrong_are_told_before_any_work(
    played: Any, words: tuple[str, ...], keys: dict[str, str], code: str
) -> None:
    folder = played.folder()
    error = played.cli.fails(*words, "-w", str(folder), code=code, environment=keys)
    assert error["exit_code"] == 2
    if code != "keys-refused":
        assert "NUMERAI_SECRET_KEY" in error["sentence"]
    assert objects(folder) == []


def test_other_variables_are_named_where_an_account_names_them(played: Any) -> None:
    folder = played.folder(played.toml() + '[accounts.main]\nvariable_prefix = "FUND_"\n')
    error = played.cli.fails("scores", "-w", str(folder), code="no-keys")
    assert "FUND_PUBLIC_ID" in error["sentence"]


def test_a_secret_file_that_others_can_read_is_refused_with_the_command_that_mends_it(played: Any) -> None:
    folder = played.folder(played.toml() + '[accounts.main]\nsecret_file = ".secrets"\n')
    played.cli.fails("scores", "-w", str(folder), code="secret-file-unreadable", environment={})
    (folder / ".secrets").write_text("NUMERAI_PUBLIC_ID=a\nNUMERAI_SECRET_KEY=b\n")
    (folder / ".secrets").chmod(0o644)
    error = played.cli.fails("scores", "-w", str(folder), code="secret-file-open-to-others", environment={})
    assert "chmod 600" in error["next_step"]


def test_what_is_public_needs_no_keys(played: Any) -> None:
    folder = played.folder()
    for words in (["round"], ["status"], ["data", "pull"], ["predict"]):
        answer = played.cli(*words, "-w", str(folder), environment={})
        assert answer.code == 0, answer.stderr


def test_a_model_that_the_account_does_not_have_is_named_with_those_it_has(played: Any) -> None:
    folder = played.folder(played.toml().replace(sorted(played.tournament.models)[0], "nobodys_model"))
    error = played.cli.fails("submit", "-w", str(folder), code="unknown-model")
    assert "nobodys_model" in error["sentence"] and sorted(played.tournament.models)[0] in error["next_step"]
    assert objects(folder) == []


@pytest.mark.parametrize("words", [("submit",), ("data", "pull"), ("predict",)])
def test_a_round_that_has_not_opened_says_when_it_will(played: Any, words: tuple[str, ...]) -> None:
    error = played.cli.fails(*words, "--round", "1346", "-w", str(played.folder()), code="round-not-open")
    assert error["exit_code"] == 6
    assert "1346" in error["sentence"] and "2026-09-02 12:00 UTC" in error["next_step"]


@pytest.mark.parametrize("words", [("submit",), ("train",)])
def test_a_round_that_does_not_exist_is_named(played: Any, words: tuple[str, ...]) -> None:
    error = played.cli.fails(*words, "--round", "99999", "-w", str(played.folder()), code="unknown-round")
    assert "99999" in error["sentence"]


def test_a_round_that_is_over_is_refused_before_any_work_and_an_answer_it_holds_stays(workspace: Any, cli: Any) -> None:
    cli.environment = workspace.environment
    first = cli("submit", "--entry", "linear", "--json", "-w", str(workspace.folder))
    assert first.code == 0
    closes = window(CLASSIC.calendar, open_day(CLASSIC.calendar, 1345))[1]
    workspace.advance_to(closes + timedelta(minutes=1))
    before = objects(workspace.folder)
    error = cli.fails("submit", "--entry", "boosted", "-w", str(workspace.folder), code="round-not-open")
    assert error["exit_code"] == 6
    assert "2026-09-01 13:00 UTC" in error["sentence"] and "2026-09-02 12:00 UTC" in error["next_step"]
    cli.fails("submit", "--entry", "boosted", "--round", "1343", "-w", str(workspace.folder), code="round-not-open")
    assert objects(workspace.folder) == before
    again = cli("submit", "--entry", "linear", "--json", "-w", str(workspace.folder))
    assert again.code == 0
    assert again.facts["entries"][0]["outcome"] == first.facts["entries"][0]["outcome"]
    with Ledger.open(f"sqlite:///{workspace.folder / '.eraforge' / 'ledger.sqlite'}") as ledger:
        assert ledger.verify_chain() > 0 and not ledger.open_effects()


def test_a_window_that_closes_during_the_work_refuses_and_leaves_nothing_open(
    workspace: Any, cli: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from eraforge.pipeline.steps import stages

    cli.environment = workspace.environment
    closes = window(CLASSIC.calendar, open_day(CLASSIC.calendar, 1345))[1]
    real = stages.predict

    def slow(*given: Any) -> Any:
        workspace.advance_to(closes + timedelta(seconds=1))
        workspace_clock = given[0].clock
        workspace_clock._asked = None  # more than a second has passed for it
        return real(*given)

    monkeypatch.setattr(stages, "predict", slow)
    answer = cli("submit", "--entry", "linear", "--json", "-w", str(workspace.folder))
    error = answer.facts["entries"][0]["error"]
    assert (answer.code, error["code"]) == (6, "window-closed")
    with Ledger.open(f"sqlite:///{workspace.folder / '.eraforge' / 'ledger.sqlite'}") as ledger:
        assert ledger.verify_chain() > 0 and not ledger.open_effects()
        assert not list(ledger.events(kind="effect.sent"))


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("submit", "--entry", "nope"), "unknown-entry"),
        (("check", "model", "rigde"), "unknown-plugin"),
        (("check",), "no-name"),
        (("check", "modle", "ridge"), "option-out-of-choices"),
        (("simulator", "serve", "--scale", "huge"), "option-out-of-choices"),
        (("simulator", "serve", "--port", "99999"), "option-out-of-bounds"),
        (("demo", "--rounds", "0"), "option-out-of-bounds"),
        (("scores", "--last", "-3"), "option-out-of-bounds"),
        (("submit", "--round", "-5"), "option-out-of-bounds"),
    ],
)
def test_a_wrong_option_is_named_with_what_is_taken(played: Any, words: tuple[str, ...], code: str) -> None:
    error = played.cli.fails(*words, "-w", str(played.folder()), code=code)
    assert error["exit_code"] == 2


@pytest.mark.parametrize("words", [("submit", "--bogus"), ("frobnicate",), ("submit", "--round", "x")])
def test_a_command_that_is_not_understood_is_told_to_people_and_machines(cli: Any, words: tuple[str, ...]) -> None:
    person, machine = cli(*words), cli(*words, "--json")
    assert person.code == machine.code == 2
    assert person.stdout == "" and "Try" in person.stderr and "Traceback" not in person.stderr
    assert machine.stderr == "" and machine.facts["error"]["code"] == "command-not-understood"
    assert machine.facts["error"]["sentence"].strip() in person.stderr.replace("\n", " ").strip() + " "


def test_one_file_for_several_entries_asks_which(workspace: Any, cli: Any, tmp_path: Path) -> None:
    cli.environment = workspace.environment
    for words in (["submit", "--file", "p.csv"], ["predict", "--output", str(tmp_path / "p.csv")]):
        error = cli.fails(*words, "-w", str(workspace.folder), code="name-the-entry")
        assert "linear" in error["next_step"]
    assert not (tmp_path / "p.csv").exists()


@pytest.mark.parametrize("words", [("status",), ("submit",), ("doctor",)])
def test_a_mistyped_workspace_is_told_and_not_created(cli: Any, tmp_path: Path, words: tuple[str, ...]) -> None:
    folder = tmp_path / "no" / "such"
    error = cli.fails(*words, "-w", str(folder), code="no-such-folder")
    assert str(folder) in error["sentence"] and not folder.parent.exists()


def test_init_twice_changes_nothing(cli: Any, tmp_path: Path) -> None:
    assert cli("init", "-w", str(tmp_path / "a"), "--model", "mine").code == 0
    text = (tmp_path / "a" / "eraforge.toml").read_text()
    cli.fails("init", "-w", str(tmp_path / "a"), "--model", "other", code="already-initialised")
    assert (tmp_path / "a" / "eraforge.toml").read_text() == text


@pytest.mark.parametrize("name", ["file", "file/below"])
def test_init_where_no_folder_can_be(cli: Any, tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("kept")
    error = cli.fails("init", "-w", str(tmp_path / name), code="workspace-not-writable")
    assert error["exit_code"] == 2 and (tmp_path / "file").read_text() == "kept"


def test_a_demo_where_no_folder_can_be(cli: Any, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("kept")
    error = cli.fails("demo", "-w", str(tmp_path / "file"), code="folder-missing")
    assert str(tmp_path / "file") in error["sentence"]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--model", 'we"ird'), "bad-model-name"),
        (("--model", ""), "bad-model-name"),
        (("--server", "nonsense"), "wrong-setting"),
        (("--server", 'http://a"b'), "wrong-setting"),
    ],
)
def test_init_writes_nothing_that_could_not_be_read_back(
    cli: Any, tmp_path: Path, words: tuple[str, ...], code: str
) -> None:
    cli.fails("init", "-w", str(tmp_path / "a"), *words, code=code)
    assert not (tmp_path / "a").exists()
