"""Alpha, MPC and neutral weights against numerai-tools."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numerai_tools import scoring

from eraforge.core.errors import DataError
from eraforge.evaluation.neutral.weights import alpha, mpc, neutral_weights

FLAVOUR = st.sampled_from(("plain", "ties", "constant", "half", "infinite", "holes", "many holes"))


def factors(rng: np.random.Generator, rows: int, width: int = 5) -> tuple[np.ndarray, np.ndarray]:
    """Neutralisers that are orthonormal under positive weights, as the published ones are."""
    weights = rng.random(rows) + 0.1
    basis, _ = np.linalg.qr(rng.normal(size=(rows, min(width, rows // 2))))
    return basis / np.sqrt(weights)[:, None], weights


@given(
    seed=st.integers(0, 10**6),
    rows=st.sampled_from((1, 2, 20, 300)),
    flavours=st.lists(FLAVOUR, min_size=1, max_size=3),
    truth=st.sampled_from(("binned", "returns", "constant", "holes")),
)
@settings(max_examples=40, deadline=None)
def test_portfolio_scores_equal_the_reference(
    oracle: Any, seed: int, rows: int, flavours: list[str], truth: str
) -> None:
    rng = np.random.default_rng(seed)
    predictions = np.column_stack([oracle.column(rng, rows, flavour) for flavour in flavours])
    target, (table, weights) = oracle.target(rng, rows, truth), factors(rng, rows)
    stakes = rng.choice([0.0, np.nan, 3.5, 100.0], len(flavours))
    frame, truths = oracle.frame(predictions), oracle.series(target)
    features, volume = oracle.frame(table), oracle.series(weights)
    held = pd.Series(stakes, index=frame.columns)
    oracle.agree(
        lambda: alpha(predictions, table, weights, target), lambda: scoring.alpha(frame, features, volume, truths)
    )
    if np.nansum(stakes) > 0 and not ("constant" in flavours and rows > 1):  # an empty portfolio: rounding noise there
        oracle.agree(
            lambda: mpc(predictions, stakes, table, weights, target),
            lambda: scoring.meta_portfolio_contribution(frame, held, features, volume, truths),
        )


@pytest.mark.parametrize("centred", [False, True])
def test_neutral_weights_equal_the_reference(oracle: Any, centred: bool) -> None:
    rng = np.random.default_rng(1)
    predictions, (table, weights) = rng.normal(size=(400, 3)), factors(rng, 400)
    oracle.agree(
        lambda: neutral_weights(predictions, table, weights, centred=centred),
        lambda: scoring.generate_neutralized_weights(
            oracle.frame(predictions), oracle.frame(table), oracle.series(weights), centred
        ),
    )


def test_refusals_have_codes() -> None:
    rng = np.random.default_rng(2)
    predictions, (table, weights), target = rng.normal(size=(50, 2)), factors(rng, 50), rng.normal(size=50)
    holes = table.copy()
    holes[3, 1] = np.nan
    cases = {
        "missing-values": lambda: alpha(predictions, holes, weights, target),
        "stakes-do-not-add-up": lambda: mpc(predictions, np.array([1.0, -1.0]), table, weights, target),
        "shapes-differ": lambda: mpc(predictions, np.ones(3), table, weights, target),
        "power-distorts": lambda: neutral_weights(predictions[:1], table[:1], weights[:1]),
    }
    for code, call in cases.items():
        with pytest.raises(DataError) as error:
            call()
        assert error.value.code == code
