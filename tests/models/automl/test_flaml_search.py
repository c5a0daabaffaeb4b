"""FLAML: purged folds are forced upon it, its find is trained by our own LightGBM, and tries end the search."""

from __future__ import annotations

import numpy as np
import pytest

from eraforge.core.errors import Broken, UserError
from eraforge.evaluation.checks.practice import practice_panel
from eraforge.models.automl.flaml_search import FLAML, _Folds
from eraforge.models.boosting import LightGBM
from eraforge.models.progress import reporting

pytest.importorskip("flaml", reason="the extra automl is not installed")

PANEL = practice_panel(eras=24, rows=40)
TRUTH = PANEL.collect()["target"].to_numpy().astype(float)


def test_finds_settings_and_trains_them_on_everything() -> None:
    heard: list[tuple[str, float, float]] = []
    with reporting(lambda what, done, total: heard.append((what, done, total))):
        fitted = FLAML(tries=4, folds=2, max_trees=40, threads=1).fit(PANEL)
    assert ("tries", 4, 4) in heard
    own = LightGBM(**fitted.settings)
    assert own.max_depth == -1
    assert own.fit(PANEL).save() == fitted.save()
    assert own.n_estimators <= 40


def test_folds_are_purged_eras() -> None:
    folds = _Folds(PANEL, TRUTH, 2, tries=1)
    eras = PANEL.collect()["era"].to_numpy()
    for past, future in folds.split(None):
        assert int(eras[future].min()) - int(eras[past].max()) > PANEL.target.purge


def test_a_search_that_scores_other_rows_is_stopped() -> None:
    folds = _Folds(PANEL, TRUTH, 2, tries=1)
    next(folds.split(None))
    with pytest.raises(Broken) as caught:
        folds.metric(None, np.zeros(3), None)
    assert caught.value.code == "search-left-its-folds"


@pytest.mark.parametrize("settings", [{"tries": 0}, {"folds": 0}, {"every": 0}, {"max_trees": 3}, {"threads": -1}])
def test_refuses_settings_that_make_no_sense(settings: dict[str, int]) -> None:
    with pytest.raises(UserError) as caught:
        FLAML(**settings)
    assert next(iter(settings)) in caught.value.sentence
