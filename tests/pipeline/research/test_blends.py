"""Blends of recorded experiments: members studied from the store, a pool selected from, the block fit to be copied."""

from __future__ import annotations

import io
import tomllib
from typing import Any

import pytest
from rich.console import Console

from eraforge.core.errors import UserError
from eraforge.interfaces.cli.views.laboratory import blends as views

LINEAR = '[entry]\nlearner = "ridge"\ntarget = "target_ender_20"\nsettings = { penalty = PENALTY }\n'
BLEND = """
[entry]
learner = "LEARNER"
target = "target_ender_20"
leaks = "off"  # its probes cut the little there is into too few eras for inner folds
settings.members.linear = { learner = "ridge" }
settings.members.trees = { learner = "lightgbm", settings = { n_estimators = 10, learning_rate = 0.1 } }
[evaluation]
folds = 2
"""


@pytest.fixture
def laboratory(workspace: Any) -> Any:
    for name, penalty in (("loose", "0.01"), ("stiff", "50.0")):
        (workspace.folder / f"{name}.toml").write_text(LINEAR.replace("PENALTY", penalty))
    (workspace.folder / "trees.toml").write_text(
        '[entry]\nlearner = "lightgbm"\ntarget = "target_ender_20"\n'
        "settings = { n_estimators = 10, learning_rate = 0.1 }\n"
    )
    return workspace


def drawn(view: Any, facts: Any, width: int) -> str:
    stream = io.StringIO()
    view(facts, Console(file=stream, width=width, highlight=False))
    return stream.getvalue()


@pytest.mark.parametrize("learner", ["rank_average", pytest.param("greedy", marks=pytest.mark.slow)])
def test_the_members_of_an_ensemble_are_told_apart(laboratory: Any, learner: str) -> None:
    (laboratory.folder / "blend.toml").write_text(BLEND.replace("LEARNER", learner))
    laboratory.perform("experiment run", file="blend.toml")
    laboratory.seen.clear()
    facts = laboratory.perform("experiment report", name="blend")["members"]
    assert not [what for what in laboratory.seen if "trees" in what]  # every fold came from the store
    assert {row["member"] for row in facts["ablations"]} <= {"linear", "trees"}
    assert sum(row["share"] for row in facts["ablations"]) == pytest.approx(1.0)
    if learner == "rank_average":
        assert facts["likenesses"][0]["members"] == ["linear", "trees"]
        assert [row["loss"]["level"] for row in facts["ablations"]] == [0.9, 0.9]
        for width in (80, 50):
            text = drawn(views.members, facts, width)
            assert "linear" in text and max(map(len, text.splitlines())) <= width


def test_what_is_no_blend_has_no_members(laboratory: Any) -> None:
    laboratory.perform("experiment run", file="stiff.toml")
    assert laboratory.perform("experiment report", name="stiff")["members"] is None


def test_a_blend_is_picked_and_its_block_runs(laboratory: Any) -> None:
    for name in ("loose", "stiff", "trees"):
        laboratory.perform("experiment run", file=f"{name}.toml")
    facts = laboratory.perform("experiment select", name=[])
    assert facts["pool"] == ["loose", "stiff", "trees"] and facts["picks"] and facts["differ"] == []
    assert facts["held_out"]["eras"][0] > facts["inner"]["eras"][1]
    assert facts["entry"]["target"] == "target_ender_20"
    text = drawn(views.selection, facts, 80)
    assert "Held out" in text and "sample: validation" in text
    block = text[text.index("[entry]") :]
    assert tomllib.loads(block)["entry"] == facts["entry"]
    (laboratory.folder / "picked.toml").write_text(block)
    assert laboratory.perform("experiment run", file="picked.toml")["learner"] == "rank_average"
    assert max(map(len, drawn(views.selection, facts, 50).split("To try it")[0].splitlines())) <= 50
    two = laboratory.perform("experiment select", name=["loose", "trees"], objective="sharpe")
    assert two["pool"] == ["loose", "trees"] and two["objective"] == "sharpe"


def test_a_pool_of_one_or_of_two_questions_is_refused(laboratory: Any) -> None:
    with pytest.raises(UserError, match="pool of 0"):
        laboratory.perform("experiment select", name=[])
    laboratory.perform("experiment run", file="loose.toml")
    with pytest.raises(UserError, match="pool of 1"):
        laboratory.perform("experiment select", name=[])
    text = LINEAR.replace("PENALTY", "1.0").replace("_20", "_60")
    (laboratory.folder / "other.toml").write_text(text)
    laboratory.perform("experiment run", file="other.toml")
    with pytest.raises(UserError, match="another question"):
        laboratory.perform("experiment select", name=["loose", "other"])
