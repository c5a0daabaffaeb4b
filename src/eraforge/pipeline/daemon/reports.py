"""The weekly report: what was answered, by whom, how long before the deadline; what was paid; what was told."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from eraforge.core.words import Entry
from eraforge.pipeline.daemon.watch import SEEN
from eraforge.pipeline.notices.office import TOLD
from eraforge.pipeline.stage_cache import as_json
from eraforge.pipeline.steps.ahead import fallback
from eraforge.pipeline.tools import Tools
from eraforge.store.atomic import write_atomic

WEEK = timedelta(days=7)
FOLDER = "reports"


def write_report(tools: Tools, entries: list[Entry], week: str, now: datetime) -> Path:
    """Write `<week>.md` and `<week>.json` of the seven days before `now`; the path of the first."""
    facts = report(tools, entries, week, now)
    folder = tools.folder / FOLDER
    folder.mkdir(exist_ok=True)
    write_atomic(folder / f"{week}.json", as_json(facts))
    write_atomic(folder / f"{week}.md", as_page(facts).encode())
    return folder / f"{week}.md"


def report(tools: Tools, entries: list[Entry], week: str, now: datetime) -> dict[str, Any]:
    """The same as plain facts. Scores are of the live sample; amounts are decimal texts of NMR."""
    since = now - WEEK
    rows = [_entry(tools, entry, since) for entry in entries]
    told = Counter(str(one.facts["code"]) for one in tools.ledger.events(kind=TOLD) if one.at >= since)
    return {
        "week": week,
        "until": now.isoformat(),
        "sample": "live",
        "entries": rows,
        "notices": dict(sorted(told.items())),
    }


def _entry(tools: Tools, entry: Entry, since: datetime) -> dict[str, Any]:
    rounds = []
    for event in tools.ledger.events(kind=SEEN, subject=f"{entry.account}/{entry.arena}"):
        closes = datetime.fromisoformat(str(event.facts["closes"]))
        if closes < since:
            continue
        number = int(event.facts["round"])
        held = tools.ledger.submissions(fallback.slot_of(entry, number))
        rounds.append(
            {
                "round": number,
                "answered": bool(held),
                "by": "fallback" if fallback.used(tools, entry, number) else "entry" if held else "nobody",
                "minutes_before_close": int((closes - held[0].at).total_seconds() // 60) if held else None,
            }
        )
    return {"entry": entry.name, "model": entry.model, "arena": entry.arena, "rounds": rounds, **_money(tools, entry)}


def _money(tools: Tools, entry: Entry) -> dict[str, Any]:
    """What the last twenty resolved rounds paid in all, and how many they are."""
    from eraforge.core.errors import EraforgeError
    from eraforge.portfolio.amounts import text

    try:
        model_id = tools.model_id(entry)
    except EraforgeError as error:
        return {"payouts": {"error": error.sentence}}
    settled = [one.settled for one in tools.ledger.payouts(model_id) if one.settled is not None][-20:]
    return {"payouts": {"rounds": len(settled), "sum": text(sum(settled, Decimal(0)))}}


def as_page(facts: dict[str, Any]) -> str:
    """The report as Markdown."""
    lines = [f"# Week {facts['week']}", "", f"Until {facts['until'][:16].replace('T', ' ')} UTC. Sample: live.", ""]
    for row in facts["entries"]:
        lines += [f"## {row['entry']} ({row['arena']}, {row['model']})", ""]
        lines += ["| round | answered by | minutes before close |", "| --- | --- | --- |"]
        for one in row["rounds"]:
            minutes = "–" if one["minutes_before_close"] is None else one["minutes_before_close"]
            lines.append(f"| {one['round']} | {one['by']} | {minutes} |")
        paid = row["payouts"]
        told = paid.get("error") or f"{paid['sum']} NMR over the last {paid['rounds']} settled rounds"
        lines += ["", f"Paid: {told}.", ""]
    lines += ["## Notices", ""]
    lines += [f"- {code}: {count}" for code, count in facts["notices"].items()] or ["None."]
    return "\n".join(lines) + "\n"
