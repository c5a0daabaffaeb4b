"""Views of `experiment …` and `model …`."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.markup import escape

from eraforge.interfaces.cli.views.laboratory.blends import members
from eraforge.interfaces.cli.views.play import cumulative
from eraforge.interfaces.cli.views.plot import plot
from eraforge.interfaces.cli.views.rows import Rows
from eraforge.interfaces.cli.views.words import figure, moment

Facts = dict[str, Any]


def experiments(facts: Facts, console: Console) -> None:
    """A line for each experiment; every figure is out of fold."""
    if not facts["experiments"]:
        console.print("No experiment yet. Write one (docs/experiments.md) and run `eraforge experiment run FILE.toml`.")
        return
    names = ("experiment", "id", "learner", "CORR", "Sharpe", "MMC", "eras", "seconds", "GB")
    table = Rows(names, left=3, title="out of fold (sample: validation)")
    best = max((row["corr"] or 0 for row in facts["experiments"]), default=0)
    for row in facts["experiments"]:
        corr = figure(row["corr"])
        table.add(
            escape(row["name"]),
            row["id"][:8],
            escape(row["learner"]),
            f"[green]{corr}[/]" if row["corr"] == best else corr,
            _plain(row["sharpe"]),
            figure(row["mmc"]),
            str(row["eras"]),
            f"{row['seconds']:.1f}",
            f"{row['peak_memory_bytes'] / 1e9:.1f}",
        )
    console.print(table)


def experiment(facts: Facts, console: Console) -> None:
    """One experiment: figures with intervals, curve, luck, and what it read."""
    console.print(f"[bold]{escape(facts['name'])}[/] {facts['id'][:12]}  [dim]{moment(facts['at'])}[/]")
    if facts["note"]:
        console.print(f"  {facts['note']}", markup=False)
    if facts["synthetic"]:
        console.print("  on made-up data", style="dim")
    table = Rows(("score", "sample", "eras", "mean", "90% interval"), left=2)
    for row in facts["intervals"]:
        span = f"{figure(row['low'])}..{figure(row['high'])}"
        table.add(row["score"], row["sample"], str(row["eras"]), figure(row["mean"]), span)
    if facts["intervals"]:
        console.print(table)
    console.print(f"Sharpe per era {_plain(facts['sharpe'])}, {facts['seconds']:.1f} s (sample: {facts['sample']})")
    curve = cumulative(facts["report"])
    if len(curve) > 1:
        console.print(f"cumulative CORR over {len(curve)} eras, out of fold (sample: {facts['sample']})")
        for line in plot({"CORR": curve}, width=min(56, console.width - 12), height=6):
            console.print(line)
    luck = facts["luck"]
    if luck:
        console.print(
            f"Of {luck['tries']} tries on this question, luck alone would show a Sharpe of {luck['by_luck']:.2f}: "
            f"the chance that this one is truly above it is {luck['probability']:.0%}."
        )
    console.print(f"`eraforge experiment reproduce {facts['id'][:8]}` computes it anew.", style="dim")


def study(facts: Facts, console: Console) -> None:
    """Regimes, benchmarks and what the model leans on, in the terminal's width."""
    experiment(facts, console)
    table = Rows(("regime", "told apart by", "eras", "CORR", "above zero"), left=2, title=f"sample: {facts['sample']}")
    for row in facts["regimes"]:
        table.add(row["regime"], row["kind"], str(row["eras"]), figure(row["mean"]), f"{row['positive']:.0%}")
    console.print(table)
    for row in facts["benchmarks"]:
        subject = "it is " if row["difference"] else ""
        console.print(f"Against {row['benchmark']}: {subject}{row['sentence']}.", markup=False)
    if facts["members"]:
        members(facts["members"], console)
    table = Rows(("feature", "loss of CORR", "error"), title="importance by permutation, ten largest (out of fold)")
    for row in facts["importances"][:10]:
        table.add(escape(row["feature"]), f"{row['loss']:+.5f}", f"{row['error']:.5f}")
    console.print(table)
    if facts["page"]:
        console.print(f"[green]✓[/] page with plots: {escape(facts['page'])}")


def search(facts: Facts, console: Console) -> None:
    """The best tries, what was given up, and the winner with the luck of as many tries."""
    objectives = facts["objectives"]
    done = [row for row in facts["tries"] if row["values"]]
    done.sort(key=lambda row: [-row["values"][name] for name in objectives])
    states = ("complete", "pruned", "fail", "lost")
    counts = {state: sum(row["state"] == state for row in facts["tries"]) for state in states}
    lost = f", {counts['lost']} lost with their worker and made again" if counts["lost"] else ""
    console.print(
        f"[bold]{escape(facts['name'])}[/]: {counts['complete']} tries complete, {counts['pruned']} given up early, "
        f"{counts['fail']} failed{lost}"
    )
    keys = list(done[0]["changes"]) if done else []
    short = [key.split(".")[-1] for key in keys]
    table = Rows(("try", *short, *objectives), left=1, title=f"best tries, out of fold (sample: {facts['sample']})")
    for row in done[:8]:
        mark = "[green]*[/]" if row["experiment"] in facts["best"] else ""
        values = [figure(row["values"][name]) for name in objectives]
        table.add(f"{row['number']}{mark}", *(_short(row["changes"][key]) for key in keys), *values)
    if done:
        console.print(table)
    for row in facts["tries"]:
        if row["error"] and row["state"] != "lost":
            console.print(f"try {row['number']} failed: {row['error']}", style="yellow", markup=False)
    if facts["winner"]:
        experiment(facts["winner"], console)


def exported(facts: Facts, console: Console) -> None:
    """What a tracking server was given, and what it had."""
    for row in facts["experiments"]:
        mark, told = ("[green]✓[/]", "added") if row["added"] else ("[dim]=[/]", "there already")
        console.print(f"{mark} {escape(row['name'])} {row['id'][:8]} {told}: run {escape(row['run'])}")
    added = sum(row["added"] for row in facts["experiments"])
    console.print(f"{added} of {len(facts['experiments'])} experiments added to {escape(facts['to'])}")


def reproduced(facts: Facts, console: Console) -> None:
    """Whether every byte came out again, and what differs if not."""
    mark = "[green]✓[/]" if facts["equal"] else "[bold red]✗[/]"
    told = "every byte is equal" if facts["equal"] else "it differs"
    console.print(f"{mark} [bold]{escape(facts['name'])}[/] {facts['id'][:12]} computed anew: {told}")
    for part, equal in facts["parts"].items():
        console.print(f"  {part}: {'equal' if equal else 'different'}")
    if facts["code_changed"]:
        console.print("  The code of eraforge has changed since.", style="yellow")
    for name, (was, now) in facts["libraries_changed"].items():
        console.print(f"  {name} was {was} and is {now} now.", style="yellow")


def versions(facts: Facts, console: Console) -> None:
    """A line for each registered version."""
    if not facts["versions"]:
        console.print("The registry is empty. Fill it with `eraforge model register ENTRY`.")
        return
    table = Rows(
        ("version", "learner", "is", "CORR", "Sharpe", "MMC"), left=3, title="out of fold (sample: validation)"
    )
    for row in facts["versions"]:
        state = "[dim]retired[/]" if row["retired"] else f"[green]{', '.join(row['aliases'])}[/]"
        cells = (figure(row["corr"]), _plain(row["sharpe"]), figure(row["mmc"]))
        table.add(f"{escape(row['name'])}#{row['number']}", escape(row["learner"]), state, *cells)
    console.print(table)


def version(facts: Facts, console: Console) -> None:
    """A version that was registered."""
    console.print(f"[green]✓[/] [bold]{escape(facts['name'])}#{facts['number']}[/] holds model {facts['fitted'][:12]}")
    console.print(f"  out of fold: CORR {figure(facts['corr'])}, Sharpe {_plain(facts['sharpe'])} (sample: validation)")


def promoted(facts: Facts, console: Console) -> None:
    """An alias that was moved, and why."""
    name = f"{facts['version']['name']}#{facts['version']['number']}"
    if not facts["changed"]:
        console.print(f"{escape(name)} is the {facts['alias']} already.")
        return
    console.print(f"[green]✓[/] [bold]{escape(name)}[/] is the {facts['alias']} now")
    for row in facts["comparisons"]:
        console.print(f"  {row['sentence']}", markup=False)


def rolled_back(facts: Facts, console: Console) -> None:
    """An alias that points where it pointed before."""
    left, now = facts["left"], facts["version"]
    console.print(
        f"[green]✓[/] The {facts['alias']} of {escape(now['name'])} is [bold]#{now['number']}[/] again, "
        f"instead of #{left['number']}"
    )


def retired(facts: Facts, console: Console) -> None:
    """A version that was taken out of use."""
    row = facts["version"]
    console.print(f"[green]✓[/] {escape(row['name'])}#{row['number']} is retired: {row['retired']}")


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else escape(str(value))


def _plain(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"
