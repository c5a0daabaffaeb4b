"""How a learner looks at time: what lies between training and judging, and what each era weighs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from eraforge.core.errors import UserError
from eraforge.evaluation.checks.practice import practice_panel
from eraforge.evaluation.splitters.fold_checks import check_folds
from eraforge.models.eras import Watch, inner_folds, labelled_eras, purged_tail, row_weights

PANEL = practice_panel(eras=30, rows=10, features=4)


@given(eras=st.integers(2, 60), purge=st.integers(0, 20), count=st.integers(1, 6))
def test_inner_folds_are_clean_by_the_referee_of_all_folds(eras: int, purge: int, count: int) -> None:
    panel = practice_panel(eras=eras, rows=3, features=2, purge=purge)
    try:
        folds = list(inner_folds(panel, count))
    except UserError as error:
        assert error.code == "too-few-eras-for-inner-folds"
        return
    check_folds(panel, folds, panel.target)


@given(eras=st.integers(1, 60), purge=st.integers(0, 20), share=st.floats(0.01, 0.9))
def test_the_tail_is_purged_by_count_and_by_date(eras: int, purge: int, share: float) -> None:
    panel = practice_panel(eras=eras, rows=3, features=2, purge=purge)
    try:
        earlier, tail = purged_tail(panel, share)
    except UserError as error:
        assert error.code == "too-few-eras-to-stop-early"
        return
    place = panel.moments.position
    assert place[tail.eras[0]] - place[earlier.eras[-1]] > purge
    known = panel.moments.known[panel.target.name][place[earlier.eras[-1]]]
    assert known < panel.moments.date_of(tail.eras[0])
    assert tail.eras[-1] == panel.eras[-1]


def test_eras_without_a_label_are_no_tail() -> None:
    masked = pl.when(pl.col("era") < "0021").then(pl.col("target")).alias("target")
    panel = replace(PANEL, frame=PANEL.frame.with_columns(masked))
    assert labelled_eras(panel) == PANEL.eras[:20]
    assert purged_tail(panel, 0.2)[1].eras == PANEL.eras[16:20]


def test_weights_forget_by_half_life_and_make_eras_even() -> None:
    uneven = replace(PANEL, frame=PANEL.frame.filter((pl.col("era") != "0030") | (pl.int_range(pl.len()) % 2 == 0)))
    assert row_weights(uneven, 0.0, even=False) is None
    weights = row_weights(uneven, 5.0, even=True)
    assert weights is not None
    frame = uneven.collect().with_columns(weight=weights).group_by("era").agg(pl.col("weight").sum()).sort("era")
    totals = frame["weight"].to_numpy()
    np.testing.assert_allclose(totals[24] / totals[29], 0.5)
    np.testing.assert_allclose(totals[:25] / totals[5:], 0.5)
    np.testing.assert_allclose(weights.mean(), 1.0)


def test_the_watch_keeps_the_best_number_of_trees_and_knows_when_to_stop() -> None:
    truth = PANEL.collect()["target"].to_numpy().astype(float)
    watch = Watch(PANEL, patience=20)
    assert not watch.add(truth, 10)
    assert not watch.add(-0.9 * truth + np.arange(300) % 7, 20)
    assert watch.add(-np.arange(300) % 7.0, 30)
    assert watch.best_trees == 10
    assert watch.best > 0.9
