"""View of `compare`."""

from __future__ import annotations

from itertools import accumulate
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from eraforge.interfaces.cli.views.plot import plot
from eraforge.interfaces.cli.views.words import figure

NAMES = {"validation": "out of fold", "live": "live"}


def compare(facts: dict[str, Any], console: Console) -> None:
    """The differences with their intervals, each in a sentence, and the first one's path as it adds up."""
    first, second = facts["first"], facts["second"]
    console.print(f"[bold]{first}[/] less [bold]{second}[/]")
    found = [row for row in facts["comparisons"] if row["difference"]]
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in ("sample", "score"):
        table.add_column(name)
    for name in ("n", "mean", "interval"):
        table.add_column(name, justify="right")
    for row in found:
        mark = "green" if row["distinguishable"] else "dim"
        told = row["difference"]
        span = f"[{mark}]{figure(told['low'])} .. {figure(told['high'])}[/]"
        table.add_row(row["sample"], row["score"], f"{row['count']} {row['unit']}", figure(told["mean"]), span)
    if found:
        console.print(table)
    for row in facts["comparisons"]:
        subject = f"{first} is " if row["difference"] else ""
        style = "" if row["difference"] else "dim"
        console.print(f"{subject}{row['sentence']}.", style=style, markup=False)
    for sample in dict.fromkeys(row["sample"] for row in found):
        _paths([row for row in found if row["sample"] == sample], sample, console)


def _paths(rows: list[dict[str, Any]], sample: str, console: Console) -> None:
    scores = " and ".join(row["score"] for row in rows)
    console.print(f"\ncumulative difference in {scores}, {NAMES.get(sample, sample)} (sample: {sample})")
    curves = {row["score"]: list(accumulate(row["differences"].values())) for row in rows}
    for line in plot(curves, width=min(56, console.width - 12), height=6, digits=3):
        console.print(line)
