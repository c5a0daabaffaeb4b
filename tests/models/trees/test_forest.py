"""Forests: LightGBM's own, and as good as scikit-learn's on unseen rows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.ensemble import ExtraTreesRegressor, RandomForestRegressor

from eraforge.core.errors import DataError, UserError
from eraforge.evaluation.checks.practice import practice_panel
from eraforge.models.ranking import era_corr, predictions_frame
from eraforge.models.trees.forest import ExtraTrees, RandomForest

PANEL = practice_panel(eras=20, rows=100, signal=0.4)
UNSEEN = practice_panel(seed=2, eras=20, rows=100, signal=0.4)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (RandomForest(n_estimators=80), RandomForestRegressor),
        (ExtraTrees(n_estimators=80), ExtraTreesRegressor),
    ],
)
def test_finds_as_much_in_unseen_rows_as_scikit_learn(ours: RandomForest, theirs: type) -> None:
    truth = PANEL.collect()["target"].to_numpy()
    forest = theirs(80, min_samples_leaf=20, max_features=ours.feature_share, random_state=0).fit(PANEL.matrix(), truth)
    keys, labels = UNSEEN.collect(), UNSEEN.collect()["target"].to_numpy()
    oracle = era_corr(predictions_frame(keys, forest.predict(UNSEEN.matrix())), labels).mean()
    assert era_corr(ours.fit(PANEL).predict(UNSEEN), labels).mean() > 0.85 * oracle


def test_threads_change_no_byte_and_kinds_are_told_apart() -> None:
    forest = RandomForest(n_estimators=20, threads=1)
    data = forest.fit(PANEL).save()
    assert replace(forest, threads=2).fit(PANEL).save() == data
    with pytest.raises(DataError) as caught:
        ExtraTrees().load(data)
    assert caught.value.code == "saved-model-of-another-kind"
    drawn = ExtraTrees(n_estimators=20, feature_share=forest.feature_share, threads=1).fit(PANEL).predict(PANEL)
    assert np.abs(drawn["prediction"] - forest.fit(PANEL).predict(PANEL)["prediction"]).max() > 0.01


@pytest.mark.parametrize("settings", [{"row_share": 1.0}, {"feature_share": 0.0}, {"num_leaves": 1}])
def test_refuses_settings_that_make_no_sense(settings: dict[str, float]) -> None:
    with pytest.raises(UserError) as caught:
        RandomForest(**settings)  # type: ignore[arg-type]
    assert next(iter(settings)) in caught.value.sentence
