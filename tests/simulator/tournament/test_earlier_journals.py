"""State folders that earlier versions wrote go on where they stopped."""

import json
from decimal import Decimal
from pathlib import Path

from eraforge.core.clock import SystemClock
from eraforge.simulator.tournament.engine import Tournament
from eraforge.simulator.world import World

MODEL = "11111111-1111-4111-8111-111111111111"
LINES = [
    ("started", "2026-09-01T11:30:00+00:00", {"seed": 7, "synthetic": "eraforge simulator seed=7 scale=tiny"}),
    ("account-created", "2026-09-01T11:30:00+00:00", {"username": "anna", "balance": "50"}),
    ("key-created", "2026-09-01T11:30:00+00:00", {"username": "anna", "scopes": ["stake", "read_user_info"]}),
    (
        "model-created",
        "2026-09-01T11:30:00+00:00",
        {"id": MODEL, "name": "anna_a", "username": "anna", "stake": "0"},
    ),
    (
        "stake-changed",
        "2026-09-01T11:31:00+00:00",
        {"id": "one", "model": MODEL, "kind": "increase", "value": "20", "stake": "20"},
    ),
    ("clock-moved", "2026-09-01T11:31:00+00:00", {"to": "2026-09-03T12:00:00+00:00", "reason": "advance"}),
    (
        "stake-changed",
        "2026-09-03T12:00:00+00:00",
        {"id": "two", "model": MODEL, "kind": "decrease", "value": "5", "stake": "15"},
    ),
]


def test_a_folder_of_an_earlier_version_is_replayed(tmp_path: Path, tiny_world: World) -> None:
    lines = [
        {"sequence": place, "virtual": at, "real": at, "change": change, "facts": facts}
        for place, (change, at, facts) in enumerate(LINES, start=1)
    ]
    (tmp_path / "journal.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    engine = Tournament(tiny_world, 7, tmp_path, SystemClock())
    assert engine.now().isoformat() == "2026-09-03T12:00:00+00:00"
    assert (engine.stake(MODEL), engine.available("anna")) == (15, 35)
    assert engine.records.accounts["anna"].tokens[0].name == "key 1"
    assert engine.records.models[MODEL].tournament == 8
    assert [one.amount for one in engine.ledger.movements_of("anna")] == [Decimal(-20), Decimal(5)]
    assert engine.books().difference == 0
    assert len(engine.journal.lines) == len(LINES)
    engine.close()
