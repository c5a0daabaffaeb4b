"""Tiny worlds of Signals and Crypto, and their files, made once."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from eraforge.simulator.world.market import MarketWorld, crypto_world, signals_world

ROUND_DAY, MARKET_DAY = date(2026, 9, 1), date(2026, 8, 31)
SEED = 7


@pytest.fixture(scope="session")
def signals() -> MarketWorld:
    return signals_world(SEED, "tiny")


@pytest.fixture(scope="session")
def crypto() -> MarketWorld:
    return crypto_world(SEED, "tiny")


def written(world: MarketWorld, folder: Path, round_day: date, market_day: date) -> Path:
    for name in world.filenames():
        world.write(name, round_day, folder / name.replace("/", "+"))
    for name in world.price_filenames():
        world.write_prices(name, market_day, folder / name.replace("/", "+"))
    return folder


@pytest.fixture(scope="session")
def signals_files(signals: MarketWorld, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(signals, tmp_path_factory.mktemp("signals"), ROUND_DAY, MARKET_DAY)


@pytest.fixture(scope="session")
def crypto_files(crypto: MarketWorld, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(crypto, tmp_path_factory.mktemp("crypto"), ROUND_DAY, MARKET_DAY)
