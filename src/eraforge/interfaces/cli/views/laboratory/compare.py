"""View of `compare`."""

from __future__ import annotations

from itertools import accumulate
from typing import Any

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from eraforge.interfaces.cli.views.plot import plot
from eraforge.interfaces.cli.views.words import figure

NAMES = {"validation": "out of fold (sample: validation)", "live": "sample: live"}


def compare(facts: dict[str, Any], console: Console) -> None:
    """The differences with their intervals, each in a sentence, and how the first of them adds up."""
    first, second = facts["first"], facts["second"]
    console.print(f"[bold]{escape(first)}[/] less [bold]{escape(second)}[/]")
    found = [row for row in facts["comparisons"] if row["difference"]]
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in ("sample", "score"):
        table.add_column(name)
    for name in ("n", "mean", "interval"):
        table.add_column(name, justify="right", no_wrap=True)
    for row in found:
        told = row["difference"]
        span = f"{figure(told['low'])}..{figure(told['high'])}"
        cells = [row["sample"], row["score"], str(row["count"]), figure(told["mean"])]
        table.add_row(*cells, f"[{'green' if row['distinguishable'] else 'dim'}]{span}[/]")
    if found:
        console.print(table)
    for row in facts["comparisons"]:
        subject = f"{first} is " if row["difference"] else ""
        style = "" if row["difference"] else "dim"
        console.print(f"{subject}{row['sentence']}.", style=style, markup=False)
    if found:
        _path(found[0], console)


def _path(row: dict[str, Any], console: Console) -> None:
    kind = NAMES.get(row["sample"], row["sample"])
    console.print(f"cumulative difference in {row['score']} over {row['count']} {row['unit']}, {kind}")
    curve = {row["score"]: list(accumulate(row["differences"].values()))}
    for line in plot(curve, width=min(56, console.width - 12), height=6, digits=3):
        console.print(line)
