"""A PostgreSQL server for the tests that play with one."""

from __future__ import annotations

import shutil
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def database() -> Iterator[str]:
    """Address of a fresh PostgreSQL server of our own."""
    pgserver = pytest.importorskip("pgserver")
    # The server runs as a user of its own, who may not enter pytest's closed folders.
    folder = Path(tempfile.mkdtemp(prefix="eraforge-postgresql-"))
    folder.chmod(0o755)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        server = pgserver.get_server(folder / "data", cleanup_mode="delete")
    try:
        yield server.get_uri().replace("postgresql://", "postgresql+psycopg://")
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)
