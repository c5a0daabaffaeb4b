"""Folds are clean by count and by date, for any size, horizon and holiday; planted bad splitters are caught."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from eraforge.core.errors import Broken, UserError
from eraforge.core.panel import Moments, Panel, Target
from eraforge.core.ports import Fold
from eraforge.evaluation.checks.practice import practice_panel
from eraforge.evaluation.splitters.fold_checks import check_fold, check_folds
from eraforge.evaluation.splitters.purging import clean_past
from eraforge.evaluation.splitters.walk_forward import OFFICIAL_CHUNK, WalkForward


def panel_with(eras: int, purge: int, horizon: int, holidays: dict[int, int]) -> Panel:
    """A panel whose label of era `place` comes `holidays[place]` days late."""
    panel = practice_panel(eras=eras, rows=1, features=1, horizon=horizon, purge=purge)
    known = panel.moments.known["target"]
    late = tuple(day + timedelta(days=holidays.get(place, 0)) for place, day in enumerate(known))
    moments = Moments(panel.moments.eras, panel.moments.dates, {"target": late})
    return replace(panel, moments=moments)


@st.composite
def cases(draw: st.DrawFn) -> tuple[Panel, WalkForward]:
    eras = draw(st.integers(2, 120))
    horizon, purge = draw(st.sampled_from([(20, 8), (60, 16), (60, 0), (1, 0), (20, 3)]))
    holidays = draw(st.dictionaries(st.integers(0, eras - 1), st.integers(1, 200), max_size=6))
    splitter = WalkForward(
        folds=draw(st.integers(1, 6)),
        chunk=draw(st.none() | st.integers(1, 60)),
        expanding=draw(st.booleans()),
        embargo=draw(st.integers(0, 5)),
    )
    return panel_with(eras, purge, horizon, holidays), splitter


@given(cases())
@settings(max_examples=50, deadline=None)
def test_every_fold_is_clean_or_refused(case: tuple[Panel, WalkForward]) -> None:
    panel, splitter = case
    try:
        folds = list(splitter.split(panel))
    except UserError as error:
        assert error.code == "too-few-eras"
        return
    check_folds(panel, folds, panel.target)
    position, dates, known = panel.moments.position, panel.moments.dates, panel.moments.known["target"]
    for fold in folds:
        first = position[fold.predict[0]]
        for era in fold.train:
            assert position[era] < first - panel.target.purge - splitter.embargo
            assert known[position[era]] < dates[first]
    predicted = [era for fold in folds for era in fold.predict]
    assert predicted == list(panel.eras[position[predicted[0]] :]), "every era after the first block, once, in order"


@given(cases(), st.data())
@settings(max_examples=50, deadline=None)
def test_nothing_clean_is_left_out_of_an_expanding_fold(case: tuple[Panel, WalkForward], data: st.DataObject) -> None:
    panel, splitter = case
    first = data.draw(st.integers(1, len(panel.eras) - 1))
    kept = clean_past(panel, range(first), first, panel.target, splitter.embargo)
    for place in set(range(first)) - set(kept):
        near = place >= first - panel.target.purge - splitter.embargo
        assert near or panel.moments.known["target"][place] >= panel.moments.dates[first]


@given(cases(), st.data())
@settings(max_examples=50, deadline=None)
def test_any_fold_that_looks_ahead_is_caught(case: tuple[Panel, WalkForward], data: st.DataObject) -> None:
    """Whatever eras a splitter picks: the check passes it exactly when every rule holds."""
    panel, _ = case
    places = st.lists(st.integers(0, len(panel.eras) - 1), min_size=1, max_size=6)
    train, predict = data.draw(places), data.draw(places)
    assume(max(train) < max(predict))
    fold = Fold(tuple(panel.eras[place] for place in train), tuple(panel.eras[place] for place in predict))
    known, dates = panel.moments.known["target"], panel.moments.dates
    clean = (
        train == sorted(set(train))
        and predict == sorted(set(predict))
        and predict[0] - train[-1] > panel.target.purge
        and all(known[place] < dates[predict[0]] for place in train)
    )
    if clean:
        check_fold(panel, fold, panel.target)
        return
    with pytest.raises(Broken):
        check_fold(panel, fold, panel.target)


def test_a_holiday_that_delays_a_label_past_the_count_is_purged() -> None:
    late = panel_with(40, 8, 20, {10: 60})
    fold = next(iter(WalkForward(folds=1).split(late)))
    assert "0011" not in fold.train
    assert {"0010", "0012"} <= set(fold.train)


GOOD = Fold(("0001", "0002"), ("0020", "0021"))

BAD: dict[str, tuple[str, Callable[[], Fold]]] = {
    "shuffled training": ("fold-out-of-order", lambda: replace(GOOD, train=("0002", "0001"))),
    "shuffled prediction": ("fold-out-of-order", lambda: replace(GOOD, predict=("0021", "0020"))),
    "repeated era": ("fold-out-of-order", lambda: replace(GOOD, train=("0001", "0001"))),
    "an era on both sides": ("fold-overlaps", lambda: replace(GOOD, train=("0001", "0020"))),
    "training on the future": ("fold-overlaps", lambda: Fold(("0020",), ("0001",))),
    "training around the prediction": ("fold-overlaps", lambda: replace(GOOD, train=("0001", "0030"))),
    "no purge": ("fold-purge-too-short", lambda: replace(GOOD, train=("0019",))),
    "one era too few": ("fold-purge-too-short", lambda: replace(GOOD, train=("0012",))),
    "label delayed past the count": ("fold-label-looks-ahead", lambda: replace(GOOD, train=("0001", "0003"))),
    "nothing to train on": ("fold-empty", lambda: replace(GOOD, train=())),
    "nothing to predict": ("fold-empty", lambda: replace(GOOD, predict=())),
    "an era that is not there": ("fold-unknown-era", lambda: replace(GOOD, train=("0000",))),
}


@pytest.mark.parametrize("name", BAD)
def test_planted_bad_folds_are_caught_by_name(name: str) -> None:
    code, make = BAD[name]
    panel = panel_with(40, 8, 20, {2: 200})
    check_fold(panel, GOOD, panel.target)
    with pytest.raises(Broken) as caught:
        check_fold(panel, make(), panel.target)
    assert caught.value.code == code


def test_an_era_predicted_by_two_folds_is_caught() -> None:
    panel = panel_with(40, 8, 20, {})
    with pytest.raises(Broken) as caught:
        check_folds(panel, [GOOD, Fold(("0001",), ("0021", "0022"))], panel.target)
    assert caught.value.code == "fold-predicts-twice"


def test_a_target_without_known_dates_is_refused() -> None:
    panel = panel_with(40, 8, 20, {})
    bare = replace(panel, moments=Moments(panel.moments.eras, panel.moments.dates))
    with pytest.raises(Broken, match="when it becomes known"):
        list(WalkForward(folds=2).split(bare))


def test_the_official_scheme_is_the_one_of_the_benchmark_models() -> None:
    panel = panel_with(1000, 8, 20, {})
    folds = list(WalkForward.official().split(panel))
    ends = [(fold.train[0], fold.train[-1], fold.predict[0], fold.predict[-1]) for fold in folds]
    assert ends[:3] == [
        ("0001", "0148", "0157", "0312"),
        ("0001", "0304", "0313", "0468"),
        ("0001", "0460", "0469", "0624"),
    ]
    assert ends[3][:3] == ("0001", "0616", "0625")
    assert ends[-1][2:] == ("0937", "1000")
    assert all(len(fold.predict) == OFFICIAL_CHUNK for fold in folds[:-1])


def test_a_rolling_window_forgets_the_far_past() -> None:
    panel = panel_with(100, 8, 20, {})
    folds = list(WalkForward(chunk=25, expanding=False).split(panel))
    assert [(fold.train[0], fold.train[-1]) for fold in folds] == [("0001", "0017"), ("0026", "0042"), ("0051", "0067")]


def test_a_longer_target_is_purged_longer() -> None:
    def last(horizon: int, purge: int) -> str:
        return next(iter(WalkForward(chunk=50).split(panel_with(60, purge, horizon, {})))).train[-1]

    assert (last(20, 8), last(60, 16)) == ("0042", "0034")


def test_the_purge_belongs_to_the_main_target() -> None:
    panel = panel_with(60, 8, 20, {})
    longer = Target("target", 60, purge=16)
    fold = next(iter(WalkForward(chunk=50).split(panel)))
    with pytest.raises(Broken) as caught:
        check_fold(panel, fold, longer)
    assert caught.value.code == "fold-purge-too-short"


@pytest.mark.parametrize("settings", [{"folds": 0}, {"chunk": 0}, {"embargo": -1}])
def test_refuses_settings_that_make_no_sense(settings: dict[str, int]) -> None:
    with pytest.raises(UserError) as caught:
        WalkForward(**settings)  # type: ignore[arg-type]
    assert caught.value.code == "splitter-setting"


@pytest.mark.parametrize("eras", [1, 3, 12])
def test_refuses_too_few_eras_with_a_sentence(eras: int) -> None:
    with pytest.raises(UserError) as caught:
        list(WalkForward(folds=3).split(panel_with(eras, 8, 20, {})))
    assert caught.value.code == "too-few-eras"
