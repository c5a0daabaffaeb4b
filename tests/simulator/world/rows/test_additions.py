"""Appended features: five equal bins, some variants of known families, the others plain, the same ones every time."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from eraforge.simulator.world.rows.additions import Additions
from eraforge.simulator.world.world import build_world

WORLD = build_world(7, "small")
SPACE, SIGNAL = WORLD._tables.space, WORLD._tables.signal
DAY, ROWS = date(2026, 5, 1), 20_000


def test_they_fill_five_equal_bins() -> None:
    values = Additions(SPACE, 1).draw(DAY, ROWS)
    assert values.shape == (SPACE.scale.added, ROWS) and values.dtype == np.int8
    for row in values:
        assert np.bincount(row, minlength=5) / ROWS == pytest.approx(np.full(5, 0.2), abs=0.02)


def test_half_of_them_are_variants_of_families_and_half_know_nothing() -> None:
    additions, known = Additions(SPACE, 4), SPACE.draw(DAY, ROWS)
    likeness = [max(abs(np.corrcoef(one, other)[0, 1]) for other in known) for one in additions.draw(DAY, ROWS)]
    plain = [one < 0.03 for one in likeness]  # of 120 features, by chance alone
    assert sum(plain) == len(plain) // 2
    assert max(likeness) > 0.3 and max(likeness) < 0.95


def test_the_signal_in_them_is_weak() -> None:
    days = [DAY + timedelta(days=7 * week) for week in range(3)]
    signal = np.concatenate([SIGNAL.value(SIGNAL.basis(SPACE.draw(day, ROWS)), day) for day in days])
    values = np.concatenate([Additions(SPACE, 1).draw(day, ROWS) for day in days], axis=1)
    old = np.concatenate([SPACE.draw(day, ROWS) for day in days], axis=1)[SIGNAL.linear]
    told = [abs(np.corrcoef(one, signal)[0, 1]) for one in values]
    assert max(told) < max(abs(np.corrcoef(one, signal)[0, 1]) for one in old)


def test_a_later_release_leaves_those_before_it_as_they_are() -> None:
    one, two = Additions(SPACE, 1), Additions(SPACE, 2)
    assert two.names[: len(one.names)] == one.names and two.groups[: len(one.names)] == one.groups
    assert len(set(two.names) | set(SPACE.names)) == 2 * len(one.names) + len(SPACE.names)
    np.testing.assert_array_equal(two.draw(DAY, 500)[: len(one.names)], one.draw(DAY, 500))
