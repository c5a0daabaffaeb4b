"""After the submission: what the tournament published, and what it paid, into the ledger until the round resolves."""

from __future__ import annotations

from typing import Any

from eraforge.core.words import Entry
from eraforge.pipeline.tools import Tools


def score(tools: Tools, entry: Entry, last_rounds: int | None = None) -> dict[str, Any]:
    """Bring the published scores of the entry's model into the ledger; a revised value is kept as an event too."""
    model_id = tools.model_id(entry)
    rows = tools.reader(entry).scores(model_id, last_rounds)
    tools.ledger.remember_scores(rows, tools.clock.now())
    return {"model_id": model_id, "rows": len(rows), "rounds": sorted({row.round for row in rows})}


def settle(tools: Tools, entry: Entry, scored: dict[str, Any]) -> dict[str, Any]:
    """Note the settled payout of every resolved round once."""
    settled = {}
    arena = tools.arena(entry)
    for payout in tools.reader(entry).payouts(arena, scored["model_id"]):
        if payout.resolved:
            tools.ledger.remember_payout(scored["model_id"], payout, tools.clock.now())
            settled[payout.round] = payout.amount
    return {**scored, "settled": settled}
