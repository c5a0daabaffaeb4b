"""Fixtures for the tests of any Numerai client: a local tournament of its own for every test, in under a second.

    pytest_plugins = ["eraforge.simulator.testing"]

    def test_my_client(numerai_simulator, numerai_client):
        numerai_simulator.advance()  # to the next event: round 1345 opens
        numerai_simulator.disturb("applied-unanswered")
        ...
        assert numerai_simulator.judge().clean

The tournament runs on a free port of the loopback; while it does, numerapi, where it is installed, speaks to it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from eraforge.simulator.server.inprocess import LocalTournament, local_tournament

__all__ = ["LocalTournament", "local_tournament", "numerai_client", "numerai_simulator", "numerapi_pointed_at"]

CLIENT = "numerapi"


@pytest.fixture
def numerai_simulator(tmp_path: Path) -> Iterator[LocalTournament]:
    """A fresh local tournament, half an hour before round 1345 opens; its clock stands still until it is advanced."""
    with local_tournament(tmp_path / "numerai-simulator") as running, numerapi_pointed_at(running.url):
        yield running


@pytest.fixture
def numerai_client(numerai_simulator: LocalTournament) -> Any:
    """The official client of the tournament's ready account; skips where numerapi is not installed."""
    numerapi = pytest.importorskip(CLIENT)
    keys = numerai_simulator.public_id, numerai_simulator.secret_key
    return numerapi.NumerAPI(*keys, verbosity="warning", show_progress_bars=False)


@contextmanager
def numerapi_pointed_at(url: str) -> Iterator[None]:
    """Within this block numerapi speaks to that address; without numerapi nothing happens."""
    if find_spec(CLIENT) is None:
        yield
        return
    module: Any = import_module(f"{CLIENT}.base_api")
    before = module.API_TOURNAMENT_URL
    module.API_TOURNAMENT_URL = url
    try:
        yield
    finally:
        module.API_TOURNAMENT_URL = before
