"""Views of the verbs of the local tournament: clock, faults, log, judgement, seed."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.markup import escape

from eraforge.interfaces.cli.views.rows import Rows
from eraforge.interfaces.cli.views.words import moment

EVENTS = {
    "round-opened": "round {round} opened",
    "round-closed": "round {round} closed",
    "round-resolved": "round {round} resolved",
    "scores-published": "scores of rounds {rounds[0]} to {rounds[1]}",
}
CHECKS = {
    "double": ("doubles", "a second answer for a model and round that had one"),
    "late": ("late sends", "an answer sent while its window was closed"),
    "missed": ("missed windows", "a round without an answer of a model that played before"),
    "mismatch": ("mismatches", "held is not what the file's name says was decided"),
    "stake-doubled": ("doubled stakes", "the same change of a stake twice within a day"),
    "books": ("books", "a stake that is not the one before and its change"),
}
SHOWN = 30


def advance(facts: dict[str, Any], console: Console) -> None:
    """What happened on the way, and what time it is now."""
    for event in facts["events"]:
        what = EVENTS.get(event["event"], event["event"]).format(**event)
        console.print(f"{moment(event['at'])}  {what}", highlight=False)
    pace = f", {facts['speed']:g} times real time" if facts["speed"] else ", standing still"
    console.print(f"It is [bold]{moment(facts['now'])}[/] UTC{pace}.")


def faults(facts: dict[str, Any], console: Console) -> None:
    """The faults in force, then every fault by name."""
    if facts["fault"]:
        rows = Rows(("fault", "when", "matched", "struck"), left=2, title="In force")
        for rule in facts["fault"]:
            rows.add(escape(rule["name"]), escape(_when(rule)), str(rule["matched"]), str(rule["struck"]))
        console.print(rows)
    else:
        console.print("No fault is in force.")
    console.print("\nFaults there are:")
    for one in facts["known"]:
        settings = ", ".join(f"{name}={value!r}" for name, value in one["settings"].items())
        console.print(f"  [bold]{one['name']}[/]" + (f"  [dim]{escape(settings)}[/]" if settings else ""))
        console.print(f"    {one['text']}", markup=False)


def log(facts: dict[str, Any], console: Console) -> None:
    """A line a request, and one a change below the request that made it, the latest last."""
    for row in facts["rows"]:
        fault = f"[bold red]{escape(row['fault'])}[/] " if row["fault"] else ""
        about = f"[dim]{escape(str(row['about'] or ''))}[/]"
        if row["kind"] == "change":
            console.print(f"{'':18}[dim]→ {escape(row['operation'])}[/] {fault}{about}")
        else:
            status = row["status"] or "–"
            what = f"{escape(row['operation'])} {status} {_toned(row['outcome'])} {fault}"
            console.print(f"{row['number']:>5} {moment(row['virtual'])[5:]} {what}{about}")
    console.print(f"{len(facts['rows'])} of {facts['matching']} that match, of {facts['total']} in all.")


def judge(facts: dict[str, Any], console: Console) -> None:
    """A row a check, then what was found, then the figures."""
    figures = facts["figures"]
    for check, (name, meaning) in CHECKS.items():
        count = figures[f"found:{check}"]
        mark = "[green]✓[/]" if not count else "[bold red]✗[/]"
        console.print(f"{mark} [bold]{count}[/] {name}  [dim]{meaning}[/]")
    if facts["findings"]:
        rows = Rows(("check", "model", "round", "what", "lines"), left=4)
        for one in facts["findings"][:SHOWN]:
            cells = (CHECKS[one["check"]][0], one["model"], str(one["round"] or "–"), one["sentence"])
            rows.add(*(escape(cell) for cell in cells), " ".join(map(str, one["lines"])))
        console.print(rows)
        if len(facts["findings"]) > SHOWN:
            console.print(f"… and {len(facts['findings']) - SHOWN} more: --json has them all.")
    console.print(
        f"{figures['requests']} requests, {figures['faults']} of them met a fault; {figures['changes']} changes, "
        f"{figures['submissions']} submissions of {figures['models']} models in {figures['rounds']} rounds."
    )
    met = {name.removeprefix("fault:"): count for name, count in figures.items() if name.startswith("fault:")}
    if met:
        console.print("Faults met: " + ", ".join(f"{name} {count}" for name, count in met.items()), style="dim")


def seed(facts: dict[str, Any], console: Console) -> None:
    """The ready account, its keys and its models."""
    for world in facts["synthetic"]:
        console.print(f"world       {world}", markup=False)
    console.print(f"field       {facts['competitors']} competitors", markup=False)
    console.print(f"account     {facts['username']}, {facts['balance']} NMR in the wallet", markup=False)
    console.print(f"public id   {facts['public_id']}", markup=False, soft_wrap=True)
    console.print(f"secret key  {facts['secret_key']}", markup=False, soft_wrap=True)
    rows = Rows(("model", "plays in", "identifier", "stake"), left=3)
    for name, identifier in facts["models"].items():
        rows.add(name, facts["arenas"][name], identifier, facts["stakes"][name])
    console.print(rows)


def _when(rule: dict[str, Any]) -> str:
    parts = [f"{rule['probability']:.0%}" if rule["probability"] < 1 else "always"]
    if "on" in rule:
        parts = [f"no. {', '.join(map(str, rule['on']))}"]
    if "operations" in rule:
        parts.append(f"of {', '.join(rule['operations'])}")
    if "rounds" in rule:
        parts.append(f"rounds {', '.join(map(str, rule['rounds']))}")
    parts += [f"{name} {moment(rule[name])}" for name in ("after", "until") if name in rule]
    return " ".join(parts)


def _toned(outcome: str) -> str:
    colour = {"answered": "green", "errors": "yellow", "refused": "yellow"}.get(outcome, "red")
    return f"[{colour}]{outcome}[/]"
