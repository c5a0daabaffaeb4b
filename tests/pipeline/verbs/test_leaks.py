"""`eraforge leak` on registered plugins and on a user's own file, and what its view says."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from eraforge.core.errors import UserError
from eraforge.interfaces.cli.views.laboratory.leaks import leak as draw
from eraforge.pipeline.desk import perform
from eraforge.pipeline.verb import Facts, Visit

MINE = """
import numpy as np
import polars as pl
from dataclasses import dataclass


def centred(bars):
    close = bars["close"]
    out = np.full(close.shape, np.nan)
    out[:, 1:-1] = (close[:, 2:] + close[:, :-2]) / 2
    return out


@dataclass(frozen=True)
class Momentum:
    name: str = "momentum"
    inputs: tuple = ("close",)
    lookback: int = 11
    lag: int = 0
    unit: str = "ratio"
    source: str = "mine"

    def compute(self, bars):
        close = bars["close"]
        out = np.full(close.shape, np.nan)
        out[:, 10:] = close[:, 10:] / close[:, :-10] - 1
        return out


def scaled(panel):
    return panel.collect().select("era", "id", x=pl.col("feature_0") / pl.col("feature_0").mean())
"""


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    path = tmp_path / "mine.py"
    path.write_text(MINE)
    return path


def ask(kind: str, subject: str, depth: str = "quick") -> Facts:
    visit = Visit(Path(), {})
    return perform("leak", visit, {"kind": kind, "subject": subject, "depth": depth, "seed": 7})


def drawn(facts: Facts, width: int) -> str:
    console = Console(file=io.StringIO(), width=width, highlight=False)
    draw(facts, console)
    return console.file.getvalue()  # type: ignore[attr-defined]


@pytest.mark.parametrize(("kind", "name", "clean"), [
    ("feature", "centred", False), ("feature", "Momentum", True), ("transform", "scaled", False),
])  # fmt: skip
def test_an_object_of_a_users_own_file(mine: Path, kind: str, name: str, clean: bool) -> None:
    facts = ask(kind, f"{mine}:{name}")
    assert (facts["passed"], facts["exit_code"]) == (clean, 0 if clean else 3)
    assert facts["reports"][0]["subject"] in (name, "momentum")


def test_a_registered_model() -> None:
    assert ask("model", "ridge")["exit_code"] == 0


@pytest.mark.parametrize("width", [50, 80])
def test_the_view_shows_the_evidence_and_says_what_it_cannot_prove(mine: Path, width: int) -> None:
    text = drawn(ask("feature", f"{mine}:centred"), width)
    assert "✗ future scramble" in text and "Not clean: centred" in text and "changes from" in text
    assert max(map(len, text.splitlines())) <= width
    assert "cannot prove" in " ".join(drawn(ask("feature", f"{mine}:Momentum"), width).split())


def test_many_are_shown_in_a_line_each() -> None:
    report = ask("model", "ridge")["reports"][0]
    many: dict[str, Any] = {"kind": "model", "reports": [report] * 8}
    assert "8 of 8 passed" in drawn(many, 80)
    assert "nothing to examine" in drawn({"kind": "label", "reports": []}, 80)


@pytest.mark.parametrize(
    ("content", "name", "code"),
    [
        (None, "x", "no-such-file"),
        ("a = 1", "x", "no-such-object"),
        ("a = ", "x", "file-does-not-load"),
        ("import nothing_of_that_name", "x", "file-does-not-load"),
        ("a = 1", "a", "subject-of-another-kind"),
    ],
)
def test_a_wrong_file_is_said_in_a_sentence(tmp_path: Path, content: str | None, name: str, code: str) -> None:
    path = tmp_path / "wrong.py"
    if content is not None:
        path.write_text(content)
    with pytest.raises(UserError) as caught:
        ask("feature", f"{path}:{name}")
    assert caught.value.code == code
