"""Views of `status`, `round` and `scores`."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.markup import escape

from eraforge.interfaces.cli.views.rows import Rows
from eraforge.interfaces.cli.views.words import duration, figure, moment

STATES = {"open": "green", "upcoming": "yellow", "closed": "dim"}
PHASES = {"confirmed": "green", "none": "dim", "held": "bold red", "refused": "red"}


def rounds(facts: dict[str, Any], console: Console) -> None:
    """One line per arena."""
    for row in facts["rounds"]:
        state = f"[{STATES[row['state']]}]{row['state']}[/]"
        left = {"open": "closes in", "upcoming": "opens in", "closed": ""}[row["state"]]
        console.print(f"[bold]{row['arena']}[/] round {row['round']} is {state} {left} {_left(row)}".rstrip())
        console.print(f"  opens    {moment(row['opens'])} UTC\n  closes   {moment(row['closes'])} UTC")
        console.print(f"  resolves {moment(row['resolves'])} UTC")
        if row["state"] == "closed":
            console.print(f"  the next round opens {moment(row['next_opens'])} UTC")
        if row["pays"]:
            console.print("  pays     " + " + ".join(f"{weight} × {name}" for name, weight in row["pays"].items()))
    console.print(f"server time {moment(facts['now'])} UTC", style="dim")


def status(facts: dict[str, Any], console: Console) -> None:
    """The readiness of each entry for the current round."""
    table = Rows(("entry", "round", "window", "submission", "next"), left=5)
    for row in facts["entries"]:
        if row["round"] is None:
            table.add(escape(row["entry"]), "–", escape(row["state"]), "–", escape(row["next"]))
            continue
        window = f"[{STATES[row['state']]}]{row['state']}[/] {_left(row)}".strip()
        phase = row["submission"]
        table.add(
            escape(row["entry"]), str(row["round"]), window, f"[{PHASES.get(phase, 'yellow')}]{phase}[/]", row["next"]
        )
    console.print(table)
    console.print(f"{escape(facts['server'])}, server time {moment(facts['now'])} UTC", style="dim")


def scores(facts: dict[str, Any], console: Console) -> None:
    """Per entry: its rounds with what pays, percentile and payout."""
    for entry in facts["entries"]:
        console.print(f"[bold]{escape(entry['entry'])}[/] ({escape(entry['model'])}), sample: live")
        if not entry["rounds"]:
            console.print("  no score is published yet", style="dim")
            continue
        console.print(round_table(entry["rounds"]))


def round_table(rows: list[dict[str, Any]]) -> Rows:
    """Rounds by scores: value and percentile; payouts in NMR."""
    named = sorted({name for row in rows for name in row["scores"]})
    shown = [name for name in ("corr60", "mmc60", "v2_corr20", "mmc") if name in named] or named[:4]
    table = Rows(("round", "day", *shown, "payout NMR"))
    for row in rows:
        cells = [_score(row["scores"].get(name)) for name in shown]
        payout = row.get("payout")
        paid = "–" if payout is None else f"{float(payout):+.4f}" + ("" if row.get("payout_settled") else " pending")
        table.add(str(row["round"]), f"{row['day']}{' ✓' if row['resolved'] else ''}", *cells, paid)
    return table


def _score(score: dict[str, Any] | None) -> str:
    if score is None:
        return "–"
    share = "" if score["percentile"] is None else f" [dim]p{100 * score['percentile']:.0f}[/]"
    return figure(score["value"]) + share


def _left(row: dict[str, Any]) -> str:
    return duration(row["seconds"]) if row["seconds"] is not None else ""
