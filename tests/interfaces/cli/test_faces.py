"""Every verb has a help page, a view for people that fits a narrow terminal, and the same facts for machines."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from eraforge.interfaces.cli import draw
from eraforge.interfaces.cli.bars import bars
from eraforge.interfaces.cli.views import play
from eraforge.pipeline.catalogue import VERBS

NARROW = 40
SHOWN = re.compile(r"\b[0-9a-f]{12}\b|\b13\d\d\b|practice_\w\b")
WORDS = (
    ["round"],
    ["data", "pull"],
    ["data", "check"],
    ["train"],
    ["evaluate"],
    ["predict"],
    ["submit"],
    ["status"],
    ["scores"],
    ["config", "show"],
    ["doctor"],
)


@pytest.fixture(scope="module")
def folder(played: Any) -> Path:
    """A workspace whose entry has brackets in its name, as markup has."""
    text = played.toml().replace("[entries.linear]", '[entries."[red]line[/]"]').replace("folds = 0", "folds = 2")
    made: Path = played.folder(text)
    return made


@pytest.mark.parametrize("words", [[], *(verb.name.split() for verb in VERBS), ["data"], ["simulator"], ["config"]])
def test_help_of_every_command_is_an_answer(cli: Any, words: list[str]) -> None:
    for flag in ("--help", "-h"):
        answer = cli(*words, flag)
        assert answer.code == 0 and answer.stdout.startswith("Usage:") and answer.stderr == ""


def test_bars_that_nobody_sees_are_not_drawn_again_and_again() -> None:
    drawn = io.StringIO()
    shown = bars(Console(file=drawn, force_terminal=False, width=80))
    with shown:
        shown.add_task("download live.parquet", total=2)
        assert shown.live._refresh_thread is None and drawn.getvalue() == ""
    assert "download live.parquet" in drawn.getvalue()


@pytest.mark.parametrize("terminal", [True, False])
def test_a_verb_that_stays_keeps_nothing_of_bars_whose_work_is_done(
    monkeypatch: pytest.MonkeyPatch, terminal: bool
) -> None:
    drawn = io.StringIO()
    face = draw.PersonFace(stays=True)
    monkeypatch.setattr(face, "_errors", Console(file=drawn, force_terminal=terminal, width=80))
    with face:
        face.progress("download live.parquet", 1, 2)
        face.progress("linear: rows", 1, 1)
        assert ("download live.parquet" in drawn.getvalue()) == terminal and len(face._tasks) == terminal
        face.progress("download live.parquet", 2, 2)
        assert face._bars is None and not face._tasks


def test_every_verb_that_answers_has_a_view() -> None:
    assert set(draw.VIEWS) == {verb.name for verb in VERBS if not verb.speaks}


@pytest.mark.parametrize("words", WORDS, ids=" ".join)
def test_people_and_machines_are_told_the_same(played: Any, folder: Path, words: list[str]) -> None:
    machine = played.cli(*words, "--json", "-w", str(folder))
    person = played.cli(*words, "-w", str(folder), columns=300)
    narrow = played.cli(*words, "-w", str(folder), columns=NARROW)
    assert machine.code == person.code == narrow.code == 0, person.stderr
    assert machine.stderr == "" and isinstance(machine.facts, dict)
    told = set(SHOWN.findall(person.stdout))
    assert not [one for one in told if one not in machine.stdout]
    assert max(map(len, narrow.stdout.splitlines())) <= NARROW and "…" not in narrow.stdout
    if words[0] not in ("round", "config"):
        assert "[red]line[/]" in person.stdout


def test_scores_that_have_arrived_fit_too(workspace: Any, cli: Any) -> None:
    from datetime import timedelta

    cli.environment = workspace.environment
    where = ["--entry", "linear", "-w", str(workspace.folder)]
    assert cli("submit", *where).code == 0
    workspace.advance_to(workspace.tournament.tournament.now() + timedelta(days=12))
    machine, person = cli("scores", "--json", *where), cli("scores", *where, columns=120)
    (shown,) = machine.facts["entries"][0]["rounds"]
    assert shown["scores"] and machine.facts["sample"] == "live"
    assert f"{shown['scores']['corr60']['value']:+.4f}" in person.stdout
    assert max(map(len, cli("scores", *where, columns=NARROW).stdout.splitlines())) <= NARROW


def test_the_check_of_a_plugin_and_init_fit_too(cli: Any, tmp_path: Path) -> None:
    for words in (["check", "model", "ridge"], ["init", "-w", str(tmp_path / "folder"), "--model", "mine"]):
        answer = cli(*words, columns=NARROW)
        assert answer.code == 0, answer.stdout
        assert max(map(len, answer.stdout.splitlines())) <= NARROW


def demo_facts(report: dict[str, Any]) -> dict[str, Any]:
    scores = {name: {"value": 0.0123, "percentile": 0.5, "day": 20} for name in ("corr60", "mmc60")}
    live = [{"round": 1345, "scores": scores, "day": 20, "resolved": False, "payout": "0.125"}]
    entries = [
        {
            "entry": name,
            "learner": "ridge",
            "model": "m",
            "validation": report,
            "live": rows,
            "rank": rank,
            "payout": "1",
            "at_risk": at_risk,
        }
        for name, rows, rank, at_risk in (("boosted", [], None, "0"), ("blend", live, 3, "10"))
    ]
    classic = {"arena": "classic", "pays": {"corr60": "3.0", "mmc60": "15.0"}, "models_ranked": 33, "entries": entries}
    signals = {**classic, "arena": "signals", "pays": {"alpha": "0.3", "mpc": "0.8"}, "entries": entries[:1]}
    return {
        "rounds": [1345, 1347],
        "arenas": [classic, signals],
        "submissions": {"confirmed": 6, "sent_twice": 0},
        "seed": 7,
        "scale": "tiny",
        "seconds": 61.5,
        "folder": "/somewhere/with/quite/a/long/path/to/eraforge-demo",
    }


@pytest.mark.parametrize("width", [NARROW, 80])
def test_the_end_of_the_demo_fits(played: Any, folder: Path, width: int) -> None:
    report = played.cli("evaluate", "--json", "-w", str(folder)).facts["entries"][0]["report"]
    console = Console(width=width, force_terminal=False)
    with console.capture() as capture:
        play.demo(demo_facts(report), console)
    assert max(map(len, capture.get().splitlines())) <= width
    assert "Next:" in capture.get()


def test_errors_of_entries_do_not_hide_the_others(played: Any) -> None:
    other = '[entries.other]\nmodel = "nobodys"\nlearner = "ridge"\nfolds = 0\n'
    where = ["-w", str(played.folder(played.toml() + other))]
    answer = played.cli("submit", *where)
    assert answer.code == 2
    assert "linear round 1345: confirmed" in answer.stdout and "other" not in answer.stdout
    assert answer.stderr.count("other: UserError (unknown-model)") == 1
    rows = played.cli("submit", "--json", *where).facts["entries"]
    assert [row["entry"] for row in rows] == ["linear", "other"] and "outcome" in rows[0] and "error" in rows[1]
