"""The field: different skill, alike in belief, and a meta model that beats most of its members."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from numerai_tools.scoring import numerai_corr

from eraforge.core.calendar import next_open_day
from eraforge.simulator.world import World, build_world

FIRST = date(2026, 2, 3)
ROUNDS = 40


@pytest.fixture(scope="module")
def scores(world: World) -> tuple[np.ndarray, np.ndarray]:
    """Per round: CORR of each competitor, and of the meta model, by the reference implementation."""
    single, together, day = [], [], FIRST
    for _ in range(ROUNDS):
        ids = world.live_ids(day)
        truth = pd.Series(world.truth(day, "target", 60).astype(float), index=ids, name="target")
        columns = {str(index): values for index, values in enumerate(world.field(day).T.astype(float))}
        present = pd.DataFrame({**columns, "meta": world.meta_model(day).astype(float)}, index=ids).dropna(axis=1)
        result = numerai_corr(present, truth)
        single.append([result.get(str(index), np.nan) for index in range(len(world.competitors))])
        together.append(result["meta"])
        day = next_open_day(world.arena.calendar, day)
    return np.array(single), np.array(together)


def test_the_meta_model_beats_most_of_the_field(scores: tuple[np.ndarray, np.ndarray]) -> None:
    single = np.nanmean(scores[0], axis=0)
    assert scores[1].mean() > np.median(single)
    assert (single < scores[1].mean()).mean() > 0.6


def test_skill_orders_the_results(world: World, scores: tuple[np.ndarray, np.ndarray]) -> None:
    skill = np.array([one.skill for one in world.competitors])
    assert np.ptp(skill) > 0.3
    assert np.corrcoef(skill, np.nanmean(scores[0], axis=0))[0, 1] > 0.4


def test_members_resemble_each_other_without_being_copies(world: World) -> None:
    rows = build_world(7, "small").field(FIRST)
    likeness = np.corrcoef(rows[:, ~np.isnan(rows[0])].T)[np.triu_indices((~np.isnan(rows[0])).sum(), 1)]
    assert 0.2 < np.median(likeness) < 0.7
    assert likeness.max() < 0.97


def test_some_stake_nothing_a_few_heavily_and_some_miss_rounds(world: World) -> None:
    stakes = sorted(one.stake for one in world.competitors)
    assert 30 <= len(stakes) <= 50
    assert stakes[1] == Decimal(0) < stakes[10]
    assert sum(stakes[-5:]) > sum(stakes) / 3
    missed = np.array([np.isnan(world.field(FIRST + timedelta(days=7 * week))[0]) for week in range(40)])
    present = np.array([world.present(FIRST + timedelta(days=7 * week)) for week in range(40)])
    assert np.array_equal(present, ~missed)
    habits = np.array([one.misses for one in world.competitors])
    assert missed[:, habits > 0].any()
    assert not missed[:, habits == 0].any()
    assert len({one.model_id for one in world.competitors}) == len(world.competitors)


def test_a_member_is_absent_as_a_whole_or_ranks_every_row(world: World) -> None:
    rows = world.field(FIRST)
    absent = np.isnan(rows)
    assert (absent.all(axis=0) | ~absent.any(axis=0)).all()
    there = rows[:, ~absent[0]]
    assert ((there > 0) & (there < 1)).all()
    assert np.allclose(there.mean(axis=0), 0.5, atol=1e-6)
