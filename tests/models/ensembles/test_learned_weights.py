"""Ensembles with learned shares: they find the member that knows, from predictions of eras it had not seen."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl
import pytest

from eraforge.core import plugins
from eraforge.core.errors import DataError, UserError
from eraforge.core.panel import Panel
from eraforge.evaluation.checks.practice import practice_panel
from eraforge.evaluation.report import evaluate
from eraforge.evaluation.splitters.walk_forward import WalkForward
from eraforge.models.ensembles.evidence import Evidence, gather_evidence
from eraforge.models.ensembles.learned_weights import Dynamic, Greedy, LearnedWeights, Optimised
from eraforge.models.ensembles.rank_average import RankAverage
from eraforge.models.ensembles.regimes import Regimes, co_movement
from eraforge.models.ensembles.stacked import Stacked
from eraforge.models.members import member_models
from eraforge.models.ranking import era_corr

PANEL = practice_panel(eras=40, rows=60, signal=0.3)
UNSEEN = practice_panel(seed=2, eras=20, rows=60, signal=0.3)
GOOD = {"learner": "ridge"}
BAD = {"learner": "columns", "settings": {"learner": "ridge", "features": ["feature_1?"]}}
"""The planted signal lies in the first features; these know only of others."""
MEMBERS = {"bad": BAD, "good": GOOD}


def score(fitted: Any) -> float:
    return float(era_corr(fitted.predict(UNSEEN), UNSEEN.collect()["target"].to_numpy()).mean())


@dataclass(frozen=True)
class Remembering:
    """Knows the labels of the eras it was trained on by heart, and nothing else: the test of a leaking ensemble."""

    def fit(self, panel: Panel) -> Any:
        known = panel.labelled().frame.select("id", pl.col("target").cast(pl.Float64)).collect()
        return Memory(known)

    def load(self, data: bytes) -> Any:
        return Memory(pl.read_ipc(data))


@dataclass(frozen=True)
class Memory:
    known: pl.DataFrame

    def predict(self, panel: Panel) -> pl.DataFrame:
        rows = panel.frame.select("era", "id").collect().join(self.known, on="id", how="left", maintain_order="left")
        noise = pl.col("id").str.slice(8).str.to_integer(base=16) * 2654435761 % 9973 / 9973
        return rows.select("era", "id", prediction=pl.col("target").fill_null(noise))

    def save(self) -> bytes:
        import io

        out = io.BytesIO()
        self.known.write_ipc(out)
        return out.getvalue()


@pytest.mark.parametrize("kind", [Optimised, Greedy, Dynamic])
def test_the_member_that_knows_gets_the_greater_share(kind: type[LearnedWeights]) -> None:
    fitted = kind(MEMBERS).fit(PANEL)
    shares = {"bad": 0.0, **fitted.weights}
    assert shares["good"] > 1.5 * shares["bad"]
    np.testing.assert_allclose(sum(shares.values()), 1.0)
    assert score(fitted) > 0.2


@pytest.mark.parametrize("kind", [Optimised, Greedy, Dynamic, Stacked, Regimes])
def test_a_member_that_only_remembers_convinces_nobody(kind: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """In-sample it is perfect. Were weights learned from rows a member was trained on, it would get all of them."""
    real = plugins.find
    monkeypatch.setattr(plugins, "find", lambda kind, name: Remembering if name == "memory" else real(kind, name))
    fitted = kind({"memory": {"learner": "memory"}, "good": GOOD}).fit(PANEL)
    assert score(fitted) > 0.2


def test_evidence_is_of_eras_after_a_purged_past_only() -> None:
    evidence = gather_evidence(member_models(MEMBERS), PANEL, 3)
    assert evidence.eras == PANEL.eras[10:]
    assert evidence.ranks.shape == (30 * 60, 2)
    assert evidence.scores()[:, 1].mean() > evidence.scores()[:, 0].mean() + 0.1


def test_everyone_who_was_there_is_ranked_and_the_labelled_are_scored() -> None:
    """A fifth of the rows, the lowest of the planted signal, never got a label: that they were lowest must show."""
    frame = PANEL.collect()
    lowest = pl.sum_horizontal(PANEL.features[:4]).rank("ordinal").over("era") <= 12
    labelled = frame.with_columns(target=pl.when(lowest).then(None).otherwise(pl.col("target")))
    evidence = gather_evidence(member_models(MEMBERS), replace(PANEL, frame=labelled.lazy()), 3)
    assert evidence.ranks.shape == (30 * 48, 2)
    assert evidence.keys.equals(labelled.filter(~lowest, pl.col("era").is_in(PANEL.eras[10:])).select("era", "id"))
    assert np.isfinite(evidence.truth).all()
    lifted = evidence.ranks.mean(axis=0)  # ranks among the labelled alone would have a mean of 0
    assert lifted[1] > 0.1 > abs(lifted[0])


def test_an_evaluation_hands_those_without_a_label_on_to_a_blend(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    real = Memory.predict
    monkeypatch.setattr(Memory, "predict", lambda self, rows: asked.append(rows.collect().height) or real(self, rows))
    found = plugins.find
    monkeypatch.setattr(plugins, "find", lambda kind, name: Remembering if name == "memory" else found(kind, name))
    panel = practice_panel(eras=40, rows=60, signal=0.3, horizon=5, purge=2)
    gone = panel.collect().with_columns(target=pl.when(pl.int_range(60).over("era") > 40).then(pl.col("target")))
    panel = replace(panel, frame=gone.lazy())
    blend = Greedy({"memory": {"learner": "memory"}, "good": GOOD}, folds=1)
    report = evaluate(blend, panel, WalkForward(folds=1), train_eras=0)
    assert asked[0] == 9 * 60  # of the 18 eras left after the purge, the inner fold predicts the second half
    assert report.scored_rows == 20 * 19


def made_evidence(scores: np.ndarray) -> Evidence:
    """Members with about these scores in each era, (eras, members)."""
    rng = np.random.default_rng(3)
    eras, members = scores.shape
    truth = rng.normal(size=(eras, 400))
    noise = rng.normal(size=(eras, 400, members))
    ranks = scores[:, None, :] * truth[:, :, None] + np.sqrt(1 - scores[:, None, :] ** 2) * noise
    labels = np.repeat([f"{era:04d}" for era in range(eras)], 400)
    keys = pl.DataFrame({"era": labels, "id": [f"n{place}" for place in range(len(labels))]})
    names = tuple(f"m{place}" for place in range(members))
    return Evidence(names, keys, truth.ravel(), ranks.reshape(-1, members))


def test_recent_eras_weigh_more_where_forgetting_is_quick() -> None:
    scores = np.concatenate([np.tile([0.3, 0.0], (20, 1)), np.tile([0.0, 0.3], (6, 1))])
    members = {"m0": GOOD, "m1": GOOD}
    evidence = made_evidence(scores)
    assert Dynamic(members, half_life=2.0).weights(evidence)[1] > 0.7
    assert Dynamic(members, half_life=500.0).weights(evidence)[0] > 0.7
    np.testing.assert_allclose(Dynamic(members, rate=0.0).weights(evidence), 0.5)


def test_the_optimum_keeps_its_limits_and_beats_equal_shares() -> None:
    evidence = made_evidence(np.tile([0.3, 0.1, 0.0], (30, 1)))
    members = dict.fromkeys(("m0", "m1", "m2"), GOOD)
    for limit in (1.0, 0.5):
        found = Optimised(members, objective="mean", max_weight=limit).weights(evidence)
        assert found.min() >= 0
        assert found.max() <= limit + 1e-9
        np.testing.assert_allclose(found.sum(), 1.0)
        assert evidence.blend(found).mean() > evidence.blend(np.full(3, 1 / 3)).mean()


def test_a_greedy_pick_never_lowers_what_is_out_of_fold() -> None:
    evidence = made_evidence(np.tile([0.2, 0.2, 0.0], (20, 1)))
    best = evidence.scores().mean(axis=0).max()
    found = Greedy(dict.fromkeys(("m0", "m1", "m2"), GOOD), picks=6).weights(evidence)
    assert evidence.blend(found).mean() >= best
    assert found[2] < 0.2


def test_rank_average_is_the_mean_of_even_ranks() -> None:
    fitted = RankAverage({"a": GOOD, "b": BAD}).fit(PANEL)
    parts = [fitted.members[name].predict(PANEL) for name in ("a", "b")]
    even = [(pl.col("prediction").rank() - 0.5) / pl.len()]
    ranks = [part.with_columns(even[0].over("era").alias("prediction"))["prediction"] for part in parts]
    np.testing.assert_allclose(fitted.predict(PANEL)["prediction"], (ranks[0] + ranks[1]) / 2)


def test_regimes_are_told_apart_by_features_alone_and_have_weights_of_their_own() -> None:
    fitted = Regimes(MEMBERS, buckets=2, prior=1.0).fit(PANEL)
    assert fitted.weights.shape == (2, 2)
    np.testing.assert_allclose(fitted.weights.sum(axis=1), 1.0)
    assert set(co_movement(UNSEEN.select(targets=()))) == set(UNSEEN.eras)
    assert score(fitted) > 0.2


ALL = [Optimised, Greedy, Dynamic, Stacked, Regimes, RankAverage]


@pytest.mark.parametrize("kind", ALL)
def test_an_ensemble_of_ensembles_trains_saves_and_loads(kind: Any) -> None:
    inner = {"learner": "greedy", "settings": {"members": MEMBERS, "folds": 1}}
    outer = kind({"blend": inner, "alone": GOOD})
    fitted = outer.fit(practice_panel(eras=40, rows=40, horizon=5, purge=2))
    loaded = outer.load(fitted.save())
    assert loaded.predict(UNSEEN).equals(fitted.predict(UNSEEN))
    assert loaded.save() == fitted.save()


def test_refuses_members_of_another_ensemble() -> None:
    data = Greedy(MEMBERS).fit(PANEL).save()
    with pytest.raises(DataError) as caught:
        Greedy({"other": GOOD}).load(data)
    assert caught.value.code == "ensemble-members-differ"


@pytest.mark.parametrize("kind", [Optimised, Greedy, Dynamic, Stacked, Regimes])
@pytest.mark.parametrize("settings", [{"members": {}}, {"members": {"a": {"weight": 1.0}}}, {"folds": 0}])
def test_refuses_settings_that_make_no_sense(kind: Any, settings: dict[str, Any]) -> None:
    with pytest.raises(UserError) as caught:
        kind(**settings)
    assert caught.value.code == "model-setting"


def test_too_few_eras_for_folds_are_said() -> None:
    with pytest.raises(UserError) as caught:
        Greedy(MEMBERS).fit(practice_panel(eras=6))
    assert caught.value.code == "too-few-eras-for-inner-folds"
