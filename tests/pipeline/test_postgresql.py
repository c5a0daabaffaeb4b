"""The same turn with everything that must survive in PostgreSQL: the ledger, and the turns' own steps."""

from __future__ import annotations

from typing import Any


def test_a_turn_is_played_once_with_its_ledger_in_postgresql(workspace: Any, database: str) -> None:
    flags = {"store.ledger": database}
    first = workspace.perform("submit", flags, entry="linear")
    assert first["exit_code"] == 0
    assert workspace.perform("submit", flags, entry="linear")["entries"] == first["entries"]
    findings = {row["name"]: row for row in workspace.perform("doctor", flags)["findings"]}
    assert findings["ledger"]["ok"] and findings["open effects"]["text"] == "none unfinished"
    assert not list((workspace.folder / ".eraforge").glob("*.sqlite"))
