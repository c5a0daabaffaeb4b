"""Payout forecasts in the ledger: written down when they are made, so that they can be judged when money is settled."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import polars as pl

from eraforge.pipeline.tools import Tools
from eraforge.portfolio.amounts import text
from eraforge.portfolio.forecast import QUANTILES
from eraforge.store.records import Event

EACH = "payout.forecast"
SUM = "payout.forecast.sum"
AMOUNTS = ("stake", "mean", *QUANTILES)
ROW = ("scope", "period", "round", "model", "policy", "known_until")


def as_facts(row: dict[str, Any]) -> dict[str, Any]:
    """A row of a forecast as plain facts: amounts as decimal texts of NMR."""
    amounts = {name: text(Decimal(repr(float(row[name])))) for name in AMOUNTS}
    return {**{name: row[name] for name in ROW}, **amounts, "sample": "live", "draws": row["draws"]}


def remember(tools: Tools, arena: str, run: str, rows: Iterable[dict[str, Any]]) -> int:
    """Write down what is not written yet of this run; how many events that were.

    One event per model and round (`payout.forecast`), and one per sum over rounds or models (`payout.forecast.sum`).

    Args:
        run: digest of what the forecast rests on; the same forecast made again is not written twice.
        rows: facts as `as_facts` gives them.
    """
    known = {_key(event) for kind in (EACH, SUM) for event in tools.ledger.events(kind=kind)}
    at, written = tools.clock.now(), 0
    for row in rows:
        each = row["scope"] == "round" and row["model"] != ""
        kind = EACH if each else SUM
        facts = {**row, "arena": arena, "run": run}
        if (kind, run, row["scope"], row["period"], row["round"], row["model"]) in known:
            continue
        tools.ledger.record(kind, row["model"] or f"{arena}/portfolio", facts, at)
        written += 1
    return written


def _key(event: Event) -> tuple[Any, ...]:
    facts = event.facts
    return event.kind, facts["run"], facts["scope"], facts["period"], facts["round"], facts["model"]


def recorded(tools: Tools) -> dict[str, pl.DataFrame]:
    """Per arena the forecasts to judge, as `portfolio.reconcile` takes them, with `made` (ISO moment).

    Of several forecasts made with the same knowledge the one of most models counts, and of those the first.
    """
    runs: dict[tuple[str, int], dict[str, list[Event]]] = {}
    for kind in (EACH, SUM):
        for event in tools.ledger.events(kind=kind):
            knowledge = (str(event.facts["arena"]), int(event.facts["known_until"]))
            runs.setdefault(knowledge, {}).setdefault(str(event.facts["run"]), []).append(event)
    frames: dict[str, list[pl.DataFrame]] = {}
    for (arena, _), found in sorted(runs.items()):
        widest = max(found.values(), key=lambda events: (_models(events), -events[0].sequence))
        frames.setdefault(arena, []).append(_frame(widest))
    return {arena: pl.concat(parts) for arena, parts in frames.items()}


def _models(events: list[Event]) -> int:
    return len({event.facts["model"] for event in events})


def _frame(events: list[Event]) -> pl.DataFrame:
    rows = []
    for event in events:
        amounts = {name: float(event.facts[name]) for name in AMOUNTS}
        rows.append({**{name: event.facts[name] for name in ROW}, **amounts, "made": event.at.isoformat()})
    schema = {"round": pl.Int64, "known_until": pl.Int64} | dict.fromkeys(AMOUNTS, pl.Float64)
    return pl.DataFrame(rows, schema_overrides=schema)
