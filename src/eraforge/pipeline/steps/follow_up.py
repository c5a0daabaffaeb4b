"""After the submission: what the tournament published, and what it paid, into the ledger until the round resolves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from eraforge.core.calendar import open_day
from eraforge.core.errors import Held, UserError
from eraforge.core.ports import ScoreRow
from eraforge.core.words import Entry, Round
from eraforge.pipeline.steps import live_history
from eraforge.pipeline.tools import Tools
from eraforge.store.records import Payout

TOLERANCE = Decimal("1e-5")
"""Share of the stake within which real settled payouts are reproduced (docs/payouts.md)."""

RECENT_ROUNDS = 80
"""Rounds that are asked for when one of their scores never becomes final: 64 overlap, and some to spare."""
SPARE_ROUNDS = 16
"""Rounds before the first that may still change: what is final is now and then corrected soon after."""


def score(tools: Tools, entry: Entry, last_rounds: int | None = None) -> dict[str, Any]:
    """Bring the published scores of the entry's model into the ledger; a revised value is kept as an event too."""
    model_id = tools.model_id(entry)
    last_rounds = _rounds_that_may_change(tools, entry, model_id) if last_rounds is None else last_rounds
    rows = tools.reader(entry).scores(model_id, last_rounds)
    tools.ledger.remember_scores(rows, tools.clock.now())
    return {"model_id": model_id, "rows": len(rows), "rounds": sorted({row.round for row in rows})}


def _rounds_that_may_change(tools: Tools, entry: Entry, model_id: str) -> int | None:
    """How many of the newest rounds have scores that the ledger does not hold for good; None for all there are."""
    since = tools.ledger.unresolved_since(model_id, RECENT_ROUNDS)
    if since is None:
        return None
    calendar = tools.arena(entry).calendar
    days = (tools.clock.now().date() - open_day(calendar, since)).days
    return max(days, 0) * len(calendar.open_weekdays) // 7 + SPARE_ROUNDS


def settle(tools: Tools, entry: Entry, scored: dict[str, Any]) -> dict[str, Any]:
    """Note what lies at risk in each round and what it pays: pending while it is scored, settled once it resolves."""
    model_id = scored["model_id"]
    settled: dict[int, str] = {}
    known = {one.round: one for one in tools.ledger.payouts(model_id)}  # most of them change no more
    for one in tools.reader(entry).performances(tools.arena(entry), model_id):
        payout = Payout(
            model_id,
            one.round,
            at_risk=None if one.at_risk is None else Decimal(one.at_risk),
            pending=_sum(one.scores, "payout_pending"),
            settled=_sum(one.scores, "payout_settled"),
        )
        told = (payout.at_risk, payout.pending, payout.settled) != (None, None, None)
        if told and payout != known.get(one.round):
            tools.ledger.remember_payout(payout, tools.clock.now())
        if payout.settled is not None:
            settled[one.round] = str(payout.settled)
    return {**scored, "settled": settled}


def _sum(rows: Sequence[ScoreRow], name: str) -> Decimal | None:
    """Sum over the paying scores of a round, or None where the tournament has said nothing yet."""
    told = [Decimal(getattr(row, name)) for row in rows if getattr(row, name) is not None]
    return sum(told, Decimal(0)) if told else None


def settled_payouts(tools: Tools, entry: Entry, model_id: str, last: int) -> list[dict[str, Any]]:
    """Each settled payout beside what the published final scores and the round's own rule come to."""
    paid = [one for one in tools.ledger.payouts(model_id) if one.settled is not None][-last:]
    rounds = live_history.told_rounds(tools, entry, [one.round for one in paid])
    finals = live_history.final_scores(tools, model_id, (paid[0].round, paid[-1].round)) if paid else {}
    return [_recomputed(tools, entry, rounds[one.round], one, finals.get(one.round, {})) for one in paid]


def _recomputed(tools: Tools, entry: Entry, played: Round, paid: Payout, scores: Mapping[str, float]) -> dict[str, Any]:
    from eraforge.portfolio.amounts import text
    from eraforge.portfolio.payouts import settle

    settled = paid.settled or Decimal(0)
    row: dict[str, Any] = {
        "round": paid.round,
        "settled": text(settled),
        "recomputed": None,
        "gap": None,
        "adds_up": None,
    }
    try:
        policy = live_history.policy_of(tools.arena(entry), played)
        used = {name: scores[name] for name in live_history.paying(policy) if name in scores}
        row |= {"policy": policy.name, "scores": used}
        if paid.at_risk is None:
            return {**row, "at_risk": None, "why": "The tournament does not say what was at risk."}
        row |= {"at_risk": text(paid.at_risk)}
        own = settle(policy, paid.at_risk, {name: Decimal(repr(value)) for name, value in used.items()})
    except (Held, UserError) as error:
        return {**row, "why": error.sentence}
    gap = settled - own.change
    adds_up = abs(gap) <= TOLERANCE * own.stake
    return {**row, "recomputed": text(own.change), "gap": text(gap), "adds_up": adds_up, "why": ""}
