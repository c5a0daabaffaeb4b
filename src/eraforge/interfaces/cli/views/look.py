"""Views of `status`, `round` and `scores`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape

from eraforge.interfaces.cli.views.plot import plot
from eraforge.interfaces.cli.views.rows import Rows
from eraforge.interfaces.cli.views.words import duration, figure, moment, weighted

STATES = {"open": "green", "upcoming": "yellow", "closed": "dim"}
FEW = 5
NARROW = 72
FALLBACKS = {"ready": "green", "used": "yellow"}
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
            console.print("  pays     " + weighted(row["pays"]))
    console.print(f"server time {moment(facts['now'])} UTC", style="dim")


def status(facts: dict[str, Any], console: Console) -> None:
    """The readiness of each entry for the current round."""
    table = Rows(("entry", "round", "window", "data", "model", "answer", "submission", "fallback", "next"), left=9)
    for row in facts["entries"]:
        if row["round"] is None:
            table.add(escape(row["entry"]), "–", escape(row["state"]), *"–" * 5, escape(row["next"]))
            continue
        window = f"[{STATES[row['state']]}]{row['state']}[/] {_left(row)}".strip()
        marks = [("[green]✓[/]" if done else "[dim]·[/]") for done in row["stages"].values()]
        submission = f"[{PHASES.get(row['submission'], 'yellow')}]{row['submission']}[/]"
        if row["margin_seconds"] is not None:
            submission += f" {row['margin_seconds'] // 60} min early"
        if row["quarantined"]:
            submission = "[bold red]quarantined[/]"
        fallback = f"[{FALLBACKS.get(row['fallback'], 'dim')}]{row['fallback']}[/]"
        table.add(escape(row["entry"]), str(row["round"]), window, *marks, submission, fallback, row["next"])
    console.print(table)
    host, _, process = facts["daemon"].rpartition(":")[0].partition(":")
    told = f"a daemon runs on {host}, process {process}" if host else "no daemon runs: `eraforge run` starts one"
    console.print(escape(told), style="dim")
    console.print(f"{escape(facts['server'])}, server time {moment(facts['now'])} UTC", style="dim")


def scores(facts: dict[str, Any], console: Console) -> None:
    """Per entry: its rounds with what pays, percentile and payout."""
    for entry in facts["entries"]:
        console.print(f"[bold]{escape(entry['entry'])}[/] ({escape(entry['model'])}), sample: live")
        if not entry["rounds"]:
            console.print("  no score is published yet", style="dim")
            continue
        pays = [mean["score"] for mean in entry["means"]]
        console.print(round_table(entry["rounds"], pays if console.width < NARROW else []))
        for mean in entry["means"]:
            console.print(f"  {mean['score']}: {mean['sentence']}", style="" if mean["mean"] is not None else "dim")
        if entry["means"]:
            _show_rounds(entry["rounds"], entry["means"][0]["score"], console)


def _show_rounds(rows: list[dict[str, Any]], name: str, console: Console) -> None:
    """The first paying score over the rounds, as it stands now, where there are more than a few."""
    scored = [row for row in rows if name in row["scores"]]
    if len(scored) <= FEW:
        return
    resolved = sum(row["resolved"] for row in scored)
    span = f"{scored[0]['round']}–{scored[-1]['round']}"
    console.print(f"{name} per round {span} as it stands now, {resolved} resolved (sample: live)")
    values = {name: [row["scores"][name]["value"] for row in scored]}
    for line in plot(values, width=min(56, console.width - 12), height=6, digits=3):
        console.print(line)


def round_table(rows: list[dict[str, Any]], names: Sequence[str] = ()) -> Rows:
    """Rounds by scores (those named, else the best known): value and percentile; payouts in NMR."""
    named = sorted({name for row in rows for name in row["scores"]})
    shown = [*names] or [name for name in ("corr60", "mmc60", "v2_corr20", "mmc") if name in named] or named[:4]
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
