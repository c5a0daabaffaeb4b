"""The one training loop: repeatable, stops at the best epoch, penalises exposure, and says what goes wrong."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest

from eraforge.core.errors import DataError, UserError
from eraforge.evaluation.checks.practice import practice_panel
from eraforge.models import devices
from eraforge.models.networks import network
from eraforge.models.networks.network import FittedNetwork
from eraforge.models.networks.tabular import MLP, FTTransformer
from eraforge.models.progress import reporting
from eraforge.models.ranking import era_corr

torch = pytest.importorskip("torch", reason="the extra nn is not installed")

PANEL = practice_panel(eras=30, rows=50, features=8)
UNSEEN = practice_panel(seed=2, eras=20, rows=50, features=8)
SMALL = MLP(epochs=6, patience=2, learning_rate=1e-2, layers=1, width=16, threads=1)


def score(fitted: Any) -> float:
    return float(era_corr(fitted.predict(UNSEEN), UNSEEN.collect()["target"].to_numpy()).mean())


def test_leaves_torch_as_it_was() -> None:
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    before = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    SMALL.fit(PANEL).predict(PANEL)
    assert (torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()) == before
    assert torch.equal(torch.rand(1), expected)


def test_seeds_decide_and_repeat() -> None:
    first = SMALL.fit(PANEL).save()
    assert SMALL.fit(PANEL).save() == first
    assert replace(SMALL, seed=8).fit(PANEL).save() != first


def test_keeps_the_weights_of_the_best_epoch() -> None:
    """With far too high a rate later epochs are worse: the one kept equals a training that ends there."""
    heard: list[float] = []
    wild = replace(SMALL, learning_rate=0.1, epochs=12, patience=3)
    with reporting(lambda what, done, total: heard.append(done) if what == "epochs" else None):
        kept = wild.fit(PANEL)
    again = [replace(wild, epochs=count, patience=count).fit(PANEL) for count in range(1, int(heard[-1]) + 1)]
    scores = [score(one) for one in again]
    assert any(one.predict(PANEL).equals(kept.predict(PANEL)) for one in again)
    assert score(kept) == scores[-1]


def test_without_patience_all_eras_are_learned_from() -> None:
    short = practice_panel(eras=5, rows=50, features=8)
    with pytest.raises(UserError) as caught:
        SMALL.fit(short)
    assert caught.value.code == "too-few-eras-to-stop-early"
    assert replace(SMALL, patience=0).fit(short).predict(short).height == 250


@pytest.mark.parametrize("loss", ["error", "correlation"])
def test_both_losses_learn(loss: str) -> None:
    assert score(replace(SMALL, loss=loss).fit(PANEL)) > 0.3


def test_narrow_numbers_learn_too() -> None:
    assert score(replace(SMALL, precision="bfloat16").fit(PANEL)) > 0.3


def test_rows_may_be_cut_into_batches_of_a_part_of_an_era() -> None:
    assert score(replace(SMALL, rows_at_once=20).fit(PANEL)) > 0.3


def test_a_penalty_on_exposure_lowers_exposure() -> None:
    def exposure(penalty: float) -> float:
        ours = replace(SMALL, patience=0, exposure_penalty=penalty).fit(PANEL).predict(UNSEEN)["prediction"].to_numpy()
        return float(np.mean([np.corrcoef(ours, column)[0, 1] ** 2 for column in UNSEEN.matrix().T]))

    assert exposure(50.0) < 0.6 * exposure(0.0)


def test_weights_of_eras_are_heard() -> None:
    plain = replace(SMALL, patience=0).fit(PANEL)
    assert not replace(SMALL, patience=0, era_half_life=2.0).fit(PANEL).predict(PANEL).equals(plain.predict(PANEL))


def test_the_number_of_threads_that_predict_changes_no_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    fitted = SMALL.fit(PANEL)
    monkeypatch.setattr(network, "ROWS_AT_ONCE", 64)
    monkeypatch.setattr(torch, "get_num_threads", lambda: 4)
    several = FittedNetwork(replace(SMALL, threads=3), fitted.arrays, fitted.features)
    assert several.predict(UNSEEN).equals(fitted.predict(UNSEEN))
    one = UNSEEN.where_eras(UNSEEN.eras[3:4])
    alone, among = several.predict(one), several.predict(UNSEEN).filter(pl.col("era") == UNSEEN.eras[3])
    np.testing.assert_allclose(alone["prediction"], among["prediction"], atol=1e-12)


def test_missing_values_count_as_the_mean() -> None:
    missing = pl.lit(None, dtype=pl.Int8).alias("feature_3")
    fitted = SMALL.fit(PANEL)
    mean = float(fitted.arrays["mean"][3])
    gone = fitted.predict(replace(UNSEEN, frame=UNSEEN.frame.with_columns(missing)))
    filled = fitted.predict(replace(UNSEEN, frame=UNSEEN.frame.with_columns(pl.lit(mean).alias("feature_3"))))
    np.testing.assert_allclose(gone["prediction"], filled["prediction"], atol=1e-12)


def test_a_training_that_explodes_is_said() -> None:
    with pytest.raises(DataError) as caught:
        replace(SMALL, learning_rate=1e36).fit(PANEL)
    assert caught.value.code == "training-diverged"


def test_constant_features_are_refused() -> None:
    with pytest.raises(DataError) as caught:
        SMALL.fit(replace(PANEL, frame=PANEL.frame.with_columns(pl.col("^feature_.*$") * 0)))
    assert caught.value.code == "features-all-constant"


def test_too_little_memory_of_a_device_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    from eraforge.models.networks import training

    def exhausted(*_: Any) -> None:
        raise torch.cuda.OutOfMemoryError("no more")

    monkeypatch.setattr(training, "_epochs", exhausted)
    with pytest.raises(UserError) as caught:
        SMALL.fit(PANEL)
    assert caught.value.code == "gpu-memory-exhausted"


def test_a_device_that_is_not_there_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "cuda_devices", lambda: 0)
    with pytest.raises(UserError) as caught:
        replace(SMALL, device="cuda").fit(PANEL)
    assert caught.value.code == "no-cuda-device"


def test_the_training_matrix_stays_one_byte_a_value() -> None:
    from eraforge.models.networks.training import read_table

    assert read_table(PANEL).matrix.dtype == np.int8


@pytest.mark.parametrize(
    "settings",
    [
        {"epochs": 0},
        {"learning_rate": 0.0},
        {"loss": "hope"},
        {"precision": "float16"},
        {"device": "tpu"},
        {"rows_at_once": 1},
        {"exposure_penalty": -1.0},
        {"threads": 0},
        {"width": 0},
        {"dropout": 1.0},
    ],
)
def test_refuses_settings_that_make_no_sense(settings: dict[str, Any]) -> None:
    with pytest.raises(UserError) as caught:
        MLP(**settings)
    assert next(iter(settings)) in caught.value.sentence


def test_heads_share_a_token_evenly() -> None:
    with pytest.raises(UserError, match="multiple of the 3 heads"):
        FTTransformer(width=16, heads=3)
