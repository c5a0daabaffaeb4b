"""Views of `prices pull`, `prices check` and `prices show`."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from eraforge.interfaces.cli.views.plot import plot
from eraforge.interfaces.cli.views.rows import Rows
from eraforge.interfaces.cli.views.words import moment

MOST_NOTES = 8
MARKS = {"refuse": "[bold red]✗[/]", "warn": "[yellow]![/]"}


def pull(facts: dict[str, Any], console: Console) -> None:
    """What each set of prices gained, and what was left out."""
    for row in _sound(facts, console):
        told = [f"{row['added']:,} bars added", f"{row['corrected']:,} corrected"]
        if row["not_closed"]:
            told.append(f"{row['not_closed']:,} not closed yet")
        if row["beside"]:
            told.append(f"{', '.join(row['beside'])} taken over")
        quiet = not (row["added"] or row["corrected"] or row["files"] or row["beside"])
        console.print(f"[bold]{escape(row['prices'])}[/]: " + ("nothing new" if quiet else ", ".join(told)))
        console.print(f"  {row['stored']:,} rows of all versions in {row['segments']} segments", style="dim")
        _synthetic(row, console)
        for note in row["notes"][:MOST_NOTES]:
            _finding("warn", note["sentence"], note["next_step"], console)
        if len(row["notes"]) > MOST_NOTES:
            console.print(f"  and {len(row['notes']) - MOST_NOTES} notes more: --json tells all", style="dim")
        for refused in row["refused"]:
            _finding("refuse", refused["sentence"], refused["next_step"], console)


def check(facts: dict[str, Any], console: Console) -> None:
    """The verdict, the repairs with their counts, and every fault with examples."""
    for row in _sound(facts, console):
        verdict = "[green]trustworthy[/]" if row["trustworthy"] else "[bold red]not to be used[/]"
        figures = row["figures"]
        console.print(
            f"[bold]{escape(row['prices'])}[/]: {verdict}; {figures['bars']:,} bars of {figures['symbols']:,} symbols, "
            f"{moment(row['first'])} to {moment(row['last'])}"
        )
        _synthetic(row, console)
        for repair in row["repairs"]:
            console.print(f"  repaired by {repair['rule']}: {repair['bars']:,} bars of {repair['symbols']:,} symbols")
        for fault in row["faults"]:
            examples = f" ({', '.join(fault['examples'][:3])})" if fault["examples"] else ""
            _finding(fault["severity"], f"{fault['code']}: {fault['sentence']}{examples}", fault["next_step"], console)
        if not row["faults"]:
            console.print("  [green]✓[/] no gate has anything to say")


def show(facts: dict[str, Any], console: Console) -> None:
    """Coverage per period with a plot of how many symbols have bars, or one symbol's closes."""
    for row in _sound(facts, console):
        console.print(
            f"[bold]{escape(row['prices'])}[/] ({row['source']}, {row['interval']}): {row['bars']:,} bars of "
            f"{row['symbols']:,} symbols, {moment(row['first'])} to {moment(row['last'])}"
        )
        _synthetic(row, console)
        groups = "".join(f", {count} kinds of {name}" for name, count in row["groups"].items())
        console.print(
            f"  {row['versions']:,} rows of all versions, {row['corrections']:,} corrections{groups}; last learned "
            f"{moment(row['learned'])} UTC",
            style="dim",
        )
        for one in row["series"]:
            console.print(
                f"  series {escape(one['series'])}: {one['values']:,} values, the newest {one['newest']:g}, published "
                f"{moment(one['published'])} UTC",
                style="dim",
            )
        if "periods" in row:
            table = Rows(("period", "moments", "symbols", "bars", "missing"))
            for period in row["periods"]:
                counts = (f"{period[name]:,}" for name in ("moments", "symbols", "bars"))
                table.add(period["period"], *counts, f"{period['missing_share']:.1%}")
            console.print(table)
        else:
            for learned in row["history"]:
                console.print(f"  {learned['bars']:,} bars as learned {moment(learned['learned'])} UTC", style="dim")
        name = f"close of {row['symbol']}" if "symbol" in row else "symbols with a bar"
        for line in plot({name: row["plot"]}, width=min(56, console.width - 12), height=6, digits=0):
            console.print(line)


def _sound(facts: dict[str, Any], console: Console) -> list[dict[str, Any]]:
    """The rows without an error; the others are told first."""
    for row in facts["prices"]:
        if "error" in row:
            error = row["error"]
            sentence = f"{row['prices']}: {error['sentence']} ({error['code']})"
            _finding("refuse", sentence, error["next_step"], console)
    return [row for row in facts["prices"] if "error" not in row]


def _finding(severity: str, sentence: str, step: str, console: Console) -> None:
    table = Table.grid(padding=(0, 1, 0, 1))
    table.add_row(MARKS[severity], escape(sentence))
    table.add_row("", Text(f"→ {step}", style="green"))
    console.print(table)


def _synthetic(row: dict[str, Any], console: Console) -> None:
    if row["synthetic"]:
        console.print(f"  made-up data: {escape(str(row['synthetic']))}", style="yellow")
