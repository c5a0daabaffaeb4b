"""The modules: sequences are read in the order of time, TabNet's masks lie on the simplex, readers answer in shape."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from eraforge.core.errors import UserError
from eraforge.core.panel import Target
from eraforge.evaluation.checks.practice import panel_of
from eraforge.models.networks.windows import GRU, LSTM, TCN, TFT, NHiTS, PatchTST, Transformer, WindowNetwork, layout
from eraforge.models.ranking import era_corr

torch = pytest.importorskip("torch", reason="the extra nn is not installed")

READERS: list[WindowNetwork] = [
    LSTM(width=8, layers=2),
    GRU(width=8),
    TCN(width=8, blocks=2),
    Transformer(width=8, heads=2, blocks=1),
    NHiTS(width=8, hidden=16),
    TFT(width=8, heads=2),
    PatchTST(width=8, heads=2, blocks=1, patch=4, stride=2),
]


def trend_panel(seed: int) -> Any:
    """Twelve moments of one channel; the label is whether the last half went up: no single column tells."""
    rng = np.random.default_rng(seed)
    eras, rows, lags = 24, 80, 12
    walks = rng.normal(size=(eras * rows, lags)).cumsum(axis=1)
    truth = walks[:, -1] - walks[:, -6] + 0.3 * rng.normal(size=len(walks))
    labels = [f"{number + 1:04d}" for number in range(eras)]
    keys = {"era": np.repeat(labels, rows).tolist(), "id": [f"n{place:06d}" for place in range(len(walks))]}
    panel = panel_of(keys, walks[:, ::-1].astype(np.float32), truth, labels, Target("target", 20, purge=4), "walks")
    names = {f"feature_{lag}": f"price_lag{lag}" for lag in range(lags)}
    return replace(panel, frame=panel.frame.rename(names), features=tuple(names.values()))


@pytest.mark.parametrize("network", READERS, ids=lambda network: network.kind)
def test_learns_from_the_window_alone(network: WindowNetwork) -> None:
    panel, unseen = trend_panel(1), trend_panel(2)
    settings = {"epochs": 6, "patience": 6, "learning_rate": 1e-2, "threads": 1}
    fitted = replace(network, **settings).fit(panel)  # type: ignore[arg-type]
    found = era_corr(fitted.predict(unseen), unseen.collect()["target"].to_numpy()).mean()
    assert found > 0.6


@pytest.mark.parametrize("moments", [1, 2, 3, 7, 20])
@pytest.mark.parametrize("network", READERS, ids=lambda network: network.kind)
def test_readers_take_windows_of_any_length(network: WindowNetwork, moments: int) -> None:
    reader = network.reader(channels=3, moments=moments).eval()
    assert reader(torch.randn(5, moments, 3)).shape == (5, 8)


@pytest.mark.parametrize("network", READERS, ids=lambda network: network.kind)
def test_every_moment_of_a_short_window_matters(network: WindowNetwork) -> None:
    torch.manual_seed(0)
    reader = network.reader(channels=2, moments=4).eval()
    sequence = torch.randn(6, 4, 2, requires_grad=True)
    reader(sequence).sum(dim=1).pow(2).sum().backward()
    assert (sequence.grad.abs().sum(dim=(0, 2)) > 0).all()


def test_the_layout_is_oldest_first_and_keeps_the_rest() -> None:
    features = ("sector", "price_lag1", "volume_lag0", "price_lag0", "volume_lag1", "age")
    found = layout(features)
    assert [[features[place] for place in moment] for moment in found.windows] == [
        ["price_lag1", "volume_lag1"],
        ["price_lag0", "volume_lag0"],
    ]
    assert [features[place] for place in found.rest] == ["sector", "age"]


@pytest.mark.parametrize(
    ("features", "code"),
    [
        (("a", "b"), "panel-without-windows"),
        (("a_lag0", "a_lag2"), "windows-differ"),
        (("a_lag0", "a_lag1", "b_lag0"), "windows-differ"),
    ],
)
def test_refuses_columns_that_are_no_windows(features: tuple[str, ...], code: str) -> None:
    with pytest.raises(UserError) as caught:
        layout(features)
    assert caught.value.code == code


def test_sparsemax_is_the_nearest_point_of_the_simplex() -> None:
    from scipy.optimize import minimize

    from eraforge.models.networks.modules.tabnet import sparsemax

    rng = np.random.default_rng(4)
    scores = rng.normal(size=(6, 5)) * 2
    ours = sparsemax(torch.from_numpy(scores)).numpy()
    np.testing.assert_allclose(ours.sum(axis=1), 1.0)
    assert (ours == 0).any()
    for row, point in zip(scores, ours, strict=True):
        best = minimize(
            lambda x, row=row: ((x - row) ** 2).sum(), np.full(5, 0.2), method="SLSQP", bounds=[(0, 1)] * 5,
            constraints={"type": "eq", "fun": lambda x: x.sum() - 1}, options={"ftol": 1e-14},
        ).x  # fmt: skip
        np.testing.assert_allclose(point, best, atol=1e-6)


def test_tabnet_pays_for_dense_choices() -> None:
    from eraforge.models.networks.modules.tabnet import TabNet

    torch.manual_seed(0)
    module = TabNet(features=6, steps=3, width=4, reuse=1.3, sparsity=1.0, ghost_rows=16)
    assert module(torch.randn(64, 6)).shape == (64,)
    assert 0 < float(module.own_loss().detach()) <= np.log(6) + 1e-6


def test_a_reader_of_convolutions_never_looks_ahead() -> None:
    torch.manual_seed(0)
    blocks = TCN(width=8, blocks=3).reader(channels=2, moments=9).eval().blocks
    sequence = torch.randn(1, 2, 9)
    changed = sequence.clone()
    changed[:, :, 5:] += 1
    np.testing.assert_array_equal(blocks(sequence)[:, :, :5].detach(), blocks(changed)[:, :, :5].detach())
