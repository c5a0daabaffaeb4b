"""Worlds of Signals and Crypto as a whole: rounds, truths, fields, and the same bytes in every process."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from eraforge.core.errors import UserError
from eraforge.evaluation.scores import corr
from eraforge.simulator.port import PriceFeed, World
from eraforge.simulator.world.market import MarketWorld, crypto_world, signals_world

ROUND_DAY = date(2026, 9, 1)
PROGRAM = """
import sys
from datetime import date
from pathlib import Path
from eraforge.simulator.world.market import crypto_world, signals_world
for world in (crypto_world(7, "tiny"), signals_world(7, "tiny")):
    folder = Path(sys.argv[1]) / world.arena.name
    folder.mkdir()
    for name in reversed(world.price_filenames()):
        world.write_prices(name, date(2026, 8, 31), folder / name.replace("/", "+"))
    for name in reversed(world.filenames()):
        world.write(name, date(2026, 9, 1), folder / name.replace("/", "+"))
"""


def digests(folder: Path) -> dict[str, str]:
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in sorted(folder.iterdir())}


def test_every_file_has_the_same_bytes_in_another_process(
    signals_files: Path, crypto_files: Path, tmp_path: Path
) -> None:
    environment = {**os.environ, "PYTHONHASHSEED": "4242", "POLARS_MAX_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    subprocess.run([sys.executable, "-c", PROGRAM, str(tmp_path)], check=True, env=environment, timeout=110)
    assert digests(tmp_path / "signals") == digests(signals_files)
    assert digests(tmp_path / "crypto") == digests(crypto_files)
    assert (len(digests(signals_files)), len(digests(crypto_files))) == (15, 6)


@pytest.mark.parametrize("name", ["signals", "crypto"])
def test_a_round_fits_together(name: str, request: pytest.FixtureRequest) -> None:
    world: MarketWorld = request.getfixturevalue(name)
    ids = world.live_ids(ROUND_DAY)
    assert ids.tolist() == sorted(set(ids.tolist()))
    assert len(ids) >= 100  # the fewest rows a submission may have
    field = world.field(ROUND_DAY)
    assert field.shape == (len(ids), len(world.competitors))
    taking_part = ~np.isnan(field[0])
    assert np.array_equal(world.present(ROUND_DAY), taking_part)
    assert 0.5 < taking_part.mean() <= 1 and (~np.isnan(field[:, taking_part])).all()
    assert field[:, taking_part].min() > 0 and field[:, taking_part].max() < 1
    names, values = world.benchmarks(ROUND_DAY)
    assert names == () and values.shape == (len(ids), 0)


@pytest.mark.parametrize("name", ["signals", "crypto"])
def test_truths_are_complete_and_approach_the_final_target(name: str, request: pytest.FixtureRequest) -> None:
    world: MarketWorld = request.getfixturevalue(name)
    for target in world.targets:
        last = world._outcomes.recipe(target).horizon
        days = [world.truth(ROUND_DAY, target, day) for day in (1, last // 2, last)]
        assert all(np.isin(values, [0, 0.25, 0.5, 0.75, 1]).all() for values in days)
        likeness = [float(np.corrcoef(values, days[-1])[0, 1]) for values in days]
        assert likeness == sorted(likeness)
    short, whole = (world.truth(ROUND_DAY, target, 20) for target in (world.targets[-2], world.targets[-1]))
    assert short.shape == whole.shape == world.live_ids(ROUND_DAY).shape


def test_neutralizers_are_orthonormal_under_the_weights(signals: MarketWorld, crypto: MarketWorld) -> None:
    matrix, weights = signals.neutralizers(ROUND_DAY), signals.weights(ROUND_DAY)
    assert matrix is not None and weights is not None
    assert matrix.T @ (weights[:, None] * matrix) == pytest.approx(np.eye(matrix.shape[1]), abs=1e-10)
    assert weights.mean() == pytest.approx(1) and weights.min() > 0
    assert crypto.neutralizers(ROUND_DAY) is None and crypto.weights(ROUND_DAY) is None


def test_a_target_neutral_to_features_gives_a_feature_next_to_nothing(signals: MarketWorld) -> None:
    section = signals._section(ROUND_DAY)
    place = signals._layout.feature_names.index("feature_momentum_26w_factor")
    feature = section.bins[place].astype(float)
    neutral = signals.truth(ROUND_DAY, "target_factor_feat_neutral_60", 60)
    assert abs(corr(feature[:, None], neutral)[0]) < 0.1


def test_rounds_of_one_name_differ_and_names_of_fields_never_meet(signals: MarketWorld, crypto: MarketWorld) -> None:
    names = [one.name for world in (signals, crypto) for one in world.competitors]
    assert len(set(names)) == len(names) == 48 and max(map(len, names)) <= 20
    ids = [one.model_id for world in (signals, crypto) for one in world.competitors]
    assert len(set(ids)) == len(ids)
    assert any(one.stake == 0 for one in signals.competitors) and any(one.stake > 0 for one in signals.competitors)


def test_competitors_change_their_minds_slowly(signals: MarketWorld) -> None:
    """Neutral churn would burn a field whose answers were new every day."""
    days = [date(2026, 9, 1), date(2026, 9, 2)]
    frames = [
        pl.DataFrame({"id": signals.live_ids(day), f"p{place}": signals.field(day)[:, 3]})
        for place, day in enumerate(days)
    ]
    both = frames[0].join(frames[1], on="id").drop_nulls()
    assert np.corrcoef(both["p0"].to_numpy(), both["p1"].to_numpy())[0, 1] > 0.9


def test_another_seed_gives_another_market(signals: MarketWorld) -> None:
    other = signals_world(8, "tiny")
    assert not np.isin(other.live_ids(ROUND_DAY), signals.live_ids(ROUND_DAY)).all()
    assert other.synthetic != signals.synthetic


def test_what_does_not_exist_is_refused(crypto: MarketWorld, tmp_path: Path) -> None:
    for call, code in (
        (lambda: crypto.write("crypto/v1.0/train.parquet", ROUND_DAY, tmp_path / "x"), "unknown-dataset-file"),
        (lambda: crypto.live_ids(date(2026, 8, 31)), "no-round-that-day"),
        (lambda: crypto.truth(ROUND_DAY, "target", 3), "unknown-target"),
        (lambda: crypto.truth(ROUND_DAY, "target_binned_return_20", 21), "days-beyond-target"),
        (lambda: crypto.write_prices("prices/crypto/weekly.csv", ROUND_DAY, tmp_path / "x"), "unknown-price-file"),
        (lambda: crypto_world(1, "huge"), "unknown-scale"),
    ):
        with pytest.raises(UserError) as refusal:
            call()
        assert refusal.value.code == code


def test_the_worlds_are_what_the_tournament_asks_for(signals: MarketWorld, crypto: MarketWorld) -> None:
    """Typed: the protocols' own names and signatures."""
    worlds: tuple[World, ...] = (signals, crypto)
    feeds: tuple[PriceFeed, ...] = (signals, crypto)
    assert [world.arena.tournament for world in worlds] == [11, 12]
    assert all(name.startswith("prices/") for feed in feeds for name in feed.price_filenames())
