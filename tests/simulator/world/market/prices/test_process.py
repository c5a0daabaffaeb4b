from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import lfilter

from eraforge.simulator.world.market.prices import process


@pytest.mark.parametrize("memory", [0.0, 0.35, 0.985])
def test_a_level_that_remembers_is_the_filter_of_scipy_to_the_last_bit(memory: float) -> None:
    source = np.random.default_rng(3)
    noise, before = source.normal(size=(40, process.BLOCK)).astype(np.float32), source.normal(size=40)
    expected, _ = lfilter([1.0], [1.0, -memory], noise, axis=1, zi=(memory * before)[:, None])
    assert np.array_equal(process._remembering(noise, memory, before), expected)
