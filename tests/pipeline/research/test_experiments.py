"""Experiments: recorded whole, found again, compared on the same eras, and reproduced byte for byte."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from eraforge.core.errors import UserError
from eraforge.pipeline.workspace import open_workspace

LINEAR = """
note = "as plain as it gets"
[entry]
learner = "ridge"
target = "target_ender_20"
[evaluation]
folds = 3
"""
STIFF = LINEAR.replace('learner = "ridge"', 'learner = "ridge"\nsettings = { penalty = 5.0 }')


@pytest.fixture
def laboratory(workspace: Any) -> Any:
    (workspace.folder / "plain.toml").write_text(LINEAR)
    (workspace.folder / "stiff.toml").write_text(STIFF)
    return workspace


def test_an_experiment_is_recorded_with_all_it_read_and_made(laboratory: Any) -> None:
    facts = laboratory.perform("experiment run", file="plain.toml")
    assert facts["name"] == "plain" and facts["note"] == "as plain as it gets"
    assert set(facts["reads"]["files"]) == {"features", "train", "validation", "meta_model"}
    assert facts["reads"]["libraries"]["numpy"] and len(facts["reads"]["code"]) == 64
    assert len(facts["report"]["folds"]) == 3 and facts["sample"] == "validation"
    interval = facts["intervals"][0]
    assert interval["low"] < interval["mean"] < interval["high"] and interval["mean"] == pytest.approx(facts["corr"])
    assert facts["luck"] is None and facts["synthetic"].startswith("eraforge simulator")


def test_experiments_are_listed_found_and_compared_on_shared_eras(laboratory: Any) -> None:
    first = laboratory.perform("experiment run", file="plain.toml")
    second = laboratory.perform("experiment run", file="stiff.toml")
    assert first["id"] != second["id"]
    rows = laboratory.perform("experiment list")["experiments"]
    assert [row["name"] for row in rows] == ["plain", "stiff"]
    assert laboratory.perform("experiment show", name=first["id"][:6])["name"] == "plain"
    found = laboratory.perform("experiment compare", first="plain", second="stiff")["comparisons"]
    assert found[0]["score"] == "CORR" and found[0]["difference"]["mean"] == pytest.approx(
        first["corr"] - second["corr"]
    )


def test_luck_counts_every_try_on_the_question(laboratory: Any) -> None:
    laboratory.perform("experiment run", file="plain.toml")
    luck = laboratory.perform("experiment run", file="stiff.toml")["luck"]
    assert luck["tries"] == 2 and 0 <= luck["probability"] <= 1


def test_the_same_question_asked_twice_is_one_experiment(laboratory: Any) -> None:
    one = laboratory.perform("experiment run", file="plain.toml")
    laboratory.seen.clear()
    two = laboratory.perform("experiment run", file="plain.toml")
    assert one["id"] == two["id"]
    assert not [what for what in laboratory.seen if "rows" in what]  # nothing was trained
    assert len(laboratory.perform("experiment list")["experiments"]) == 1


@pytest.mark.parametrize("splitter", ["rolling", "purged_k_fold"])
def test_other_splitters_are_told_apart_and_purged(laboratory: Any, splitter: str) -> None:
    text = LINEAR.replace("folds = 3", f'folds = 3\nsplitter = "{splitter}"')
    (laboratory.folder / f"{splitter}.toml").write_text(text)
    facts = laboratory.perform("experiment run", file=f"{splitter}.toml")
    assert len(facts["report"]["folds"]) == 3 and facts["report"]["leaks"]["passed"]
    if splitter == "rolling":
        assert {fold["train"]["count"] for fold in facts["report"]["folds"]} != {1}
        assert facts["report"]["folds"][-1]["train"]["eras"][0] > facts["report"]["folds"][0]["train"]["eras"][0]


def test_a_recorded_experiment_comes_out_again_byte_for_byte(laboratory: Any) -> None:
    laboratory.perform("experiment run", file="plain.toml")
    laboratory.seen.clear()
    facts = laboratory.perform("experiment reproduce", name="plain")
    assert facts["equal"] and facts["exit_code"] == 0 and not facts["code_changed"]
    assert [what for what in laboratory.seen if "rows" in what]  # it was really trained again


def test_a_record_that_does_not_come_out_again_is_told(laboratory: Any) -> None:
    laboratory.perform("experiment run", file="plain.toml")
    with open_workspace_of(laboratory) as tools:
        from eraforge.pipeline.research import records

        record = records.find(tools, "plain")
        wrong = {**record.facts, "predictions": "0" * 64, "code": "0" * 64}
        tools.ledger.record("experiment", record.id, wrong, tools.clock.now())
    facts = laboratory.perform("experiment reproduce", name="plain")
    assert not facts["equal"] and facts["exit_code"] == 3
    assert facts["parts"] == {"report": True, "predictions": False} and facts["code_changed"]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[entry]\nlearner = 'ridge'\nfeature = 'small'", "entry.feature"),
        ("[entry]\nlearner = 'ridge'\n[evaluation]\nfolds = 0", "evaluation.folds"),
        ("[entry]\nlearner = 'ridge'\n[evaluation]\nsplitter = 'shuffled'", "evaluation.splitter"),
        ("note = 3", "note"),
        ("[entry", "no experiment"),
    ],
)
def test_a_wrong_file_is_told_by_its_key(laboratory: Any, text: str, named: str) -> None:
    (laboratory.folder / "wrong.toml").write_text(text)
    with pytest.raises(UserError) as caught:
        laboratory.perform("experiment run", file="wrong.toml")
    assert named in caught.value.sentence


def test_unknown_names_are_answered_with_the_newest(laboratory: Any) -> None:
    laboratory.perform("experiment run", file="plain.toml")
    with pytest.raises(UserError, match="no experiment 'plane'") as caught:
        laboratory.perform("experiment show", name="plane")
    assert "plain" in caught.value.next_step
    with pytest.raises(UserError):
        laboratory.perform("experiment run", file="absent.toml")


def open_workspace_of(workspace: Any) -> Any:
    from eraforge.pipeline.verb import Visit

    return open_workspace(Visit(Path(workspace.folder), workspace.environment))


def test_stored_predictions_cover_every_predicted_era(laboratory: Any) -> None:
    facts = laboratory.perform("experiment run", file="plain.toml")
    with open_workspace_of(laboratory) as tools:
        from eraforge.pipeline.research import records

        frame = pl.read_parquet(tools.objects.path(records.find(tools, "plain").facts["predictions"]))
    assert frame.columns == ["era", "id", "prediction"]
    scored = facts["report"]["scores"][0]["eras"]
    assert frame["era"].unique().sort().to_list() == sorted(scored)
