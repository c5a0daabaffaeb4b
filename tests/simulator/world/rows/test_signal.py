"""The signal: unit variance in the long run, weights that drift and flip, nothing on distractors."""

from __future__ import annotations

import numpy as np
import pytest

from eraforge.arenas.classic import CLASSIC
from eraforge.simulator.world.rows.features import FeatureSpace
from eraforge.simulator.world.rows.signal import Signal, weighted
from eraforge.simulator.world.scale import SCALES
from eraforge.simulator.world.weeks import Weeks


@pytest.fixture(scope="module")
def signal() -> Signal:
    scale = SCALES["small"]
    return Signal(FeatureSpace(7, scale, Weeks(CLASSIC.calendar, scale)))


def test_the_long_run_part_has_variance_one(signal: Signal) -> None:
    weeks = signal.space.weeks
    basis = signal.basis(signal.space.draw(weeks.day(1000), 20_000))
    assert basis.shape == (signal.terms, 20_000)
    assert weighted(signal.long_run[None, :], basis).std() == pytest.approx(1, abs=0.05)


def test_the_signal_in_force_follows_the_long_run_but_changes(signal: Signal) -> None:
    weeks = signal.space.weeks
    basis = signal.reference
    long_run = weighted(signal.long_run[None, :], basis)[0]
    values = np.stack([signal.value(basis, weeks.day(number)) for number in range(956, 1236, 4)])
    likeness = np.array([np.corrcoef(long_run, value)[0, 1] for value in values])
    assert 0.4 < np.median(likeness) < 0.97
    near = np.corrcoef(values[10], values[11])[0, 1]
    far = np.corrcoef(values[10], values[60])[0, 1]
    assert near > far


def test_some_weights_turn_their_sign_for_a_while(signal: Signal) -> None:
    carried = signal.long_run != 0
    weights = signal._weights[900:1300, carried] * np.sign(signal.long_run[carried])
    turned = (weights < 0).mean()
    assert 0.05 < turned < 0.4
    assert (signal._weights[:, ~carried] == 0).all()


def test_part_of_the_signal_lies_outside_the_small_set(signal: Signal) -> None:
    inside = (signal.linear < signal.space.scale.small).mean()
    assert 0.5 < inside < 0.95
    assert len(set(signal.linear.tolist()) & set(signal.distractors.tolist())) == 0
