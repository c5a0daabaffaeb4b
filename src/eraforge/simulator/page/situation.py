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
from eraforge.simulator.tournament.contest import Contest
from eraforge.simulator.tournament.engine import Tournament
from eraforge.simulator.tournament.records import AccountRecord

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
        upcoming = next(tournament.events(now, tournament.next_event()))
        contests = list(tournament.contests.values())
        return {
            "synthetic": tournament.world.synthetic,
            "arenas": {one.number: one.world.arena.name for one in contests},
            "now": now.isoformat(),
            "speed": tournament.clock.speed,
            "next": {**upcoming, "at": upcoming["at"].isoformat()},
            "rounds": [row for contest in contests for row in _rounds(contest, now)],
            "entries": list(_entries(tournament, accounts, now))[:ENTRIES],
            "requests": list(reversed(log.recent))[:REQUESTS],
            "faults": list(_faults(board)),
            "totals": {"requests": log.count, "changes": len(tournament.journal.lines), "field": field},
        }


def _rounds(contest: Contest, now: datetime) -> Iterator[dict[str, Any]]:
    """The round that comes next and the latest ones, newest first."""
    latest = contest.rounds.current_number(now) + 1
    for number in range(latest, max(contest.rounds.first, latest - ROUNDS) - 1, -1):
        found = contest.rounds.get(number)
        yield {
            "tournament": contest.number,
            "number": number,
            "status": contest.rounds.status(found, now),
            "opens": found.opens.isoformat(),
            "closes": found.closes.isoformat(),
            "resolves": None if found.resolves is None else found.resolves.isoformat(),
            "days": contest.rounds.published(number, now),
            "of": len(contest.rounds.score_moments(number)),
            "submissions": len(contest.submissions.entrants(number)),
        }


def _entries(tournament: Tournament, accounts: list[AccountRecord], now: datetime) -> Iterator[dict[str, Any]]:
    """The models of accounts, tournament by tournament."""
    for contest in tournament.contests.values():
        scored = list(reversed(contest.standings.round_numbers()))[:LOOK_BACK]
        played = set(contest.model_ids())
        for account in accounts:
            for model_id in (one for one in account.models if one in played):
                yield {
                    "name": tournament.records.models[model_id].name,
                    "tournament": contest.number,
                    "account": account.username,
                    "stake": _amount(contest.stake(model_id)),
                    "submission": _submission(contest, model_id) if model_id in tournament.records.by_model else None,
                    "score": _score(contest, model_id, scored, now),
                }


def _submission(contest: Contest, model_id: str) -> dict[str, Any] | None:
    standings = contest.submissions.of_model(model_id)
    if not standings:
        return None
    one = standings[0].submission
    verdict = "rejected" if one.error is not None else standings[0].status
    return {"round": one.round, "at": one.inserted.isoformat(), "verdict": verdict, "error": one.error}


def _score(contest: Contest, model_id: str, scored: list[int], now: datetime) -> dict[str, Any] | None:
    """The latest published scores that pay, and what the round would pay by them."""
    for number in scored:
        day = contest.rounds.published(number, now)
        table = contest.scores.table(number, [day])
        place = table.column(model_id)
        if place is None:
            continue
        paying = {one.display_name for one in contest.rounds.get(number).score_configs if one.is_payout}
        values = {
            rule.display_name: float(table.days[day][row, place])
            for row, rule in enumerate(contest.rounds.rules)
            if rule.display_name in paying and not math.isnan(table.days[day][row, place])
        }
        payout = contest.standings.payout(number, model_id, day)
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
