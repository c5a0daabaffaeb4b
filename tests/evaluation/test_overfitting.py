"""The best of many tries, deflated."""

from __future__ import annotations

import math

import numpy as np
import pytest

from eraforge.core.errors import UserError
from eraforge.core.panel import Sample
from eraforge.evaluation.overfitting import deflated_sharpe, exceeds, luckiest, overfitting
from eraforge.evaluation.uncertainty import WEEKLY_20, Overlap

APART = Overlap(5, 5)


def _tries(seed: int, eras: int = 240, tries: int = 40, length: int = 4) -> np.ndarray:
    shocks = np.random.default_rng(seed).standard_normal((eras + length - 1, tries))
    sums = np.cumsum(np.vstack([np.zeros((1, tries)), shocks]), axis=0)
    return np.asarray((sums[length:] - sums[:-length]) / math.sqrt(length))


def test_the_example_of_the_paper() -> None:
    """Bailey and Lopez de Prado 2014: Sharpe 2.5 a year, 1250 days, 100 tries, variance 1/2, skew -3, kurtosis 10."""
    by_luck = luckiest(100, 0.5 / 250)
    assert by_luck == pytest.approx(0.1132, abs=1e-4)
    assert exceeds(2.5 / math.sqrt(250), by_luck, 1250, -3, 10) == pytest.approx(0.9004, abs=1e-4)


def test_the_best_of_many_without_skill_is_seldom_believed() -> None:
    believed = believed_naively = 0
    for seed in range(150):
        tries = _tries(seed)
        ratios = tries.mean(axis=0) / tries.std(axis=0)
        best = tries[:, ratios.argmax()]
        believed += deflated_sharpe(best, ratios, WEEKLY_20, Sample.VALIDATION).probability > 0.95
        believed_naively += exceeds(float(ratios.max()), 0.0, len(best), 0, 3) > 0.95
    assert believed / 150 <= 0.05
    assert believed_naively / 150 > 0.9


def test_real_skill_survives_deflation() -> None:
    tries = _tries(1)
    tries[:, 5] += 1.2
    ratios = tries.mean(axis=0) / tries.std(axis=0)
    found = deflated_sharpe(tries[:, 5], ratios, WEEKLY_20, Sample.VALIDATION)
    assert found.probability > 0.95
    assert found.independent == pytest.approx(240 / 4, rel=0.03)
    assert found.tries == 40


def test_overfitting_is_a_coin_flip_without_skill_and_rare_with_it() -> None:
    luck = [overfitting(_tries(seed), WEEKLY_20, Sample.VALIDATION, blocks=8).probability for seed in range(40)]
    assert np.mean(luck) == pytest.approx(0.5, abs=0.1)
    tries = _tries(3)
    tries[:, 7] += 1.0
    found = overfitting(tries, WEEKLY_20, Sample.VALIDATION)
    assert found.probability < 0.05
    assert found.splits == 924
    assert found.rank > 0.9


def test_blocks_of_nothing_but_overlap_are_refused() -> None:
    with pytest.raises(UserError, match="beside the overlap"):
        overfitting(np.zeros((40, 3)), WEEKLY_20, Sample.TEST)
    with pytest.raises(UserError, match="7 blocks"):
        overfitting(np.zeros((400, 3)), WEEKLY_20, Sample.TEST, blocks=7)
    with pytest.raises(UserError, match="two tries"):
        overfitting(np.zeros((400, 1)), WEEKLY_20, Sample.TEST)
    with pytest.raises(UserError, match="nothing to deflate"):
        luckiest(1, 1.0)


def test_labels_that_do_not_overlap_lose_no_era() -> None:
    assert overfitting(_tries(2, length=1), APART, Sample.TEST, blocks=16).splits == 12870
