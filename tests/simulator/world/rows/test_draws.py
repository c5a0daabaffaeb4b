"""Seeded generators and the quick normals."""

from __future__ import annotations

import numpy as np
import pytest

from eraforge.simulator.world.rows.draws import generator, quick_normals


def test_equal_labels_give_equal_streams_and_others_do_not() -> None:
    first, same, other = (generator(*labels).random(5) for labels in ((7, "a"), (7, "a"), (7, "b")))
    assert np.array_equal(first, same)
    assert not np.array_equal(first, other)


def test_a_stream_is_pinned() -> None:
    # A change of this number changes every world that anybody has saved.
    assert generator(7, "tiny", "ids").integers(1 << 30) == 349716421


def test_quick_normals_are_normal() -> None:
    values = quick_normals(generator("normals"), 50, 20_001)
    assert values.shape == (50, 20_001)
    assert values.dtype == np.float32
    assert values.mean() == pytest.approx(0, abs=0.005)
    assert values.std() == pytest.approx(1, abs=0.005)
    assert np.mean(values > 1.959964) == pytest.approx(0.025, abs=0.001)
    assert abs(np.corrcoef(values[0], values[1])[0, 1]) < 0.03
