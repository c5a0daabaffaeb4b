"""Targets: exact shares, the correlations of the real ones, and one path behind all days."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eraforge.core.errors import UserError
from eraforge.simulator.world.rows.draws import generator, normals
from eraforge.simulator.world.rows.targets import Outcomes, binned, parse_target, target_columns

ROWS = 40_000


@pytest.fixture(scope="module")
def outcomes() -> Outcomes:
    signal = normals(generator("signal of a test"), ROWS)
    return Outcomes(generator("outcomes of a test"), signal, 0.05, 8)


@settings(max_examples=30, deadline=None)
@given(st.integers(20, 3_000), st.integers(0, 5))
def test_bins_have_the_published_shares(rows: int, seed: int) -> None:
    values = normals(generator(seed, rows), rows)
    target = binned(values)
    for level, share in zip((0, 0.25, 0.5, 0.75, 1), (0.05, 0.2, 0.5, 0.2, 0.05), strict=True):
        assert abs((target == level).sum() - share * rows) <= 1
    assert (np.diff(target[np.argsort(values)]) >= 0).all()


@pytest.mark.parametrize(
    ("name", "days", "real"),
    [("ender", 60, 0.464), ("jasper", 20, 0.795), ("teager2b", 20, 0.793), ("cyrusd", 20, 0.757)],
)
def test_targets_correlate_with_ender_20_as_the_real_ones_do(
    outcomes: Outcomes, name: str, days: int, real: float
) -> None:
    found = np.corrcoef(outcomes.target("ender", 20), outcomes.target(name, days))[0, 1]
    assert found == pytest.approx(real, abs=0.02)


def test_every_day_has_the_same_spread(outcomes: Outcomes) -> None:
    for name in ("ender", "jasper"):
        for days in (1, 20, 37, 60):
            assert outcomes.latent(name, days).std() == pytest.approx(1, abs=0.02)


def test_the_signal_shows_with_its_strength() -> None:
    signal = normals(generator("signal of a test"), ROWS)
    outcomes = Outcomes(generator("outcomes of a test"), signal, 0.3, 6)
    late = np.corrcoef(signal, outcomes.latent("ender", 60))[0, 1]
    early = np.corrcoef(signal, outcomes.latent("ender", 5))[0, 1]
    assert late == pytest.approx(0.3, abs=0.02)
    assert 0.05 < early < late


def test_missing_rows_are_few_and_only_in_auxiliary_targets(outcomes: Outcomes) -> None:
    assert not np.isnan(outcomes.target("ender", 20)).any()
    assert 0 < np.isnan(outcomes.target("bravo", 20)).mean() < 0.01


def test_names_and_horizons_of_columns() -> None:
    assert target_columns(("ender", "jasper"))[:3] == ("target", "target_ender_20", "target_ender_60")
    assert parse_target("target", ("ender",)) == ("ender", 60)
    assert parse_target("target_ender_20", ("ender",)) == ("ender", 20)
    for wrong in ("target_jasper_20", "target_ender_30", "ender_20", "target_ender"):
        with pytest.raises(UserError):
            parse_target(wrong, ("ender",))
