"""A blend learns from out-of-fold predictions alone."""

from __future__ import annotations

import pytest

from eraforge.core.errors import Broken
from eraforge.core.panel import Target
from eraforge.core.ports import Fold
from eraforge.evaluation.checks.practice import practice_calendar
from eraforge.evaluation.splitters.blends import check_blend
from eraforge.evaluation.splitters.purged_k_fold import PurgedKFold
from eraforge.evaluation.splitters.walk_forward import WalkForward

PANEL = practice_calendar(120, Target("target", 20, purge=8))
HONEST = list(WalkForward(folds=3).split(PANEL))
BLEND = Fold(PANEL.eras[30:80], PANEL.eras[90:])


def code_of(blend: Fold, members: dict[str, list[Fold]], two_sided: bool = False) -> str:
    with pytest.raises(Broken) as caught:
        check_blend(PANEL, blend, members, PANEL.target, two_sided)
    return caught.value.code


def test_a_blend_of_out_of_fold_predictions_passes() -> None:
    check_blend(PANEL, BLEND, {"one": HONEST, "other": HONEST}, PANEL.target)


def test_weights_learned_from_in_sample_predictions_are_caught() -> None:
    assert code_of(Fold(PANEL.eras[:80], PANEL.eras[90:]), {"one": HONEST}) == "blend-not-out-of-fold"
    assert code_of(BLEND, {"one": [Fold(PANEL.eras[:80], PANEL.eras[:80])]}) == "fold-overlaps"


def test_a_member_that_saw_what_the_blend_predicts_is_caught() -> None:
    folds = list(PurgedKFold(4).split(PANEL))
    assert code_of(BLEND, {"one": folds}, two_sided=True) == "blend-member-saw-the-predicted"


def test_a_blend_without_purge_is_caught() -> None:
    assert code_of(Fold(PANEL.eras[30:89], PANEL.eras[90:]), {"one": HONEST}) == "fold-purge-too-short"
