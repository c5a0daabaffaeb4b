"""The document behind the page: the situation of the tournament in plain facts."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from functools import cache
from html import escape
from importlib.resources import files
from typing import Any

from eraforge.simulator.exchange.request_log import RequestLog
from eraforge.simulator.faults.board import FaultBoard
from eraforge.simulator.tournament.engine import Tournament
from eraforge.simulator.tournament.records import AccountRecord, ModelRecord
from eraforge.simulator.tournament.rounds import FIRST_ROUND, SCORE_DAYS, SCORE_RULES

ROUNDS = 8
ENTRIES = 60
REQUESTS = 24
LOOK_BACK = 4  # rounds back to look for a model's latest score


def page(synthetic: str) -> bytes:
    """The page in HTML, with the name of the made-up world in it."""
    return _template().replace("{synthetic}", escape(synthetic)).encode()


@cache
def _template() -> str:
    return files("eraforge.simulator.page").joinpath("page.html").read_text("utf-8")


def situation(tournament: Tournament, board: FaultBoard, log: RequestLog) -> dict[str, Any]:
    """Everything the page shows."""
    with tournament.lock:
        now = tournament.now()
        accounts = [one for one in tournament.records.accounts.values() if not one.competitor]
        field = len(tournament.records.accounts) - len(accounts)
        upcoming = next(tournament.rounds.events(now, tournament.rounds.next_event(now)))
        return {
            "synthetic": tournament.world.synthetic,
            "arena": tournament.world.arena.name,
            "now": now.isoformat(),
            "speed": tournament.clock.speed,
            "next": {**upcoming, "at": upcoming["at"].isoformat()},
            "rounds": list(_rounds(tournament, now)),
            "entries": list(_entries(tournament, accounts, now))[:ENTRIES],
            "requests": list(reversed(log.recent))[:REQUESTS],
            "faults": list(_faults(board)),
            "totals": {"requests": log.count, "changes": len(tournament.journal.lines), "field": field},
        }


def _rounds(tournament: Tournament, now: datetime) -> Iterator[dict[str, Any]]:
    """The round that comes next and the latest ones, newest first."""
    latest = tournament.rounds.current_number(now) + 1
    for number in range(latest, max(FIRST_ROUND, latest - ROUNDS) - 1, -1):
        found = tournament.rounds.get(number)
        yield {
            "number": number,
            "status": tournament.rounds.status(found, now),
            "opens": found.opens.isoformat(),
            "closes": found.closes.isoformat(),
            "resolves": None if found.resolves is None else found.resolves.isoformat(),
            "days": tournament.rounds.published(number, now),
            "of": SCORE_DAYS,
            "submissions": len(tournament.submissions.entrants(number)),
        }


def _entries(tournament: Tournament, accounts: list[AccountRecord], now: datetime) -> Iterator[dict[str, Any]]:
    scored = list(reversed(tournament.standings.round_numbers()))[:LOOK_BACK]
    for account in accounts:
        for model_id in account.models:
            model = tournament.records.models[model_id]
            made = tournament.records.by_model.get(model_id)
            yield {
                "name": model.name,
                "account": account.username,
                "stake": _amount(model.stake_at(now)),
                "submission": None if not made else _submission(tournament, model_id),
                "score": _score(tournament, model, scored, now),
            }


def _submission(tournament: Tournament, model_id: str) -> dict[str, Any] | None:
    standings = tournament.submissions.of_model(model_id)
    if not standings:
        return None
    one = standings[0].submission
    verdict = "rejected" if one.error is not None else standings[0].status
    return {"round": one.round, "at": one.inserted.isoformat(), "verdict": verdict, "error": one.error}


def _score(tournament: Tournament, model: ModelRecord, scored: list[int], now: datetime) -> dict[str, Any] | None:
    """The latest published scores that pay, and what the round would pay by them."""
    for number in scored:
        day = tournament.rounds.published(number, now)
        table = tournament.scores.table(number, [day])
        place = table.column(model.id)
        if place is None:
            continue
        paying = {one.display_name for one in tournament.rounds.get(number).score_configs if one.is_payout}
        values = {
            rule.display_name: float(table.days[day][row, place])
            for row, rule in enumerate(SCORE_RULES)
            if rule.display_name in paying and not math.isnan(table.days[day][row, place])
        }
        payout = tournament.standings.payout(number, model.id, day)
        earned = None if payout is None or not payout.at_risk else _amount(payout.total)
        return {"round": number, "day": day, "values": values, "payout": earned}
    return None


def _faults(board: FaultBoard) -> Iterator[dict[str, Any]]:
    for rule, matched, struck in zip(board.plan.rules, board.counts, board.struck, strict=True):
        facts = rule.as_dict()
        where = facts.get("operations") or [f"round {one}" for one in facts.get("rounds", ())]
        yield {
            "name": rule.fault.name,
            "text": rule.fault.text(),
            "probability": rule.probability,
            "on": facts.get("on", []),
            "where": where,
            "matched": matched,
            "struck": struck,
        }


def _amount(amount: Decimal) -> str:
    """NMR to four digits after the point."""
    return f"{amount:.4f}"
