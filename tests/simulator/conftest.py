"""A running local tournament, and the official client pointed at it."""

from collections.abc import Iterator
from pathlib import Path

import numerapi
import numpy as np
import pandas as pd
import pytest
from numerapi import base_api

from eraforge.simulator.server.inprocess import LocalTournament, local_tournament
from eraforge.simulator.world import World, build_world


@pytest.fixture(scope="session")
def tiny_world() -> World:
    """One world for all tests: it is a pure function of its seed."""
    return build_world(7, "tiny")


@pytest.fixture
def sim(tmp_path: Path, tiny_world: World) -> Iterator[LocalTournament]:
    """A fresh local tournament, half an hour before round 1345 opens."""
    with local_tournament(tmp_path / "state", seed=7, world=tiny_world) as running:
        yield running


@pytest.fixture
def client(sim: LocalTournament, monkeypatch: pytest.MonkeyPatch) -> numerapi.NumerAPI:
    """The unmodified official client of the ready account."""
    return official_client(sim, monkeypatch)


def official_client(sim: LocalTournament, monkeypatch: pytest.MonkeyPatch) -> numerapi.NumerAPI:
    monkeypatch.setattr(base_api, "API_TOURNAMENT_URL", sim.url)
    return numerapi.NumerAPI(sim.public_id, sim.secret_key, verbosity="critical", show_progress_bars=False)


@pytest.fixture
def predictions(tiny_world: World):
    """Makes predictions for the live ids of a round."""

    def make(sim: LocalTournament, number: int, seed: int = 0) -> pd.DataFrame:
        ids = tiny_world.live_ids(sim.tournament.rounds.day(number))
        return pd.DataFrame({"id": ids, "prediction": np.random.default_rng(seed).random(len(ids))})

    return make
