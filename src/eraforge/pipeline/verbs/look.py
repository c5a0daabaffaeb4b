"""Verbs that only look: `status`, `round`, `scores`."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from eraforge.core.calendar import is_open_day, next_open_day, window
from eraforge.core.errors import EraforgeError, Transient
from eraforge.core.panel import Sample
from eraforge.core.words import Calendar, Entry, Round
from eraforge.pipeline.daemon.hosts import leading
from eraforge.pipeline.daemon.readiness import readiness
from eraforge.pipeline.tools import Tools
from eraforge.pipeline.turn import follow
from eraforge.pipeline.verb import Facts, Visit
from eraforge.pipeline.workspace import chosen_entries, open_workspace

if TYPE_CHECKING:
    from eraforge.evaluation.uncertainty import Overlap

LEVEL = 0.9


def rounds(visit: Visit) -> Facts:
    """The current round of every arena that an entry plays (Classic where none is configured)."""
    with open_workspace(visit) as tools:
        now = tools.clock.now()
        arenas = {entry.arena: entry for entry in _entries_or_default(tools)}
        shown = []
        for name, entry in arenas.items():
            current = tools.reader(entry).current_round(tools.arena(entry))
            opens = next_opening(tools.arena(entry).calendar, now)
            shown.append({"arena": name, **round_facts(current, now), "next_opens": opens.isoformat()})
        return {"now": now.isoformat(), "rounds": shown}


def next_opening(calendar: Calendar, now: datetime) -> datetime:
    """When the next round opens, by the arena's calendar."""
    today = now.date()
    opens = window(calendar, today)[0] if is_open_day(calendar, today) else now
    return opens if now < opens else window(calendar, next_open_day(calendar, today))[0]


def round_facts(current: Round, now: datetime) -> Facts:
    """A round as plain facts, with the seconds until it opens or closes."""
    state = "open" if current.is_open(now) else "upcoming" if now < current.opens else "closed"
    until = {"open": current.closes, "upcoming": current.opens}.get(state)
    pays = {one.display_name: str(one.multiplier) for one in current.score_configs if one.is_payout}
    return {
        "round": current.number,
        "state": state,
        "opens": current.opens.isoformat(),
        "closes": current.closes.isoformat(),
        "seconds": int((until - now).total_seconds()) if until else None,
        "resolves": current.resolves.isoformat() if current.resolves else None,
        "pays": pays,
    }


def status(visit: Visit) -> Facts:
    """Each entry and the current round: trained, predicted, submitted, and what a person should do."""
    with open_workspace(visit) as tools:
        now = tools.clock.now()
        shown: list[Facts] = []
        for entry in _entries_or_default(tools):
            try:
                current = tools.reader(entry).current_round(tools.arena(entry))
            except Transient as error:
                shown.append({"entry": entry.name, "round": None, "state": error.sentence, "next": error.next_step})
                continue
            shown.append(_entry_status(tools, entry, current, now))
        server, leader = tools.configuration.server.url, leading(tools, now)
        return {"now": now.isoformat(), "server": server, "daemon": leader, "entries": shown}


def _entry_status(tools: Tools, entry: Entry, current: Round, now: datetime) -> Facts:
    return {
        "entry": entry.name,
        "model": entry.model,
        "learner": entry.learner,
        **round_facts(current, now),
        **readiness(tools, entry, current, now),
    }


def scores(visit: Visit, entry: str, last: int) -> Facts:
    """Published scores and settled payouts of the entries, newest rounds last."""
    with open_workspace(visit) as tools:
        shown = []
        for one in chosen_entries(tools.configuration, entry):
            try:
                follow(one, lambda work, *given: work(tools, *given))
                table = score_table(tools, one, last)
                shown.append({"entry": one.name, "model": one.model, **table, "means": _means(tools, one)})
            except EraforgeError as error:
                shown.append({"entry": one.name, "model": one.model, "error": error.as_dict()})
        failed = [row["error"]["exit_code"] for row in shown if "error" in row]
        return {
            "sample": "live",
            "entries": shown,
            "exit_code": failed[0] if len(failed) == len(shown) and failed else 0,
        }


def _means(tools: Tools, entry: Entry) -> list[Facts]:
    """Per paying score its mean over resolved live rounds, with an interval that knows how far rounds overlap.

    What pays is what pays in the last round scored. Too few rounds: no figure, and a sentence that says so.
    """
    from eraforge.pipeline.steps import live_history

    model_id = tools.model_id(entry)
    played = [row.round for row in tools.ledger.scores(model_id)]
    if not played:
        return []
    arena = tools.arena(entry)
    policy = live_history.policy_of(arena, tools.round(entry, max(played)))
    finals = live_history.final_scores(tools, model_id)
    overlap = live_history.round_overlap(arena, policy.score_days)
    names = live_history.paying(policy)
    return [_mean(name, [scores[name] for scores in finals.values() if name in scores], overlap) for name in names]


def _mean(name: str, values: list[float], overlap: Overlap) -> Facts:
    import numpy as np

    from eraforge.evaluation.uncertainty import SHORTEST, mean_interval

    row: Facts = {"score": name, "sample": str(Sample.LIVE), "rounds": len(values), "mean": None}
    if len(values) < SHORTEST:
        few = f"{len(values)} live rounds have resolved; a mean with an interval needs {SHORTEST}"
        return {**row, "sentence": few}
    found = mean_interval(np.array(values), overlap, Sample.LIVE, LEVEL)
    told = {"mean": found.mean, "low": found.low, "high": found.high, "level": found.level}
    sentence = (
        f"{found.mean:+.4f}, {found.level:.0%} interval {found.low:+.4f}..{found.high:+.4f}, "
        f"{found.count} resolved rounds of the {found.sample} sample"
    )
    return {**row, **told, "overlap": {"horizon": overlap.horizon, "spacing": overlap.spacing}, "sentence": sentence}


def score_table(tools: Tools, entry: Entry, last: int) -> Facts:
    """Latest value of every score per round, and the payout where one is settled."""
    model_id = tools.model_id(entry)
    latest: dict[int, dict[str, Any]] = {}
    final: dict[int, dict[str, bool]] = {}
    for row in sorted(tools.ledger.scores(model_id), key=lambda one: one.day):
        shown = latest.setdefault(row.round, {"round": row.round, "scores": {}, "day": 0, "resolved": False})
        if row.value is not None:
            shown["scores"][row.display_name] = {"value": row.value, "percentile": row.percentile, "day": row.day}
            shown["day"] = max(shown["day"], row.day)
        # A 20-day score is final long before its round: resolved is the round whose every score is.
        final.setdefault(row.round, {})[row.display_name] = row.resolved
        shown["resolved"] = all(final[row.round].values())
    for payout in tools.ledger.payouts(model_id):
        if payout.round in latest:
            amount = payout.settled if payout.settled is not None else payout.pending
            latest[payout.round]["payout"] = None if amount is None else str(amount)
            latest[payout.round]["payout_settled"] = payout.settled is not None
            latest[payout.round]["at_risk"] = None if payout.at_risk is None else str(payout.at_risk)
    rounds = [latest[number] for number in sorted(latest)][-last:]
    return {"rounds": rounds}


def _entries_or_default(tools: Tools) -> list[Entry]:
    if tools.configuration.entries:
        return chosen_entries(tools.configuration, "")
    return [Entry(name="(none)", account="main", arena="classic", model="", learner="")]
