"""Ten thousand folds of all splitters are clean, planted bad splitters are caught, and shuffles are refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.model_selection import KFold, RepeatedKFold, ShuffleSplit, TimeSeriesSplit

from eraforge.core.errors import Broken, UserError
from eraforge.core.panel import Panel, Target
from eraforge.core.ports import Fold
from eraforge.evaluation.checks.practice import practice_calendar
from eraforge.evaluation.report import evaluate
from eraforge.evaluation.splitters.combinatorial import CombinatorialPurged
from eraforge.evaluation.splitters.fold_checks import check_fold, check_folds, refuse_shuffles
from eraforge.evaluation.splitters.foreign import ByEra
from eraforge.evaluation.splitters.purged_k_fold import PurgedKFold
from eraforge.evaluation.splitters.splitter import PurgedSplitter
from eraforge.evaluation.splitters.walk_forward import WalkForward
from eraforge.models.linear import Ridge

CASES = 10_000
HORIZONS = [(20, 8), (60, 16), (60, 0), (1, 0), (20, 3)]
PLAIN = practice_calendar(60, Target("target", 20, purge=8))


@st.composite
def panels(draw: st.DrawFn) -> Panel:
    eras = draw(st.integers(2, 60))
    horizon, purge = draw(st.sampled_from(HORIZONS))
    days = st.dictionaries(st.integers(0, eras - 1), st.integers(1, 200), max_size=4)
    return practice_calendar(eras, Target("target", horizon, purge=purge), draw(days), draw(days))


def faults(panel: Panel, fold: Fold, embargo: int, two_sided: bool) -> list[str]:
    """What is wrong with a fold, pair by pair."""
    target, found = panel.target, []
    place = {era: at for at, era in enumerate(panel.eras)}
    dates, known = panel.moments.dates, panel.moments.known[target.name]
    before, after = (target.purge, target.purge + embargo) if two_sided else (target.purge + embargo, 0)
    for train in map(place.__getitem__, fold.train):
        for predict in map(place.__getitem__, fold.predict):
            if train == predict:
                found.append("both sides")
            elif train < predict and (predict - train <= before or known[train] >= dates[predict]):
                found.append("looks ahead")
            elif train > predict and not two_sided:
                found.append("trains on the future")
            elif train > predict and (train - predict <= after or known[predict] >= dates[train]):
                found.append("reaches training")
    return found


def random_splitters(rng: np.random.Generator) -> list[PurgedSplitter]:
    embargo = int(rng.integers(0, 5))
    return [
        WalkForward(int(rng.integers(1, 6)), expanding=bool(rng.integers(2)), embargo=embargo),
        WalkForward(chunk=int(rng.integers(2, 40)), expanding=bool(rng.integers(2)), embargo=embargo),
        PurgedKFold(int(rng.integers(2, 8)), embargo),
        CombinatorialPurged(int(rng.integers(3, 7)), 2, embargo),
        ByEra(TimeSeriesSplit(int(rng.integers(2, 6))), embargo),
        ByEra(KFold(int(rng.integers(2, 6))), embargo, two_sided=True),
    ]


def test_no_bad_fold_in_ten_thousand_random_cases() -> None:
    """Sizes, horizons, gaps and late labels at random: every fold a splitter gives passes a judge that shares no code
    with it, and every random fold is refused by the check exactly when that judge finds a fault."""
    rng = np.random.default_rng(20)
    folds = refused = bad = judged = 0
    while folds < CASES // 2 or judged < CASES // 2:
        eras = int(rng.integers(6, 90))
        horizon, purge = HORIZONS[rng.integers(5)]
        late = {int(place): int(rng.integers(1, 120)) for place in rng.integers(0, eras, rng.integers(0, 4))}
        gaps = {int(place): int(rng.integers(1, 60)) for place in rng.integers(0, eras, rng.integers(0, 3))}
        panel = practice_calendar(eras, Target("target", horizon, purge=purge), late, gaps)
        for splitter in random_splitters(rng):
            try:
                made = list(splitter.split(panel))
            except UserError as error:
                assert error.code == "too-few-eras"
                refused += 1
                continue
            folds += len(made)
            bad += sum(bool(faults(panel, fold, splitter.embargo, splitter.two_sided)) for fold in made)
        for _ in range(12):
            judged += 1
            bad += not _judged_alike(panel, rng)
    assert bad == 0
    assert refused < folds


def _judged_alike(panel: Panel, rng: np.random.Generator) -> bool:
    def some(low: int, high: int) -> tuple[str, ...]:
        chosen = sorted(set(rng.integers(low, high, rng.integers(1, 5)).tolist()))
        return tuple(panel.eras[place] for place in chosen)

    middle = max(1, int(rng.integers(1, len(panel.eras))))
    fold = Fold(some(0, middle), some(int(rng.integers(0, middle + 1)) if rng.integers(2) else 0, len(panel.eras)))
    two_sided, embargo = bool(rng.integers(2)), int(rng.integers(0, 4))
    try:
        check_fold(panel, fold, panel.target, embargo, two_sided)
    except Broken:
        return bool(faults(panel, fold, embargo, two_sided))
    return not faults(panel, fold, embargo, two_sided)


@given(panels(), st.data())
@settings(max_examples=60, deadline=None)
def test_hypothesis_finds_no_fold_that_the_check_misjudges(panel: Panel, data: st.DataObject) -> None:
    eras = st.lists(st.sampled_from(panel.eras), min_size=1, max_size=5, unique=True).map(
        lambda some: tuple(sorted(some))
    )
    fold, embargo, two_sided = (
        Fold(data.draw(eras), data.draw(eras)),
        data.draw(st.integers(0, 4)),
        data.draw(st.booleans()),
    )
    found = faults(panel, fold, embargo, two_sided)
    if found:
        with pytest.raises(Broken):
            check_fold(panel, fold, panel.target, embargo, two_sided)
    else:
        check_fold(panel, fold, panel.target, embargo, two_sided)


class Planted:
    """A splitter that cuts folds by its own idea."""

    embargo = 0

    def __init__(self, cut: Callable[[int], Iterator[tuple[list[int], list[int]]]], two_sided: bool = False) -> None:
        self.cut = cut
        self.two_sided = two_sided

    def split(self, panel: Panel) -> Iterator[Fold]:
        for train, predict in self.cut(len(panel.eras)):
            yield Fold(tuple(panel.eras[place] for place in train), tuple(panel.eras[place] for place in predict))


def _without_purge(count: int) -> Iterator[tuple[list[int], list[int]]]:
    yield from ((train.tolist(), predict.tolist()) for train, predict in TimeSeriesSplit(3).split(np.zeros(count)))


def _shuffled(count: int) -> Iterator[tuple[list[int], list[int]]]:
    yield from (
        (train.tolist(), predict.tolist()) for train, predict in ShuffleSplit(2, random_state=1).split(np.zeros(count))
    )


def _odd_and_even(count: int) -> Iterator[tuple[list[int], list[int]]]:
    yield list(range(0, count, 2)), list(range(1, count, 2))


def _everything(count: int) -> Iterator[tuple[list[int], list[int]]]:
    yield list(range(count)), list(range(count // 2, count))


def _future_only(count: int) -> Iterator[tuple[list[int], list[int]]]:
    yield list(range(count // 2, count)), list(range(count // 4))


def _purge_of_another_target(count: int) -> Iterator[tuple[list[int], list[int]]]:
    yield list(range(count // 2 - 4)), list(range(count // 2, count))


def _one_side_purged(count: int) -> Iterator[tuple[list[int], list[int]]]:
    yield [*range(10), *range(31, count)], list(range(20, 30))


def _twice(count: int) -> Iterator[tuple[list[int], list[int]]]:
    for _ in range(2):
        yield list(range(20)), list(range(40, count))


@pytest.mark.parametrize("two_sided", [False, True])
@pytest.mark.parametrize(
    "cut",
    [_without_purge, _shuffled, _odd_and_even, _everything, _purge_of_another_target, _one_side_purged, _twice],
)
def test_planted_bad_splitters_are_caught(cut: Any, two_sided: bool) -> None:
    splitter = Planted(cut, two_sided)
    with pytest.raises(Broken):
        check_folds(PLAIN, list(splitter.split(PLAIN)), PLAIN.target, 0, two_sided)
    with pytest.raises(Broken):
        evaluate(Ridge(), PLAIN, splitter)


def test_training_on_the_future_alone_needs_leave() -> None:
    fold = next(Planted(_future_only).split(PLAIN))
    check_fold(PLAIN, fold, PLAIN.target, two_sided=True)
    with pytest.raises(Broken) as caught:
        check_fold(PLAIN, fold, PLAIN.target)
    assert caught.value.code == "fold-overlaps"


@pytest.mark.parametrize(
    ("fold", "two_sided", "code"),
    [
        (Fold(("0001", "0010"), ("0021", "0022")), False, "fold-embargo-too-short"),
        (Fold(("0040",), ("0030",)), True, "fold-embargo-too-short"),
        (Fold(("0001", "0025"), ("0010",)), True, "fold-label-reaches-training"),
    ],
)
def test_an_embargo_and_a_late_predicted_label_are_told_by_name(fold: Fold, two_sided: bool, code: str) -> None:
    panel = practice_calendar(60, Target("target", 20, purge=8), {9: 200})
    with pytest.raises(Broken) as caught:
        check_fold(panel, fold, panel.target, 3, two_sided)
    assert caught.value.code == code


@pytest.mark.parametrize(
    "splitter",
    [KFold(3, shuffle=True), ShuffleSplit(3), RepeatedKFold(n_splits=3)],
    ids=lambda one: type(one).__name__,
)
def test_shuffles_are_refused_with_a_sentence(splitter: Any) -> None:
    for ask in (lambda: refuse_shuffles(splitter), lambda: ByEra(splitter), lambda: evaluate(Ridge(), PLAIN, splitter)):
        with pytest.raises(UserError, match="shuffles") as caught:
            ask()
        assert caught.value.code == "splitter-shuffles"
    with pytest.raises(UserError, match="trained on what it predicts"):
        PurgedKFold(shuffle=True)


def test_a_clean_scikit_learn_splitter_is_purged_and_used() -> None:
    folds = list(ByEra(TimeSeriesSplit(3)).split(PLAIN))
    whole = list(TimeSeriesSplit(3).split(np.zeros(60)))
    for fold, (train, predict) in zip(folds, whole, strict=True):
        assert fold.predict == tuple(PLAIN.eras[place] for place in predict)
        assert fold.train == tuple(PLAIN.eras[place] for place in train[:-8])
