"""Damping keeps the limit on the ranks, changes no more than needed, and says when it cannot."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import spearmanr

from eraforge.core.errors import DataError
from eraforge.evaluation.neutral.damping import damp


def answers(
    seed: int, rows: int, alike: float, count: int
) -> tuple[np.ndarray, np.ndarray, list[tuple[np.ndarray, np.ndarray]]]:
    """A new answer and `count` earlier ones that resemble each other closely and the new one by `alike`."""
    random = np.random.default_rng(seed)
    ids = np.array([f"T{place:05d} US" for place in range(rows)])
    shared = random.standard_normal(rows)
    new = alike * shared + np.sqrt(1 - alike**2) * random.standard_normal(rows)
    earlier = [(ids, shared + 0.1 * random.standard_normal(rows)) for _ in range(count)]
    return ids, new, earlier


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 999), st.floats(0.2, 0.95), st.integers(1, 5), st.sampled_from([0.05, 0.1, 0.15, 0.3]))
def test_the_limit_holds_on_the_ranks_as_scipy_measures_them(seed: int, alike: float, count: int, limit: float) -> None:
    ids, new, earlier = answers(seed, 300, alike, count)
    damped = damp(ids, new, earlier, limit)
    measured = max(1 - spearmanr(damped.values, old).statistic for _, old in earlier)
    assert damped.holds and measured <= limit + 1e-12
    assert damped.after == pytest.approx(measured, abs=1e-12)
    assert damped.values.min() > 0 and damped.values.max() < 1


def test_an_answer_within_the_limit_is_left_as_it_is() -> None:
    ids, new, earlier = answers(1, 500, 0.999, 3)
    damped = damp(ids, new, earlier, 0.15)
    assert damped.kept == 1 and damped.before == damped.after <= 0.15
    assert np.array_equal(np.argsort(damped.values), np.argsort(new))


@pytest.mark.parametrize("seed", range(5))
def test_no_plain_blend_within_the_limit_keeps_more_of_the_new_answer(seed: int) -> None:
    """Oracle: every blend of the new answer with the mean of the old ones, tried one by one."""
    ids, new, earlier = answers(seed, 800, 0.6, 3)
    damped = damp(ids, new, earlier, 0.15)
    mean = np.mean([old for _, old in earlier], axis=0)
    best = 0.0
    for share in np.linspace(0, 1, 401):
        blend = share * (new - new.mean()) / new.std() + (1 - share) * (mean - mean.mean()) / mean.std()
        if max(1 - spearmanr(blend, old).statistic for _, old in earlier) <= 0.15:
            best = max(best, float(np.corrcoef(blend, new)[0, 1]))
    assert damped.kept > best - 0.005


def test_earlier_answers_that_contradict_each_other_cannot_all_be_met() -> None:
    ids, new, _ = answers(1, 400, 0.5, 1)
    random = np.random.default_rng(5)
    damped = damp(ids, new, [(ids, random.standard_normal(400)), (ids, random.standard_normal(400))], 0.1)
    assert not damped.holds and damped.after < damped.before


def test_ids_that_came_and_went_are_allowed_for() -> None:
    ids, new, earlier = answers(3, 500, 0.7, 2)
    moved = [(np.array([f"{name}" if place % 10 else f"X{place}" for place, name in enumerate(ids)]), earlier[0][1])]
    assert damp(ids, new, moved, 0.15).holds


def test_nothing_to_compare_with_is_said() -> None:
    ids, new, _ = answers(3, 200, 0.7, 1)
    with pytest.raises(DataError) as caught:
        damp(ids, new, [(np.array([f"Z{place}" for place in range(200)]), new)], 0.15)
    assert caught.value.code == "nothing-comparable"
