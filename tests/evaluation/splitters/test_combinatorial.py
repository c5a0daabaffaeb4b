"""Combinatorial purged folds: every choice once, and paths that each cover the whole history once."""

from __future__ import annotations

from itertools import combinations

import pytest

from eraforge.core.errors import Broken, UserError
from eraforge.core.panel import Target
from eraforge.evaluation.checks.practice import practice_calendar
from eraforge.evaluation.report import evaluate
from eraforge.evaluation.splitters.combinatorial import CombinatorialPurged
from eraforge.models.linear import Ridge


def plain(count: int, blocks: int, predicted: int, purge: int, embargo: int) -> list[tuple[list[int], list[int]]]:
    """The definition, written out: purge on both sides of every predicted era, embargo after it."""
    edges = [count * step // blocks for step in range(blocks + 1)]
    folds = []
    for chosen in combinations(range(blocks), predicted):
        test = [place for one in chosen for place in range(edges[one], edges[one + 1])]
        barred = {place + step for place in test for step in range(-purge, purge + embargo + 1)}
        folds.append(([place for place in range(count) if place not in barred], test))
    return folds


@pytest.mark.parametrize(("blocks", "predicted", "embargo"), [(6, 2, 0), (5, 3, 2), (8, 1, 1), (10, 2, 0)])
def test_equals_the_plain_definition(blocks: int, predicted: int, embargo: int) -> None:
    panel = practice_calendar(117, Target("target", 10, purge=4))
    ours = list(CombinatorialPurged(blocks, predicted, embargo).split(panel))
    expected = plain(117, blocks, predicted, 4, embargo)
    assert [([int(era) - 1 for era in fold.train], [int(era) - 1 for era in fold.predict]) for fold in ours] == expected


@pytest.mark.parametrize(("blocks", "predicted"), [(6, 2), (5, 3), (4, 1)])
def test_each_path_takes_every_block_from_a_fold_that_predicted_it(blocks: int, predicted: int) -> None:
    splitter = CombinatorialPurged(blocks, predicted)
    choices = list(combinations(range(blocks), predicted))
    assert splitter.folds == len(choices)
    paths = splitter.paths()
    assert len(paths) == len(choices) * predicted // blocks
    assert all(block in choices[fold] for path in paths for block, fold in enumerate(path))
    used = sorted((fold, block) for path in paths for block, fold in enumerate(path))
    assert used == sorted((fold, block) for fold, chosen in enumerate(choices) for block in chosen)


def test_a_report_of_one_path_does_not_take_many() -> None:
    with pytest.raises(Broken) as caught:
        evaluate(Ridge(), practice_calendar(120, Target("target", 20, purge=8)), CombinatorialPurged(4, 2))
    assert caught.value.code == "fold-predicts-twice"


@pytest.mark.parametrize("settings", [{"predicted": 6}, {"predicted": 0}, {"embargo": -1}, {"blocks": 17}])
def test_refuses_settings_that_make_no_sense(settings: dict[str, int]) -> None:
    with pytest.raises(UserError) as caught:
        CombinatorialPurged(**settings)
    assert caught.value.code == "splitter-setting"
