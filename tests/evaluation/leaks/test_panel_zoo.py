"""Planted leaks in transforms, decisions and whole pipelines on panels are caught; their honest twins pass."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest
from sklearn.model_selection import ShuffleSplit

from eraforge.core.panel import Panel
from eraforge.evaluation.leaks.findings import LeakReport
from eraforge.evaluation.leaks.laboratory import DEPTHS, examine, examine_object, practice_rows
from eraforge.evaluation.leaks.panel_history import PanelHistory
from eraforge.evaluation.leaks.subjects import PipelineSubject
from eraforge.evaluation.report import evaluate
from eraforge.evaluation.splitters.walk_forward import WalkForward
from eraforge.models.linear import Ridge
from eraforge.models.ranking import rank_to_unit

ZOO: dict[str, tuple[str, Callable[..., Any]]] = {}
HONEST: dict[str, tuple[str, Callable[..., Any]]] = {}
SPLITTER = WalkForward(chunk=10)
X = "feature_0"


def leaks(kind: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    def keep(one: Callable[..., Any]) -> Callable[..., Any]:
        ZOO[one.__name__] = (kind, one)
        return one

    return keep


def honest(kind: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    def keep(one: Callable[..., Any]) -> Callable[..., Any]:
        HONEST[one.__name__] = (kind, one)
        return one

    return keep


def with_column(panel: Panel, value: pl.Expr) -> pl.DataFrame:
    return (
        panel.collect()
        .with_columns(pl.col("era").cast(pl.Int32).alias("place"))
        .select("era", "id", value.alias("made"))
    )


def strengths(rows: pl.DataFrame, features: tuple[str, ...]) -> dict[str, float]:
    return {name: float(np.corrcoef(rows[name], rows["target"])[0, 1]) for name in features}


def strongest(rows: pl.DataFrame, features: tuple[str, ...], count: int = 2) -> list[str]:
    found = strengths(rows, features)
    return sorted(sorted(found, key=lambda name: -abs(found[name]))[:count])


def known(panel: Panel, era: str) -> pl.DataFrame:
    return panel.asof(era).labelled().collect()


# Transforms: a panel from a panel.


@leaks("transform")
def target_encoding(panel: Panel) -> pl.DataFrame:
    return with_column(panel, pl.col("target").cast(pl.Float64).mean().over(X))


@leaks("transform")
def target_encoding_by_id(panel: Panel) -> pl.DataFrame:
    return with_column(panel, pl.col("target").cast(pl.Float64).mean().over("id"))


@leaks("transform")
def the_target_itself(panel: Panel) -> pl.DataFrame:
    return with_column(panel, pl.col("target"))


@leaks("transform")
def label_of_the_last_era_before_it_is_known(panel: Panel) -> pl.DataFrame:
    return with_column(panel, pl.col("target").shift(1).over("id", order_by="era"))


@leaks("transform")
def standard_scaler_over_all_eras(panel: Panel) -> pl.DataFrame:
    return with_column(panel, (pl.col(X) - pl.col(X).mean()) / pl.col(X).std())


@leaks("transform")
def quantile_bins_over_all_eras(panel: Panel) -> pl.DataFrame:
    return with_column(panel, pl.col(X).rank("average") / pl.len())


@leaks("transform")
def value_of_the_next_era(panel: Panel) -> pl.DataFrame:
    return with_column(panel, pl.col(X).shift(-1).over("id", order_by="era"))


@leaks("transform")
def neighbour_across_ids(panel: Panel) -> pl.DataFrame:
    rows = panel.collect().sort("id", "era")
    return rows.select("era", "id", made=pl.col(X).shift(1))


@leaks("transform")
def number_of_eras_an_id_will_live(panel: Panel) -> pl.DataFrame:
    return with_column(panel, pl.len().over("id"))


@leaks("transform")
def number_of_an_id_among_all_ids(panel: Panel) -> pl.DataFrame:
    return with_column(panel, pl.col("id").rank("dense"))


@leaks("transform")
def only_ids_that_live_to_the_end(panel: Panel) -> pl.DataFrame:
    rows = panel.collect()
    last = rows.filter(pl.col("era") == panel.eras[-1])["id"].to_list()
    return rows.filter(pl.col("id").is_in(last)).select("era", "id", X)


@leaks("transform")
def columns_selected_on_the_full_sample(panel: Panel) -> Panel:
    return panel.select(features=strongest(panel.collect(), panel.features, 1))


@leaks("transform")
def principal_component_of_all_rows(panel: Panel) -> pl.DataFrame:
    rows = panel.collect()
    matrix = rows.select(panel.features).to_numpy().astype(float)
    centred = matrix - matrix.mean(axis=0)
    weights = np.linalg.eigh(centred.T @ centred)[1][:, -1]
    return rows.select("era", "id", made=pl.Series(centred @ weights))


@leaks("transform")
def neutralised_with_betas_of_all_eras(panel: Panel) -> pl.DataFrame:
    rows = panel.collect()
    x, y = rows["feature_1"].to_numpy().astype(float), rows[X].to_numpy().astype(float)
    return rows.select("era", "id", made=pl.Series(y - x * (x @ y) / (x @ x)))


@leaks("transform")
def sign_turned_towards_the_target(panel: Panel) -> pl.DataFrame:
    return with_column(panel, pl.col(X) * pl.corr(pl.col(X), pl.col("target").cast(pl.Float64)).sign())


@honest("transform")
def scaled_within_the_era(panel: Panel) -> pl.DataFrame:
    return with_column(panel, (pl.col(X) - pl.col(X).mean().over("era")) / (pl.col(X).std().over("era") + 1))


@honest("transform")
def ranked_within_the_era(panel: Panel) -> pl.DataFrame:
    return with_column(panel, pl.col(X).rank("average").over("era"))


@honest("transform")
def value_of_the_last_era(panel: Panel) -> pl.DataFrame:
    return with_column(panel, pl.col(X).shift(1).over("id", order_by="era"))


@honest("transform")
def label_waited_for(panel: Panel) -> pl.DataFrame:
    return with_column(panel, pl.col("target").shift(5).over("id", order_by="era"))


@honest("transform")
def running_count_of_an_id(panel: Panel) -> pl.DataFrame:
    return with_column(panel, pl.int_range(pl.len()).over("id", order_by="era"))


@honest("transform")
def fewer_columns(panel: Panel) -> Panel:
    return panel.select(features=panel.features[:2])


# Decisions: what is chosen when an era begins.


@leaks("decision")
def selector_on_the_full_sample(panel: Panel, era: str) -> list[str]:
    return strongest(panel.collect(), panel.features)


@leaks("decision")
def selector_with_labels_not_yet_known(panel: Panel, era: str) -> list[str]:
    rows = panel.collect().filter(pl.col("era") <= era)
    return strongest(rows, panel.features)


@leaks("decision")
def scaler_parameters_of_all_eras(panel: Panel, era: str) -> dict[str, float]:
    rows = panel.collect()
    return {"mean": float(rows[X].mean()), "spread": float(rows[X].std())}  # type: ignore[arg-type]


@leaks("decision")
def settings_tuned_on_what_comes(panel: Panel, era: str) -> dict[str, Any]:
    rows = panel.collect().filter(pl.col("era") >= era)
    found = strengths(rows, panel.features)
    return {"feature": max(found, key=found.__getitem__), "strength": max(found.values())}


@leaks("decision")
def blend_weights_fitted_in_sample(panel: Panel, era: str) -> dict[str, float]:
    return strengths(panel.collect(), panel.features[:2])


@leaks("decision")
def direction_of_all_time(panel: Panel, era: str) -> float:
    return float(np.sign(strengths(panel.collect(), (X,))[X]))


@honest("decision")
def selector_on_what_is_known(panel: Panel, era: str) -> list[str]:
    rows = known(panel, era)
    return strongest(rows, panel.features) if rows.height else []


@honest("decision")
def scaler_parameters_of_the_past(panel: Panel, era: str) -> dict[str, float]:
    rows = panel.asof(era).collect()
    return {"mean": float(rows[X].mean()), "spread": float(rows[X].std())}  # type: ignore[arg-type]


@honest("decision")
def settings_tuned_on_the_past(panel: Panel, era: str) -> dict[str, Any]:
    rows = known(panel, era)
    found = strengths(rows, panel.features) if rows.height else {X: 0.0}
    return {"feature": max(found, key=found.__getitem__), "strength": max(found.values())}


@honest("decision")
def fixed_settings(panel: Panel, era: str) -> dict[str, Any]:
    return {"trees": 100, "names": {"one", "other"}, "rate": 0.1}


# Pipelines: from a panel to out-of-fold predictions.


def weights_of(rows: pl.DataFrame, features: tuple[str, ...], penalty: float = 10.0) -> np.ndarray:
    x = rows.select(features).to_numpy().astype(float) - 2
    y = rows["target"].cast(pl.Float64).to_numpy() - 0.5
    return np.asarray(np.linalg.solve(x.T @ x + penalty * np.eye(len(features)), x.T @ y))


def predicted(rows: pl.DataFrame, features: tuple[str, ...], weights: np.ndarray) -> pl.DataFrame:
    return rows.select(
        "era", "id", prediction=pl.Series((rows.select(features).to_numpy().astype(float) - 2) @ weights)
    )


def by_fold(panel: Panel, fit: Callable[[pl.DataFrame, pl.DataFrame], pl.DataFrame]) -> pl.DataFrame:
    """`fit(rows to train on, rows to predict)` for each clean fold; the rows to predict still carry their labels."""
    whole = panel.collect()
    return pl.concat(
        fit(
            panel.asof(fold.predict[0]).where_eras(fold.train).collect(),
            whole.filter(pl.col("era").is_in(fold.predict)),
        )
        for fold in SPLITTER.split(panel)
    )


@leaks("pipeline")
def trained_on_everything(panel: Panel) -> pl.DataFrame:
    rows = panel.collect()
    return predicted(rows, panel.features, weights_of(rows, panel.features))


@leaks("pipeline")
def shuffled_folds(panel: Panel) -> pl.DataFrame:
    rows = panel.collect()
    train, test = next(ShuffleSplit(1, random_state=0).split(rows))
    return predicted(rows[test], panel.features, weights_of(rows[train], panel.features)).sort("era", "id")


@leaks("pipeline")
def labels_overlap_across_the_fold(panel: Panel) -> pl.DataFrame:
    rows = panel.collect()
    train, test = rows.filter(pl.col("era") <= panel.eras[19]), rows.filter(pl.col("era") > panel.eras[19])
    return predicted(test, panel.features, weights_of(train, panel.features))


@leaks("pipeline")
def columns_selected_before_the_folds(panel: Panel) -> pl.DataFrame:
    chosen = tuple(strongest(panel.collect(), panel.features))
    return by_fold(panel, lambda train, test: predicted(test, chosen, weights_of(train, chosen)))


@leaks("pipeline")
def scaled_before_the_folds(panel: Panel) -> pl.DataFrame:
    rows = panel.collect()
    scaled = rows.with_columns((pl.col(name) - pl.col(name).mean()) / pl.col(name).std() for name in panel.features)
    return evaluate(Ridge(), replace(panel, frame=scaled.lazy()), SPLITTER, train_eras=0).predictions


@leaks("pipeline")
def encoded_before_the_folds(panel: Panel) -> pl.DataFrame:
    encoded = panel.collect().with_columns(pl.col("target").cast(pl.Float64).mean().over(X).alias(X))
    return evaluate(Ridge(), replace(panel, frame=encoded.lazy()), SPLITTER, train_eras=0).predictions


@leaks("pipeline")
def tuned_on_the_predicted_fold(panel: Panel) -> pl.DataFrame:
    def fit(train: pl.DataFrame, test: pl.DataFrame) -> pl.DataFrame:
        def score(penalty: float) -> float:
            made = predicted(test, panel.features, weights_of(train, panel.features, penalty))["prediction"]
            return float(np.mean((made.to_numpy() - test["target"].to_numpy() + 0.5) ** 2))

        best = min((0.1, 10.0, 300.0, 1000.0, 3000.0, 1e5), key=score)
        return predicted(test, panel.features, weights_of(train, panel.features, best))

    return by_fold(panel, fit)


@leaks("pipeline")
def stopped_early_on_the_predicted_fold(panel: Panel) -> pl.DataFrame:
    def fit(train: pl.DataFrame, test: pl.DataFrame) -> pl.DataFrame:
        x = train.select(panel.features).to_numpy().astype(float) - 2
        y, weights = train["target"].cast(pl.Float64).to_numpy() - 0.5, np.zeros(len(panel.features))
        aim, best = test["target"].cast(pl.Float64).to_numpy() - 0.5, (np.inf, weights)
        for _ in range(40):
            weights = weights + 0.02 * x.T @ (y - x @ weights) / len(y)
            made = predicted(test, panel.features, weights)["prediction"].to_numpy()
            best = min(best, (float(np.mean((made - aim) ** 2)), weights), key=lambda one: one[0])
        return predicted(test, panel.features, best[1])

    return by_fold(panel, fit)


@leaks("pipeline")
def blend_trained_in_sample(panel: Panel) -> pl.DataFrame:
    def fit(train: pl.DataFrame, test: pl.DataFrame) -> pl.DataFrame:
        both = [panel.features[:3], panel.features[3:]]
        members = [predicted(test, some, weights_of(train, some))["prediction"].to_numpy() for some in both]
        aim = test["target"].cast(pl.Float64).to_numpy() - 0.5
        share = np.linalg.lstsq(np.column_stack(members), aim, rcond=None)[0]
        return test.select("era", "id", prediction=pl.Series(np.column_stack(members) @ share))

    return by_fold(panel, fit)


@leaks("pipeline")
def ranked_over_all_predicted_eras(panel: Panel) -> pl.DataFrame:
    made = evaluate(Ridge(), panel, SPLITTER, train_eras=0).predictions
    return made.with_columns(pl.col("prediction").rank() / pl.len())


@leaks("pipeline")
def inverted_where_it_did_badly(panel: Panel) -> pl.DataFrame:
    rows = by_fold(panel, lambda train, test: predicted(test, panel.features, weights_of(train, panel.features)))
    truth = rows.join(panel.collect(), on=["era", "id"], maintain_order="left")["target"].to_numpy()
    return rows.with_columns(pl.col("prediction") * np.sign(np.corrcoef(rows["prediction"], truth)[0, 1]))


@leaks("pipeline")
def repeats_a_little_of_its_labels(panel: Panel) -> pl.DataFrame:
    rows = panel.collect()
    noise = pl.Series(np.random.default_rng(1).normal(0.0, 0.4, rows.height))
    return rows.select("era", "id", prediction=pl.col("target") + noise)


@honest("pipeline")
def walk_forward_ridge(panel: Panel) -> pl.DataFrame:
    return evaluate(Ridge(), panel, SPLITTER, train_eras=0).predictions


@honest("pipeline")
def walk_forward_with_selection_inside(panel: Panel) -> pl.DataFrame:
    def fit(train: pl.DataFrame, test: pl.DataFrame) -> pl.DataFrame:
        chosen = tuple(strongest(train, panel.features))
        return predicted(test, chosen, weights_of(train, chosen))

    return by_fold(panel, fit)


def probe(report: LeakReport, name: str) -> Any:
    return next(one for one in report.probes if one.probe == name)


LONG = {"scaled_before_the_folds", "encoded_before_the_folds", "ranked_over_all_predicted_eras"}
"""Kinds that train a real model for each of fifty futures; the quick depth sees them in the fast tests."""


@pytest.mark.parametrize("name", [pytest.param(one, marks=pytest.mark.slow if one in LONG else ()) for one in ZOO])
def test_every_planted_kind_is_caught(name: str) -> None:
    kind, subject = ZOO[name]
    report = examine_object(kind, name, subject)
    assert not report.passed
    assert not probe(report, "future scramble").passed
    assert report.findings[0].sentence and report.findings[0].moment


@pytest.mark.parametrize("name", HONEST)
def test_no_honest_twin_is_accused(name: str) -> None:
    kind, subject = HONEST[name]
    for seed in (7,) if kind == "pipeline" else (7, 8):
        report = examine_object(kind, name, subject, seed=seed)
        assert report.passed, report.sentence


@pytest.mark.parametrize("depth", ["quick"])
def test_the_cheap_depth_catches_nearly_all(depth: str) -> None:
    missed = [name for name, (kind, one) in ZOO.items() if examine_object(kind, name, one, depth).passed]
    assert len(missed) <= 2 and not LONG & set(missed), missed


@pytest.mark.parametrize("name", ["repeats_a_little_of_its_labels"])
def test_a_pipeline_that_knows_the_labels_scores_on_shuffled_ones(name: str) -> None:
    kind, subject = ZOO[name]
    report = examine_object(kind, name, subject)
    assert not (probe(report, "shuffled target").passed and probe(report, "time-reversed run").passed)


def with_names_that_go(panel: Panel) -> Panel:
    """The rows that stand lowest in a column never get a label: who fell is gone before it is known."""
    lowest = (pl.col(X).rank("ordinal").over("era") / pl.len().over("era")) < 0.3
    frame = panel.collect().with_columns(target=pl.when(~lowest).then(pl.col("target")))
    return replace(panel, frame=frame.lazy())


def ranked_among_survivors(panel: Panel) -> pl.DataFrame:
    return rank_to_unit(evaluate(Ridge(), panel.labelled(), SPLITTER, train_eras=0).predictions)


def ranked_among_all(panel: Panel) -> pl.DataFrame:
    return rank_to_unit(evaluate(Ridge(), panel, SPLITTER, train_eras=0).predictions)


def test_ranks_among_those_whose_label_will_come_are_caught_and_ranks_among_all_are_not() -> None:
    history = PanelHistory(with_names_that_go(practice_rows()))
    caught, clean = (
        examine(PipelineSubject(one.__name__, one), history, DEPTHS["quick"])
        for one in (ranked_among_survivors, ranked_among_all)
    )
    assert not caught.passed and caught.findings[0].moment
    assert clean.passed, clean.sentence


def test_the_zoo_holds_what_was_promised() -> None:
    assert len(ZOO) >= 30
