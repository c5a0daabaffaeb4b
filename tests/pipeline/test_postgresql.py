"""The same turn with everything that must survive in PostgreSQL: the ledger, and the turns' own steps."""

from __future__ import annotations

import shutil
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

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


def test_a_turn_is_played_once_with_its_ledger_in_postgresql(workspace: Any, database: str) -> None:
    flags = {"store.ledger": database}
    first = workspace.perform("submit", flags, entry="linear")
    assert first["exit_code"] == 0
    assert workspace.perform("submit", flags, entry="linear")["entries"] == first["entries"]
    findings = {row["name"]: row for row in workspace.perform("doctor", flags)["findings"]}
    assert findings["ledger"]["ok"] and findings["open effects"]["text"] == "none unfinished"
    assert not list((workspace.folder / ".eraforge").glob("*.sqlite"))
