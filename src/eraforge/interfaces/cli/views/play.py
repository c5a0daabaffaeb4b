"""Views of the playing verbs: `data pull|check`, `train`, `evaluate`, `predict`, `submit`, `demo`."""

from __future__ import annotations

from itertools import accumulate
from typing import Any

from rich.console import Console
from rich.markup import escape

from eraforge.interfaces.cli.views.look import round_table
from eraforge.interfaces.cli.views.plot import plot
from eraforge.interfaces.cli.views.rows import Rows
from eraforge.interfaces.cli.views.words import figure, weighted

FIGURES = ("mean", "standard_deviation", "sharpe", "maximum_drawdown")


def steps(facts: dict[str, Any], console: Console) -> None:
    """What a verb made, a few plain lines per entry."""
    for row in facts["entries"]:
        console.print(f"[bold]{escape(row['entry'])}[/], round {row['round']}")
        for file in row.get("files", []):
            console.print(f"  {file['role']:<12} {file['bytes'] / 1e6:9.2f} MB  {file['digest'][:12]}")
        if "fitted" in row:
            done = "trained now" if row["trained_now"] else "trained before, nothing to do"
            console.print(f"  model {row['fitted'][:12]}: {done}")
        if "predictions" in row:
            kind = " (synthetic data)" if row["synthetic"] else ""
            console.print(f"  {row['rows']} predictions {row['predictions'][:12]}{kind}, checked by the arena's rules")
            if row["output"]:
                console.print(f"  written to {row['output']}", markup=False)


def data_check(facts: dict[str, Any], console: Console) -> None:
    """Rows, eras and findings of each file, and what is to be said of data versions."""
    for row in facts["entries"]:
        console.print(f"[bold]{escape(row['entry'])}[/], round {row['round']}")
        for sample, report in row["reports"].items():
            counts = report["figures"]
            shape = f"{counts['rows']:,.0f} rows, {counts['eras']:.0f} eras, {counts['features']:.0f} features"
            mark = "[green]✓[/]" if report["passed"] else "[bold red]✗[/]"
            console.print(f"  {mark} {sample:<11}{shape}")
            for finding in report["findings"]:
                console.print(f"      {finding['severity']}: {finding['sentence']}", markup=False)
        for finding in row["versions"]:
            console.print(f"  {finding['severity']}: {finding['sentence']} {finding['next_step']}", markup=False)
        console.print(f"  {row['memory']}", style="dim", markup=False)


def evaluate(facts: dict[str, Any], console: Console) -> None:
    """Figures per score, all out of sample, and the cumulative CORR."""
    curves: dict[str, list[float]] = {}
    for row in facts["entries"]:
        if row["report"] is None:
            console.print(f"[bold]{escape(row['entry'])}[/]: folds = 0, nothing evaluated")
            continue
        report = row["report"]
        names = ("score", "sample", "eras", "mean", "std", "Sharpe", "max drawdown")
        table = Rows(names, left=2, title=f"{escape(row['entry'])}: {len(report['folds'])} folds")
        for score in report["scores"]:
            cells = [figure(_figure(report, score["score"], name)) for name in FIGURES]
            scored = sum(value is not None for value in score["eras"].values())
            table.add(score["score"], score["sample"], str(scored), *cells)
        console.print(table)
        console.print(leak_line(report["leaks"]), markup=False, style="dim" if report["leaks"]["probes"] else "yellow")
        curves[row["entry"]] = cumulative(report)
    if curves:
        _show_curves(curves, console)


def leak_line(leaks: dict[str, Any]) -> str:
    """What the leak probes of an evaluation came to; that they were off is said too."""
    if not leaks["probes"]:
        return "leak probes were off: nothing shows that this entry does not look ahead"
    names = ", ".join(probe["probe"] for probe in leaks["probes"])
    return f"leak probes ({leaks['depth']}): {names}: none found a leak"


def submit(facts: dict[str, Any], console: Console) -> None:
    """The receipt of each entry."""
    for row in facts["entries"]:
        receipt = row["outcome"]["receipt"]
        console.print(
            f"[green]✓[/] [bold]{escape(row['entry'])}[/] round {row['round']}: confirmed as {receipt['filename']}"
        )
        console.print(f"  the server holds exactly what was decided (SHA-256 {receipt['digest'][:12]})", style="dim")


def demo(facts: dict[str, Any], console: Console) -> None:
    """A table for each tournament, cumulative CORR of the first, its rounds, and what to do next."""
    first, last = facts["rounds"][0], facts["rounds"][-1]
    console.print()
    console.print(f"Rounds {first}–{last} of three local tournaments (made-up data, seed {facts['seed']})")
    for arena in facts["arenas"]:
        console.print(_arena_table(arena))
    front = facts["arenas"][0]
    _show_curves({row["entry"]: cumulative(row["validation"]) for row in front["entries"]}, console)
    console.print()
    console.print(f"[bold]{front['entries'][-1]['entry']}[/], round by round (sample: live)")
    console.print(round_table(front["entries"][-1]["live"], list(front["pays"])))
    sent = facts["submissions"]
    console.print(
        f"{sent['confirmed']} submissions, each read back and equal to what was decided; "
        f"{sent['sent_twice']} sent twice."
    )
    console.print(f"Played in {facts['seconds']:.0f} s. Everything it did stands in [bold]{facts['folder']}[/].")
    console.print("Next:")
    for command, text in (
        ("eraforge init", "start your own workspace for the real tournament"),
        (f"eraforge config show -w {facts['folder']}", "the demo's five entries, to copy from"),
        ("eraforge simulator serve", "keep a local tournament running, for numerapi too"),
    ):
        console.print(f"  [green]{command}[/]  [dim]{text}[/]")


def _arena_table(arena: dict[str, Any]) -> Rows:
    """The entries of one tournament: out of fold, live, and what they earned."""
    pays = list(arena["pays"])
    names = ("entry", "CORR validation", "Sharpe validation", *(f"{name} live" for name in pays))
    title = f"{arena['arena'].capitalize()}: a round pays {weighted(arena['pays'])}"
    table = Rows((*names, "rank", "payout NMR", "return"), title=title)
    for row in arena["entries"]:
        table.add(
            row["entry"],
            figure(_figure(row["validation"], "CORR", "mean")),
            f"{_figure(row['validation'], 'CORR', 'sharpe') or 0:.2f}",
            *(figure(_live_mean(row, name)) for name in pays),
            f"{row['rank']}/{arena['models_ranked']}" if row["rank"] else "–",
            f"{float(row['payout']):+.3f}",
            f"{float(row['payout']) / float(row['at_risk']):+.1%}" if float(row["at_risk"]) else "–",
        )
    return table


def cumulative(report: dict[str, Any]) -> list[float]:
    """Running sum of CORR over the scored validation eras."""
    corr = next(score for score in report["scores"] if score["score"] == "CORR")
    return list(accumulate(value for value in corr["eras"].values() if value is not None))


def _show_curves(curves: dict[str, list[float]], console: Console) -> None:
    eras = max(len(line) for line in curves.values())
    console.print(f"cumulative CORR over {eras} eras, out of fold (sample: validation)")
    for line in plot(curves, width=min(56, console.width - 12)):
        console.print(line)


def _figure(report: dict[str, Any], score: str, name: str) -> float | None:
    for row in report["figures"]:
        if (row["score"], row["name"]) == (score, name):
            value: float | None = row["value"]
            return value
    return None


def _live_mean(row: dict[str, Any], name: str) -> float | None:
    values = [one["scores"][name]["value"] for one in row["live"] if name in one["scores"]]
    return sum(values) / len(values) if values else None
