"""A running local tournament, and the official client pointed at it."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import numerapi
import numpy as np
import pandas as pd
import polars as pl
import pytest
from numerapi import base_api

from eraforge.arenas.crypto import CRYPTO
from eraforge.arenas.signals import SIGNALS
from eraforge.core.words import Arena
from eraforge.simulator.server.inprocess import LocalTournament, local_tournament
from eraforge.simulator.world import World, build_world


@dataclass(frozen=True)
class Rival:
    """A competitor of a small market."""

    name: str
    model_id: str
    stake: Decimal


class SmallMarket:
    """The least a world of persistent ids can be: 130 names, five competitors, a weak signal. For tests alone."""

    ROWS = 130

    def __init__(self, arena: Arena, seed: int = 7) -> None:
        self.arena, self.seed = arena, seed
        self.synthetic = f"small {arena.name} seed={seed}"
        self.competitors = [
            Rival(
                f"{arena.name[:4]}_rival_{place}", f"00000000-0000-4000-8000-{arena.tournament:04d}{place:08d}", stake
            )
            for place, stake in enumerate(map(Decimal, (0, 5, 50, 200, 700)))
        ]
        self._ids = np.array([f"{arena.name[0].upper()}{place:03d} US" for place in range(self.ROWS)])

    def filenames(self) -> tuple[str, ...]:
        files = self.arena.files
        named = [files.train, files.live, *([files.validation] if files.validation else [])]
        names = [one.format(version=self.arena.version) for one in named]
        names += [one.format(version=self.arena.version) for one in (*files.neutralizers, *files.weights)]
        return (*names, *(["signals/v1.0/live.parquet"] if files.neutralizers else []))

    def edition(self, filename: str, round_day: date) -> str:
        return f"{round_day:%Y%m%d}"

    def write(self, filename: str, round_day: date, destination: Path) -> None:
        weeks = [round_day] if "live" in filename else [round_day - timedelta(weeks=one) for one in range(20, 12, -1)]
        pl.concat([self._frame(filename, day) for day in weeks]).write_parquet(destination)

    def _frame(self, filename: str, day: date) -> pl.DataFrame:
        keys = {self.arena.id_file_column: self._ids, self.arena.era_column: [day.isoformat()] * self.ROWS}
        if "neutralizer" in filename:
            return pl.DataFrame({**keys, **{f"neutralizer_{k}": one for k, one in enumerate(self.neutralizers(day).T)}})
        if "weights" in filename:
            return pl.DataFrame({**keys, "sample_weights": self.weights(day)})
        seen = {"data_type": ["validation"] * self.ROWS, "feature_a": self._signal(day)}
        target = {} if "live" in filename else {self.arena.target: self.truth(day, self.arena.target, 60)}
        return pl.DataFrame({**keys, **seen, **target})

    def live_ids(self, round_day: date) -> np.ndarray:
        return self._ids

    def truth(self, round_day: date, target: str, days: int) -> np.ndarray:
        noise = self._draw(round_day, f"{target} {days}").normal(size=self.ROWS)
        order = np.argsort(np.argsort(0.2 * self._signal(round_day) + noise)) / self.ROWS
        return np.digitize(order, (0.05, 0.25, 0.75, 0.95)) / 4

    def field(self, round_day: date) -> np.ndarray:
        noise = self._draw(round_day, "field").normal(size=(self.ROWS, len(self.competitors)))
        mixed = 0.5 * self._signal(round_day)[:, None] + noise
        return (np.argsort(np.argsort(mixed, axis=0), axis=0) + 0.5) / self.ROWS

    def present(self, round_day: date) -> np.ndarray:
        return np.ones(len(self.competitors), bool)

    def benchmarks(self, round_day: date) -> tuple[tuple[str, ...], np.ndarray]:
        return (), np.empty((self.ROWS, 0))

    def neutralizers(self, round_day: date) -> np.ndarray | None:
        if not self.arena.files.neutralizers:
            return None
        weights = self._volume()
        drawn = self._draw(date.min, "factors").normal(size=(self.ROWS, 3))
        return np.linalg.qr(drawn * np.sqrt(weights)[:, None])[0] / np.sqrt(weights)[:, None]

    def weights(self, round_day: date) -> np.ndarray | None:
        return self._volume() if self.arena.files.weights else None

    def _volume(self) -> np.ndarray:
        return self._draw(date.min, "volume").uniform(0.5, 2, self.ROWS)

    def _signal(self, day: date) -> np.ndarray:
        return self._draw(day, "signal").normal(size=self.ROWS)

    def _draw(self, day: date, name: str) -> np.random.Generator:
        return np.random.default_rng(zlib.crc32(f"{self.synthetic} {day} {name}".encode()))


@pytest.fixture(scope="session")
def three_worlds(tiny_world: World) -> dict:
    """A world for each tournament."""
    return {8: tiny_world, 11: SmallMarket(SIGNALS), 12: SmallMarket(CRYPTO)}


@pytest.fixture
def three(tmp_path: Path, three_worlds: dict) -> Iterator[LocalTournament]:
    """A fresh simulator with all three tournaments."""
    with local_tournament(tmp_path / "three", seed=7, world=three_worlds) as running:
        yield running


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
