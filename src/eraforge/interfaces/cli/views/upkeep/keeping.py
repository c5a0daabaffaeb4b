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


def replay(facts: dict[str, Any], console: Console) -> None:
    """Each turn played again: whether the answer came out again, and where it first differs."""
    for row in facts["entries"]:
        good = row["answer_equal"] or row["equal"]
        mark = "[green]✓[/]" if good else "[bold red]✗[/]"
        by = "" if row["answered_by"] == "entry" else f" (its {row['answered_by']})"
        console.print(f"{mark} [bold]{escape(row['entry'])}[/] round {row['round']}{by}: {_verdict(row)}")
        for stage in row["stages"]:
            if "error" in stage:
                console.print(f"  {stage['stage']}: {stage['error']['sentence']}", style="red", markup=False)
                console.print(f"  → {stage['error']['next_step']}", style="green", markup=False)
        if not good:
            _other_libraries(row, console)
    console.print(f"{facts['replayed']} replayed, {facts['unequal']} unequal; nothing was sent.")


def _other_libraries(row: dict[str, Any], console: Console) -> None:
    """What may explain a difference: libraries that have another version now."""
    for name, (was, now) in row["changed"].items():
        told = f"  {name} was {was or 'not installed'} and is {now or 'not installed'} now"
        console.print(told, style="yellow", markup=False)


def _verdict(row: dict[str, Any]) -> str:
    first, answer = row["first_difference"], row["answer"]
    if row["equal"] and row["answer_equal"] is None:
        return "every stage gives the same; it never came to a submission"
    if row["equal"]:
        return "the same answer, byte for byte"
    if row["answer_equal"]:
        return f"the same answer (SHA-256 {answer['replayed'][:12]}), but `{first}` gives something else now"
    if not answer["replayed"]:
        return f"it could not be played to its answer; it stopped at `{row['stages'][-1]['stage']}`"
    gap = answer["largest_gap"]
    far = "for other ids" if gap is None else f"largest difference {gap:.2g}"
    return f"another answer ({far}); `{first}` is the first stage that differs"


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 40 else f"{text[:37]}…"
