"""One tiny world and its files, written once for the whole folder."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from eraforge.simulator.world import World, build_world

ROUND_DAY = date(2026, 9, 1)


@pytest.fixture(scope="session")
def round_day() -> date:
    return ROUND_DAY


@pytest.fixture(scope="session")
def world() -> World:
    return build_world(7, "tiny")


@pytest.fixture(scope="session")
def folder(world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("world")
    for filename in world.filenames():
        world.write(filename, ROUND_DAY, folder / filename.split("/")[1])
    return folder
