"""Views of `backup …` and `audit`."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.markup import escape

from eraforge.interfaces.cli.views.words import moment


def backup(facts: dict[str, Any], console: Console) -> None:
    """What a backup holds, and that all of it was verified."""
    console.print(f"[green]✓[/] [bold]{escape(facts['file'])}[/]")
    console.print(f"  {facts['bytes'] / 1e6:.1f} MB, made {moment(facts['at'])} UTC by eraforge {facts['version']}")
    console.print(
        f"  {facts['events']} events (head {facts['head'][:12]}) and {facts['objects']} objects, all verified"
    )
    if facts["left_out"]:
        console.print(f"  {facts['left_out']} downloaded files left out: they are fetched again", style="dim")
    if not facts["configuration"]:
        console.print("  no eraforge.toml", style="dim")
    if "folder" in facts:
        console.print(f"  restored into {facts['folder']}; secrets are not in a backup: put them back", markup=False)
        console.print(f"  next: eraforge doctor -w {facts['folder']}", style="green", markup=False)


def audit(facts: dict[str, Any], console: Console) -> None:
    """Events, newest last, and the chain."""
    for one in facts["events"]:
        console.print(f"[dim]{one['sequence']:>6}[/] {moment(one['at'])} [bold]{escape(one['kind'])}[/]", end="")
        console.print(f" {one['subject']}", markup=False)
        told = ", ".join(f"{name}={_short(value)}" for name, value in one["facts"].items())
        if told:
            console.print(f"       {told}", style="dim", markup=False)
    console.print(
        f"[green]✓[/] {facts['in_all']} events, each following from the one before; head {facts['head'][:12]} "
        f"({facts['matching']} match)"
    )


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 40 else f"{text[:37]}…"
