"""Views of `payout forecast` and `payout reconcile`. Amounts are NMR."""

from __future__ import annotations

from typing import Any

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

MOST_ROWS = 12


def forecast(facts: dict[str, Any], console: Console) -> None:
    """Per entry and for the portfolio: the months in which its pending rounds resolve, and all of them together."""
    for arena in facts["arenas"]:
        pending = {row["round"] for row in arena["rounds"]}
        console.print(
            f"[bold]{arena['arena']}[/]: {len(pending)} pending rounds {_span(sorted(pending))}, in NMR "
            f"(sample: {arena['sample']}, rounds up to {arena['known_until']})"
        )
        table = _table("entry", "month", right=("stake", "median", "80% between"))
        for name in dict.fromkeys(row["entry"] for row in arena["pending"]):
            months = [row for row in arena["months"] if row["entry"] == name]
            for place, row in enumerate(months):
                month = row["period"] + ("" if row["complete"] else " *")
                table.add_row(escape(name) if not place else "", month, *_spread(row))
            if len(months) > 1:
                whole = next(row for row in arena["pending"] if row["entry"] == name)
                table.add_row("", "all", *_spread(whole), style="bold", end_section=True)
        console.print(table)
        if any(not row["complete"] for row in arena["months"]):
            console.print("* more rounds, not closed yet, will resolve in this month", style="dim")
        history = ", ".join(f"{escape(name)} {count}" for name, count in arena["history"].items())
        console.print(f"resolved rounds behind it: {history} ({' and '.join(arena['scores'])})", style="dim")
        console.print(f"policy: {_policies(arena['policies'])}", style="dim", markup=False)
        note = f"{arena['recorded']} written down" if arena["recorded"] else "this forecast was written down before"
        console.print(f"{note}; `eraforge payout reconcile` judges it later", style="dim")


def reconcile(facts: dict[str, Any], console: Console) -> None:
    """How forecasts turned out, and whether what was settled is what the scores come to."""
    for row in facts["entries"]:
        _settled(row, console)
    for judged in facts["forecasts"]:
        _judged(judged, console)
    if not facts["forecasts"]:
        console.print("No forecast is recorded; [green]eraforge payout forecast[/] makes one.")


def _settled(row: dict[str, Any], console: Console) -> None:
    console.print(
        f"[bold]{escape(row['entry'])}[/] ({escape(row['model'])}): settled payouts, recomputed (sample: live)"
    )
    if not row["settled"]:
        console.print("  no round is settled yet", style="dim")
        return
    table = _table("round", right=("at risk", "settled", "recomputed", "gap"))
    for paid in row["settled"][-MOST_ROWS:]:
        cells = [_nmr(paid.get("at_risk"), sign=False), _nmr(paid["settled"]), _nmr(paid["recomputed"])]
        table.add_row(str(paid["round"]), *cells, _gap(paid))
    console.print(table)
    _left_out(len(row["settled"]), "settled rounds", console)
    for paid in row["settled"]:
        if paid["why"]:
            console.print(f"  round {paid['round']}: {paid['why']}", markup=False)
    good = sum(paid["adds_up"] is True for paid in row["settled"])
    console.print(f"  {good} of {len(row['settled'])} settled payouts add up", style="green" if good else "")


def _judged(judged: dict[str, Any], console: Console) -> None:
    console.print(f"\n[bold]{judged['arena']}[/]: {judged['sentence']}")
    first: dict[tuple[str, int], dict[str, Any]] = {}
    for row in sorted(judged["rows"], key=lambda one: one["known_until"]):
        if row["scope"] == "round":
            first.setdefault((row["entry"], row["round"]), row)
    if first:
        table = _table("entry", "round", right=("median", "80% between", "settled"))
        shown = sorted(first.values(), key=lambda row: (row["round"], row["entry"]))[-MOST_ROWS:]
        for row in shown:
            mark = "green" if row["inside_80"] else "red"
            settled = f"[{mark}]{_nmr(row['settled'])}[/]"
            table.add_row(escape(row["entry"]), str(row["round"]), *_spread(row)[1:], settled)
        console.print(table)
        _left_out(len(first), "judged rounds", console)
    if judged["calibration"]:
        table = _table("held", right=("n", "50%", "80%", "90%", "bias", "error"))
        for row in judged["calibration"]:
            shares = [f"{100 * row[f'inside_{level}']:.0f}%" for level in (50, 80, 90)]
            signs = (("bias", "+"), ("error", ""))
            parts = ["–" if row[name] is None else f"{100 * row[name]:{sign}.1f}%" for name, sign in signs]
            of = {"round": "a round", "period": "a month"}[row["scope"]]
            table.add_row(f"{row['of']}, {of}", str(row["count"]), *shares, *parts)
        console.print(table)
        console.print("bias and error as shares of the stake", style="dim")
    for name in dict.fromkeys(row["entry"] for row in judged["waiting"]):
        rounds = sorted(row["round"] for row in judged["waiting"] if row["entry"] == name)
        console.print(f"  open: {escape(name)}, {len(rounds)} rounds {_span(rounds)}", style="yellow")


def _table(*left: str, right: tuple[str, ...]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in left:
        table.add_column(name)
    for name in right:
        table.add_column(name, justify="right", no_wrap=True)
    return table


def _spread(row: dict[str, Any]) -> list[str]:
    """Stake, median and the 80 % interval."""
    return [_nmr(row["stake"], sign=False), _nmr(row["q50"]), f"{_nmr(row['q10'])}..{_nmr(row['q90'])}"]


def _nmr(amount: str | None, sign: bool = True) -> str:
    """An amount in four or five digits, which is what fits a screen; the facts hold all eighteen places."""
    if amount is None:
        return "–"
    value = float(amount)
    digits = 3 if abs(value) < 10 else 1
    return f"{value:+.{digits}f}" if sign else f"{value:.{digits}f}"


def _gap(paid: dict[str, Any]) -> str:
    if paid["gap"] is None:
        return "–"
    if not float(paid["gap"]):
        return "[green]0 ✓[/]"
    return f"[{'green' if paid['adds_up'] else 'bold red'}]{float(paid['gap']):+.1e}[/]"


def _left_out(count: int, what: str, console: Console) -> None:
    if count > MOST_ROWS:
        console.print(f"  the last {MOST_ROWS} of {count} {what}; `--json` has all", style="dim")


def _span(rounds: list[int]) -> str:
    return f"{rounds[0]}–{rounds[-1]}" if len(rounds) > 1 else str(rounds[0]) if rounds else ""


def _policies(names: list[str]) -> str:
    """The policies in one line: rounds that tell their own rule are many of one kind."""
    return names[0] if len(names) == 1 else f"{names[0]} … {names[-1]}"
