"""Purged k-fold: each era predicted once, trained on both sides, equal to plain k-fold where nothing overlaps."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.model_selection import KFold

from eraforge.core.errors import UserError
from eraforge.core.panel import Target
from eraforge.evaluation.checks.practice import practice_calendar, practice_panel
from eraforge.evaluation.report import evaluate
from eraforge.evaluation.splitters.purged_k_fold import PurgedKFold
from eraforge.models.linear import Ridge


def test_both_sides_are_purged_and_the_later_one_embargoed() -> None:
    folds = list(PurgedKFold(4, embargo=2).split(practice_calendar(80, Target("target", 20, purge=8))))
    assert [(fold.predict[0], fold.predict[-1]) for fold in folds] == [
        ("0001", "0020"), ("0021", "0040"), ("0041", "0060"), ("0061", "0080")
    ]  # fmt: skip
    second = folds[1]
    assert second.train == (*(f"{era:04d}" for era in range(1, 13)), *(f"{era:04d}" for era in range(51, 81)))


def test_equals_k_fold_of_scikit_learn_where_labels_do_not_overlap() -> None:
    panel = practice_calendar(63, Target("target", 1, purge=0))
    for ours, (train, predict) in zip(PurgedKFold(7).split(panel), KFold(7).split(np.zeros(63)), strict=True):
        assert ours.predict == tuple(panel.eras[place] for place in predict)
        assert ours.train == tuple(panel.eras[place] for place in train)
    assert panel.target == Target("target", 1)


def test_an_evaluation_scores_every_era_once() -> None:
    panel = practice_panel(eras=40, rows=20, features=4)
    report = evaluate(Ridge(), panel, PurgedKFold(3), train_eras=0)
    assert report.predictions["era"].unique(maintain_order=True).to_list() == list(panel.eras)
    assert report.figure("CORR", "mean").value > 0.2


@pytest.mark.parametrize("settings", [{"folds": 1}, {"embargo": -1}])
def test_refuses_settings_that_make_no_sense(settings: dict[str, int]) -> None:
    with pytest.raises(UserError) as caught:
        PurgedKFold(**settings)  # type: ignore[arg-type]
    assert caught.value.code == "splitter-setting"


def test_refuses_a_panel_that_purging_empties() -> None:
    with pytest.raises(UserError) as caught:
        list(PurgedKFold(2).split(practice_calendar(12, Target("target", 20, purge=8))))
    assert caught.value.code == "too-few-eras"
