"""Models around models: neutral as numerai-tools would have it, less exposed, several targets, parts of the columns."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest
from sklearn.decomposition import PCA

from eraforge.core.errors import DataError, UserError
from eraforge.core.panel import Moments, Panel, Target
from eraforge.core.ports import Composite
from eraforge.evaluation.checks.practice import practice_panel
from eraforge.models.linear import Ridge
from eraforge.models.ranking import era_corr, rank_to_normal
from eraforge.models.wrapping.columns import Columns, FeatureGroups, PrincipalComponents
from eraforge.models.wrapping.linear_part import chosen, linear_part
from eraforge.models.wrapping.neutralised import Neutralised
from eraforge.models.wrapping.training import EraBoosting, EraSample, LowExposure, MultiTarget

PANEL = practice_panel(eras=24, rows=80)
UNSEEN = practice_panel(seed=2, eras=20, rows=80)
TREES: dict[str, Any] = {"n_estimators": 20, "threads": 1, "colsample_bytree": 0.5}


def exposure(predictions: pl.DataFrame, panel: Panel) -> float:
    """Mean over eras of the largest absolute correlation with a feature."""
    rows = panel.collect().with_columns(predictions["prediction"])
    found = []
    for era in rows.partition_by("era"):
        values = era["prediction"].to_numpy()
        found.append(max(abs(np.corrcoef(values, era[name])[0, 1]) for name in panel.features))
    return float(np.mean(found))


def test_neutralised_takes_away_what_least_squares_explains() -> None:
    inner = Ridge().fit(PANEL)
    model = Neutralised("ridge", {}, proportion=0.7)
    assert isinstance(model, Composite)
    ours = model.combine({"inner": inner}).predict(UNSEEN)
    ranks = rank_to_normal(inner.predict(UNSEEN))
    for era in UNSEEN.eras[:4]:
        here = (ranks["era"] == era).to_numpy()
        values = ranks["prediction"].to_numpy()[here]
        matrix = np.column_stack([UNSEEN.where_eras([era]).matrix(np.float64), np.ones(80)])
        explained = matrix @ np.linalg.lstsq(matrix, values, rcond=None)[0]
        expected = values - 0.7 * (explained - values.mean())
        np.testing.assert_allclose(ours["prediction"].to_numpy()[here], expected, atol=1e-6)


@pytest.mark.parametrize("proportion", [0.0, 1.0])
def test_a_proportion_of_all_leaves_no_exposure(proportion: float) -> None:
    fitted = Neutralised("lightgbm", TREES, proportion=proportion).fit(PANEL)
    found = exposure(fitted.predict(UNSEEN), UNSEEN)
    assert found < 1e-6 if proportion else found > 0.3


def test_only_the_chosen_group_is_neutral() -> None:
    fitted = Neutralised("ridge", {}, proportion=1.0, features=["feature_0", "feature_1?"]).fit(PANEL)
    predictions = fitted.predict(UNSEEN)
    assert exposure(predictions, UNSEEN.select(features=["feature_0", "feature_10", "feature_11"])) < 1e-6
    assert exposure(predictions, UNSEEN) > 0.3


def test_patterns_choose_in_order_and_say_what_they_miss() -> None:
    assert chosen(["b_1", "a_1", "b_2"], ["b_*", "a_1"]) == ("b_1", "a_1", "b_2")
    with pytest.raises(UserError) as caught:
        chosen(["a"], ["a", "wisdom_*"])
    assert caught.value.code == "no-such-features"
    assert "wisdom_*" in caught.value.sentence


def test_repeated_and_constant_features_have_a_linear_part_all_the_same() -> None:
    rng = np.random.default_rng(0)
    one = rng.normal(size=50)
    rows = pl.DataFrame({"a": one, "b": one, "c": np.full(50, 3.0)})
    np.testing.assert_allclose(linear_part(rows, ["a", "b", "c"], 2 * one), 2 * (one - one.mean()), atol=1e-6)
    np.testing.assert_array_equal(linear_part(rows, ["c"], one), 0.0)


def test_low_exposure_teaches_less_of_what_is_linear() -> None:
    found = {
        proportion: exposure(LowExposure("lightgbm", TREES, proportion, 1e-6).fit(PANEL).predict(UNSEEN), UNSEEN)
        for proportion in (0.0, 1.0)
    }
    assert found[1.0] < 0.8 * found[0.0]
    plain = LowExposure("ridge", {}, proportion=0.0).fit(PANEL).predict(UNSEEN)["prediction"]
    np.testing.assert_allclose(plain, Ridge().fit(PANEL).predict(UNSEEN)["prediction"], rtol=1e-9)


def test_every_nth_era_is_learned_from() -> None:
    some = PANEL.where_eras(PANEL.eras[1::4])
    assert EraSample("ridge", {}, every=4, first=1).fit(PANEL).save() == Ridge().fit(some).save()


def test_era_boosting_learns_the_worst_eras_again() -> None:
    flipped = pl.when(pl.col("era") > "0016").then(1 - pl.col("target")).otherwise(pl.col("target")).alias("target")
    panel = replace(PANEL, frame=PANEL.frame.with_columns(flipped))
    truth = panel.collect()["target"].to_numpy()
    model = EraBoosting("lightgbm", TREES, rounds=2, share=1 / 3)
    first, both = model.fit(panel).members["round 0"], model.fit(panel)
    scores = [era_corr(fitted.predict(panel.select(targets=())), truth) for fitted in (first, both)]
    worst = np.argsort(scores[0])[:8]
    assert set(worst.tolist()) >= set(range(17, 24))
    assert scores[1][worst].mean() > scores[0][worst].mean() + 0.1


def test_each_target_is_learned_from_the_rows_where_it_is_known() -> None:
    other = pl.when(pl.col("era") < "0012").then(1 - pl.col("target")).alias("other")
    moments = Moments(PANEL.eras, PANEL.moments.dates, {**PANEL.moments.known, "other": PANEL.moments.known["target"]})
    targets = (*PANEL.targets, Target("other", 20))
    panel = Panel(PANEL.frame.with_columns(other), PANEL.features, targets, moments, PANEL.sample, "two targets")
    fitted = MultiTarget("ridge").fit(panel)
    assert set(fitted.members) == {"target", "other"}
    expected = Ridge().fit(panel.where_eras(panel.eras[:11]).select(targets=["other"])).save()
    assert fitted.members["other"].save() == expected
    assert set(MultiTarget("ridge", targets=["other"]).fit(panel).members) == {"other"}
    loaded = MultiTarget("ridge").load(fitted.save())
    assert loaded.predict(UNSEEN).equals(fitted.predict(UNSEEN))


@pytest.mark.parametrize(
    "kind", [Neutralised, LowExposure, EraSample, EraBoosting, MultiTarget, Columns, FeatureGroups]
)
def test_what_is_wrong_with_the_inner_model_is_said_at_once(kind: Any) -> None:
    with pytest.raises(UserError, match="'trees'"):
        kind("ridge", {"trees": 3})


def test_columns_shows_only_the_chosen_features() -> None:
    some = [name for name in PANEL.features if name.startswith("feature_1")]
    assert Columns("ridge", {}, ["feature_1*"]).fit(PANEL).save() == Ridge().fit(PANEL.select(features=some)).save()


def test_groups_are_named_or_dealt_and_each_has_a_model() -> None:
    named = FeatureGroups("ridge", {}, {"one": ["feature_1*"], "two": ["feature_2"]}).fit(PANEL)
    assert {name: len(member.features) for name, member in named.members.items()} == {"one": 3, "two": 1}  # type: ignore[attr-defined]
    dealt = FeatureGroups("ridge", {}, count=5).fit(PANEL)
    shown = [name for member in dealt.members.values() for name in member.features]  # type: ignore[attr-defined]
    assert sorted(shown) == sorted(PANEL.features)


def test_components_are_scikit_learns_up_to_their_sign() -> None:
    fitted = PrincipalComponents("ridge", {}, components=4, whiten=False).fit(PANEL)
    oracle = PCA(4, svd_solver="full").fit(PANEL.matrix(np.float64))
    np.testing.assert_allclose(np.abs(fitted.axes.T), np.abs(oracle.components_), atol=1e-8)
    np.testing.assert_allclose(fitted.mean, oracle.mean_)
    whole = PrincipalComponents("ridge", {}, components=12, whiten=False).fit(PANEL).predict(UNSEEN)["prediction"]
    np.testing.assert_allclose(whole, Ridge().fit(PANEL).predict(UNSEEN)["prediction"], atol=1e-9)


def test_missing_values_have_no_components() -> None:
    holed = replace(PANEL, frame=PANEL.frame.with_columns(feature_0=pl.lit(None, dtype=pl.Int8)))
    with pytest.raises(DataError) as caught:
        PrincipalComponents("ridge").fit(PANEL).predict(holed)
    assert caught.value.code == "missing-feature-values"


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        (Neutralised, {"proportion": 1.5}),
        (LowExposure, {"penalty": 0.0}),
        (EraSample, {"every": 0}),
        (EraSample, {"first": 4}),
        (EraBoosting, {"rounds": 0}),
        (EraBoosting, {"share": 0.0}),
        (FeatureGroups, {"count": 0}),
        (FeatureGroups, {"groups": {"a": []}}),
        (PrincipalComponents, {"components": 0}),
    ],
)
def test_refuses_settings_that_make_no_sense(kind: Any, settings: dict[str, Any]) -> None:
    with pytest.raises(UserError) as caught:
        kind(**settings)
    assert caught.value.code == "model-setting"
    assert next(iter(settings)) in caught.value.sentence
