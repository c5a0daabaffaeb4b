"""When a model is trained anew: by rounds, by data version, never; and always when the entry is another one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from eraforge.core.configuration import load
from eraforge.core.errors import UserError
from eraforge.core.words import Entry
from eraforge.pipeline.steps.ahead import training

ENTRY = Entry(name="linear", account="main", arena="classic", model="alpha", learner="ridge")
LAST = {"round": 1345, "version": "v5.3"}


@pytest.mark.parametrize(
    ("policy", "number", "version", "due"),
    [
        (1, 1345, "v5.3", False),
        (1, 1346, "v5.3", True),
        (5, 1349, "v5.3", False),
        (5, 1350, "v5.3", True),
        (5, 1346, "v5.4", True),
        ("version", 1999, "v5.3", False),
        ("version", 1346, "v5.4", True),
        ("never", 1999, "v5.4", False),
    ],
)
def test_the_policy_says_when(policy: int | str, number: int, version: str, due: bool) -> None:
    assert training.is_due(replace(ENTRY, retrain=policy), number, version, LAST) is due


def test_only_what_makes_the_model_another_makes_it_another() -> None:
    one = training.identity(ENTRY)
    assert one == training.identity(replace(ENTRY, name="x", folds=9, model="beta", retrain="never"))
    assert one != training.identity(replace(ENTRY, settings={"penalty": 2.0}))
    assert one != training.identity(replace(ENTRY, target="target_jasper_60"))


@pytest.mark.parametrize("value", ["0", '"sometimes"', "-3"])
def test_other_policies_are_refused(value: str) -> None:
    with pytest.raises(UserError) as caught:
        load(f'[entries.x]\nmodel = "a"\nlearner = "ridge"\nretrain = {value}\n')
    assert caught.value.code == "wrong-setting"


def test_a_model_that_is_not_due_plays_on_although_it_could_learn_more(workspace: Any) -> None:
    flags = {"entries.linear.retrain": 3, "entries.linear.train_on": "known"}
    fitted = {}
    for number in (1345, 1346, 1348):
        workspace.move_to_round(number)
        facts = workspace.perform("submit", flags, entry="linear")
        fitted[number] = facts["entries"][0]["outcome"]["fitted"]
    assert fitted[1345] == fitted[1346]
