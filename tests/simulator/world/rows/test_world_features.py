"""Features: five equal bins, families that correlate, and days that stand alone."""

from __future__ import annotations

import numpy as np
import pytest

from eraforge.arenas.classic import CLASSIC
from eraforge.simulator.world.rows.features import FeatureSpace
from eraforge.simulator.world.scale import SCALES
from eraforge.simulator.world.weeks import Weeks


@pytest.fixture(scope="module")
def space() -> FeatureSpace:
    scale = SCALES["small"]
    return FeatureSpace(7, scale, Weeks(CLASSIC.calendar, scale))


def test_bins_are_equal(space: FeatureSpace) -> None:
    day = space.weeks.day(1150)
    values = np.concatenate([space.draw(day, 20_000), space.draw(space.weeks.day(1151), 20_000)], axis=1)
    assert values.dtype == np.int8
    shares = np.stack([(values == level).mean(axis=1) for level in range(5)])
    assert np.abs(shares - 0.2).max() < 0.012


def test_a_day_is_the_same_whenever_it_is_drawn(space: FeatureSpace) -> None:
    day = space.weeks.day(1100)
    first = space.draw(day, 300)
    space.draw(space.weeks.day(1101), 300)
    again = FeatureSpace(7, space.scale, space.weeks).draw(day, 300)
    assert np.array_equal(first, again)
    assert not np.array_equal(first, space.draw(space.weeks.day(1101), 300))


def test_some_variants_are_close_and_most_pairs_weak(space: FeatureSpace) -> None:
    likeness = np.abs(np.corrcoef(space.draw(space.weeks.day(1150), 20_000)))
    pairs = likeness[np.triu_indices(len(likeness), 1)]
    assert 0.7 < pairs.max() < 0.95
    assert np.median(pairs) < 0.05
    family = space.family_of[:, None] == space.family_of[None, :]
    group = np.array(space.groups)[:, None] == np.array(space.groups)[None, :]
    upper = np.triu(np.ones_like(family), 1).astype(bool)
    within, beside, across = likeness[upper & family], likeness[upper & ~family & group], likeness[upper & ~group]
    assert within.mean() > 2 * beside.mean() > 2 * across.mean()


def test_the_newest_features_are_all_middle_before_they_begin(space: FeatureSpace) -> None:
    early = space.draw(space.weeks.day(space.scale.first_train_era), 200)
    late = space.draw(space.weeks.day(space.scale.last_train_era), 200)
    constant = (early == 2).all(axis=1)
    assert 0 < constant.sum() <= space.scale.quantum
    assert not (late == 2).all(axis=1).any()
    quantum = set(space.sets["quantum"])
    assert {name for name, missing in zip(space.names, constant, strict=True) if missing} <= quantum
