"""evaluate: clean folds, out-of-fold scores equal to the reference, no way for a model to see what it may not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest
from numerai_tools.scoring import correlation_contribution, numerai_corr

from eraforge.core.errors import Broken, DataError, UserError
from eraforge.core.panel import Moments, Panel, Sample
from eraforge.core.ports import Fitted, Fold, Model
from eraforge.evaluation.checks.practice import practice_panel
from eraforge.evaluation.report import Report, evaluate
from eraforge.evaluation.splitters.purged_k_fold import PurgedKFold
from eraforge.evaluation.splitters.walk_forward import WalkForward
from eraforge.models.boosting import LightGBM
from eraforge.models.ensembles.rank_average import RankAverage
from eraforge.models.linear import Ridge
from eraforge.models.ranking import rank_to_unit

PANEL = practice_panel(eras=45, rows=40)
SPLITTER = WalkForward(folds=2)


def meta_model(panel: Panel, eras: int) -> pl.DataFrame:
    rows = panel.where_eras(panel.eras[-eras:]).collect()
    noise = np.random.default_rng(5).normal(size=rows.height)
    return rows.select("era", "id", meta_model=pl.col("feature_0") + pl.Series(noise))


@dataclass(frozen=True)
class Recorder:
    """A model that remembers what it was shown, and predicts its first feature."""

    seen: list[pl.DataFrame]
    asked: list[pl.DataFrame]

    def fit(self, panel: Panel) -> Recorder:
        self.seen.append(panel.collect())
        return self

    def predict(self, panel: Panel) -> pl.DataFrame:
        rows = panel.collect()
        self.asked.append(rows)
        return rows.select("era", "id", prediction=pl.col("feature_0").cast(pl.Float64))

    def save(self) -> bytes:
        return b""

    def load(self, data: bytes) -> Recorder:
        return self


def test_scores_equal_the_reference_on_the_out_of_fold_predictions() -> None:
    meta = meta_model(PANEL, 12)
    report = evaluate(Ridge(), PANEL, SPLITTER, meta_model=meta)
    corr, mmc = report.scores
    truth = PANEL.collect().with_columns(pl.col("target").cast(pl.Float64))
    rows = report.predictions.join(truth, on=["era", "id"]).join(meta, on=["era", "id"], how="left")
    for era, ours in corr.values.items():
        part = rows.filter(pl.col("era") == era).to_pandas().set_index("id")
        assert ours == pytest.approx(numerai_corr(part[["prediction"]], part["target"])["prediction"], abs=1e-12)
        if era in PANEL.eras[-12:]:
            theirs = correlation_contribution(part[["prediction"]], part["meta_model"], part["target"])
            assert mmc.values[era] == pytest.approx(theirs["prediction"], abs=1e-12)
        else:
            assert mmc.values[era] is None
    assert report.figure("MMC", "mean").eras == 12
    assert report.figure("CORR", "mean").eras == 30


def test_headline_figures_are_of_the_validation_sample_and_train_figures_stay_in_their_fold() -> None:
    report = evaluate(LightGBM(n_estimators=40, threads=1), PANEL, SPLITTER)
    assert {figure.sample for figure in report.figures} == {Sample.VALIDATION}
    assert {scores.sample for scores in report.scores} == {Sample.VALIDATION}
    for fold in report.folds:
        assert fold.train_corr is not None
        assert fold.train_corr.sample is Sample.TRAIN
    first = report.folds[0].train_corr
    assert first is not None
    assert first.value is not None
    assert first.value > (report.figure("CORR", "mean").value or 1), "forty trees on seven eras overfit"


def test_a_model_sees_no_row_and_no_label_it_may_not() -> None:
    model = Recorder([], [])
    evaluate(model, PANEL, SPLITTER, train_eras=0)
    folds = list(SPLITTER.split(PANEL))
    for fold, seen, asked in zip(folds, model.seen, model.asked, strict=True):
        assert tuple(seen["era"].unique().sort()) == fold.train
        assert "target" not in asked.columns
        assert tuple(asked["era"].unique().sort()) == fold.predict


def test_labels_that_come_late_are_never_trained_on() -> None:
    dates = PANEL.moments.dates
    known = list(PANEL.moments.known["target"])
    known[3] = dates[20] + timedelta(days=1)
    moments = Moments(PANEL.eras, dates, {"target": tuple(known)})
    model = Recorder([], [])
    evaluate(model, replace(PANEL, moments=moments), SPLITTER, train_eras=0)
    assert "0004" not in set(model.seen[0]["era"])
    assert "0004" in set(model.seen[1]["era"])


def test_a_splitter_that_lies_is_stopped_before_anything_is_trained() -> None:
    class Shuffled:
        def split(self, panel: Panel) -> Iterator[Fold]:
            yield Fold(panel.eras[::2], panel.eras[1::2])

    model = Recorder([], [])
    with pytest.raises(Broken):
        evaluate(model, PANEL, Shuffled())
    assert not model.seen


def test_equal_inputs_give_equal_reports_whose_json_is_equal_too() -> None:
    first, second = (evaluate(Ridge(), PANEL, SPLITTER, meta_model=meta_model(PANEL, 12)) for _ in range(2))
    assert first == second
    assert json.dumps(first.as_dict()) == json.dumps(second.as_dict())
    assert first != evaluate(Ridge(penalty=3.0), PANEL, SPLITTER, meta_model=meta_model(PANEL, 12))
    assert first.as_dict()["synthetic"] == PANEL.synthetic


def test_folds_are_trained_through_the_callers_fit() -> None:
    remembered: dict[tuple[str, ...], Fitted] = {}
    trained: list[int] = []

    def fit(model: Model, panel: Panel) -> Fitted:
        if panel.eras not in remembered:
            trained.append(len(panel.eras))
            remembered[panel.eras] = model.fit(panel)
        return remembered[panel.eras]

    first, second = (evaluate(Ridge(), PANEL, SPLITTER, fit=fit) for _ in range(2))
    assert first == second == evaluate(Ridge(), PANEL, SPLITTER)
    assert trained == [7, 22]


def test_progress_tells_folds_and_the_trees_within_them() -> None:
    heard: list[tuple[str, float, float]] = []
    model = LightGBM(n_estimators=3, threads=1)
    evaluate(model, PANEL, SPLITTER, progress=lambda what, done, total: heard.append((what, done, total)))
    assert [done for what, done, _ in heard if what == "folds"] == [0, 1, 2]
    assert [done for what, done, _ in heard if what == "trees"] == [1, 2, 3, 1, 2, 3]


def test_eras_whose_target_is_unknown_are_reported_as_not_scored() -> None:
    last = list(PANEL.eras[-4:])
    hidden = pl.when(~pl.col("era").is_in(last)).then(pl.col("target")).alias("target")
    panel = replace(PANEL, frame=PANEL.collect().with_columns(hidden).lazy())
    report = evaluate(Ridge(), panel, SPLITTER)
    assert [report.scores[0].values[era] for era in last] == [None] * 4
    assert report.figure("CORR", "mean").eras == 26


def without_the_lowest(panel: Panel, share: float = 0.3) -> Panel:
    """The panel in which the rows of each era that stand lowest in a feature never get a label: who fell is gone."""
    fallen = pl.col("feature_0") + pl.int_range(pl.len()) * 1e-6
    rank = ((fallen.rank("ordinal") - 0.5) / pl.len()).over("era")
    frame = panel.collect().with_columns(target=pl.when(rank > share).then(pl.col("target")))
    return replace(panel, frame=frame.lazy())


def test_rows_whose_label_never_comes_are_predicted_and_not_scored() -> None:
    panel = without_the_lowest(PANEL)
    report = evaluate(Ridge(), panel, SPLITTER, meta_model=meta_model(PANEL, 12))
    predicted = panel.where_eras(PANEL.eras[-30:]).collect().join(report.predictions, on=["era", "id"])
    assert predicted.height == report.predictions.height == 30 * 40
    assert report.scored_rows == report.as_dict()["scored_rows"] == 30 * 28
    labelled = predicted.filter(pl.col("target").is_not_null())
    for scores in report.scores:
        assert len(scores.scored()) == (30 if scores.name == "CORR" else 12), "three tenths missing stop no score"
    for era, ours in report.scores[0].values.items():
        part = labelled.filter(pl.col("era") == era).to_pandas().set_index("id")
        theirs = numerai_corr(part[["prediction"]], part["target"].astype(float))["prediction"]
        assert ours == pytest.approx(theirs, abs=1e-12)


def test_a_model_learns_from_labelled_rows_alone_and_ranks_all_of_them() -> None:
    panel, model = without_the_lowest(PANEL), Recorder([], [])
    evaluate(model, panel, SPLITTER, train_eras=0)
    assert {part["target"].null_count() for seen in model.seen for part in seen.partition_by("era")} == {12}, (
        "handed on"
    )
    learned = evaluate(Ridge(), panel, SPLITTER, train_eras=0).predictions
    told = evaluate(Ridge(), panel, SPLITTER, fit=lambda one, rows: one.fit(rows.labelled()), train_eras=0).predictions
    assert learned.equals(told)
    assert [len(asked) for asked in model.asked] == [15 * 40, 15 * 40]
    made = evaluate(RankAverage({"one": {"learner": "ridge"}}), panel, SPLITTER, train_eras=0).predictions
    ranked = rank_to_unit(evaluate(Ridge(), panel, SPLITTER, train_eras=0).predictions)
    assert np.allclose(made["prediction"], ranked["prediction"])
    assert {len(part) for part in ranked.partition_by("era")} == {40}


def test_predictions_that_are_not_the_rows_asked_for_are_refused() -> None:
    class Backwards(Recorder):
        def predict(self, panel: Panel) -> pl.DataFrame:
            return super().predict(panel).reverse()

    with pytest.raises(DataError) as caught:
        evaluate(Backwards([], []), PANEL, SPLITTER)
    assert caught.value.code == "predictions-do-not-fit"


def test_constant_predictions_are_not_scored_and_that_is_said() -> None:
    class Constant(Recorder):
        def predict(self, panel: Panel) -> pl.DataFrame:
            return super().predict(panel).with_columns(prediction=pl.lit(0.5))

    with pytest.raises(UserError) as caught:
        evaluate(Constant([], []), PANEL, SPLITTER)
    assert caught.value.code == "nothing-scored"


def test_an_unknown_figure_is_refused_with_the_known_ones() -> None:
    report: Report = evaluate(Ridge(), PANEL, SPLITTER)
    with pytest.raises(UserError) as caught:
        report.figure("CORR", "median")
    assert "CORR sharpe" in caught.value.next_step


@pytest.mark.parametrize("splitter", [WalkForward(folds=2), PurgedKFold(folds=3)])
def test_a_blend_that_learns_its_weights_in_sample_is_stopped(splitter: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault planted in the inner folds: no purge between what members learn and what the weights are learned from."""
    from eraforge.models.ensembles import evidence
    from eraforge.models.ensembles.learned_weights import Greedy

    panel = practice_panel(eras=90)
    model = Greedy(members={"one": {"learner": "ridge"}, "two": {"learner": "ridge", "settings": {"penalty": 9.0}}})
    assert evaluate(model, panel, splitter, train_eras=0).figure("CORR", "mean").value
    monkeypatch.setattr(evidence, "inner_folds", lambda part, _: [Fold(part.eras[:10], part.eras[10:14])])
    with pytest.raises(Broken, match="eras lie between"):
        evaluate(model, panel, splitter, train_eras=0)
