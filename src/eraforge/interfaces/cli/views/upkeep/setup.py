"""Views of `init`, `config show`, `doctor` and `check`."""

from __future__ import annotations

from typing import Any

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table


def init(facts: dict[str, Any], console: Console) -> None:
    """What was written, and what to do next."""
    console.print(f"Wrote [bold]{escape(facts['file'])}[/] with entry [bold]{facts['entry']}[/].")
    console.print("Next: set NUMERAI_PUBLIC_ID and NUMERAI_SECRET_KEY, then")
    for command in facts["next"]:
        console.print(f"  {command}", style="green")


def config_show(facts: dict[str, Any], console: Console) -> None:
    """Every setting with its origin."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in ("setting", "value", "origin"):
        table.add_column(name, overflow="fold")
    for row in facts["settings"]:
        style = "dim" if row["origin"] == "default" else ""
        table.add_row(*(escape(str(row[name])) for name in ("setting", "value", "origin")), style=style)
    console.print(table)


def findings(facts: dict[str, Any], console: Console) -> None:
    """A tick or a cross per finding, with the next step where one is needed."""
    for row in facts["findings"]:
        mark = "[green]✓[/]" if row["ok"] else "[bold red]✗[/]"
        console.print(f"{mark} [bold]{escape(row['name'])}[/]  {escape(row['text'])}")
        if row.get("next"):
            console.print(f"  → {row['next']}", style="green", markup=False)
