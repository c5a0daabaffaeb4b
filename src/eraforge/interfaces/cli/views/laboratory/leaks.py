"""View of `leak`."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.text import Text

MOST_SHOWN = 3
MANY = 6


def leak(facts: dict[str, Any], console: Console) -> None:
    """Each subject, each probe with what it saw, and the evidence of what it found."""
    reports = facts["reports"]
    if not reports:
        console.print(f"No {facts['kind']} is registered, so there is nothing to examine.")
        return
    for report in reports:
        if report["passed"] and len(reports) > MANY:
            console.print(f"[green]✓[/] {escape(report['subject'])}")
        else:
            _report(report, console)
    leaking = [report["subject"] for report in reports if not report["passed"]]
    if len(reports) > 1:
        console.print(f"{len(reports) - len(leaking)} of {len(reports)} passed")
    style = "bold red" if leaking else "green"
    end = (
        f"Not clean: {', '.join(leaking)}"
        if leaking
        else "No leak found. Probes show leaks; they cannot prove there is none."
    )
    console.print(end, style=style, markup=False)


def _report(report: dict[str, Any], console: Console) -> None:
    console.print(f"[bold]{escape(report['subject'])}[/] ({report['kind']}, {report['depth']}, seed {report['seed']})")
    console.print(f"  tried on {report['history']}", style="dim", markup=False)
    for probe in report["probes"]:
        mark = "[green]✓[/]" if probe["passed"] else "[bold red]✗[/]"
        words = Text.from_markup(f"{mark} [bold]{probe['probe']}[/]: {escape(probe['sentence'])}")
        console.print(Padding(words, (0, 0, 0, 2)))
        for finding in probe["findings"][:MOST_SHOWN]:
            if finding["sentence"] != probe["sentence"]:
                console.print(Padding(Text(finding["sentence"]), (0, 0, 0, 6)))
        more = len(probe["findings"]) - MOST_SHOWN
        if more > 0:
            console.print(f"      and {more} more (--json shows them)", style="dim")
