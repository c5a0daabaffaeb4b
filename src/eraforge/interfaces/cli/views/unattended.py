"""Views of `entry release` and the `stake` verbs; `run` writes its own lines."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from rich.console import Console
from rich.markup import escape

from eraforge.interfaces.cli.views.rows import Rows
from eraforge.interfaces.cli.views.words import moment


def released(facts: dict[str, Any], console: Console) -> None:
    """Which entries play again."""
    for row in facts["entries"]:
        console.print(f"{escape(row['entry'])} plays again")


def webhook(facts: dict[str, Any], console: Console) -> None:
    """What the tournament was told to call."""
    told = f"calls {escape(facts['host'])}" if facts["host"] else "calls nobody"
    console.print(f"[green]✓[/] for [bold]{escape(facts['model'])}[/] in {facts['arena']} the tournament {told}")
    console.print("  it says so itself; it cannot be asked for the address again", style="dim")


def stake(facts: dict[str, Any], console: Console) -> None:
    """A plan, and what became of it."""
    plan = facts["plan"]
    console.print(f"[bold]{escape(str(plan['model']))}[/] in {plan['arena']} (account {escape(str(plan['account']))})")
    if "payout" in plan:
        console.print(f"  claim of round {plan['round']}")
        console.print(f"  payout  {_short(plan['payout'])} NMR\n  burn    {_short(plan['burn'])} NMR")
        if Decimal(plan["burn"]):
            console.print("  a claim makes this burn final; staking the same NMR again defers it", style="yellow")
    else:
        console.print(f"  staked  {_short(plan['current'])} NMR\n  target  {_short(plan['target'])} NMR")
        console.print(f"  change  {_short(plan['change'])} NMR")
    console.print(f"  plan    {str(plan['digest'])[:12]}")
    if "locked" in facts:
        lock = facts["locked"]
        until = f", on {moment(lock['until'])} UTC" if lock["until"] else ""
        told = f"  an increase is locked for round {lock['round']} until it resolves{until}; move while it is open"
        console.print(told, style="yellow")
    if "expires" in facts:
        console.print(f"approved until {moment(facts['expires'])} UTC, for this plan alone")
        console.print(f"next: eraforge stake move {str(plan['digest'])[:12]}", style="dim")
    elif "claimed" in facts:
        console.print("claimed: the tournament has nothing left to claim of it")
    elif "stake" in facts:
        console.print(f"moved: the tournament holds {_short(facts['stake'])} NMR")
    else:
        console.print(f"next: eraforge stake approve {str(plan['digest'])[:12]}", style="dim")


def claims(facts: dict[str, Any], console: Console) -> None:
    """What is left to claim."""
    if not facts["claims"]:
        console.print("nothing is left to claim")
        return
    rows = Rows(("entry", "round", "payout NMR", "burn NMR", "claimed for you after, UTC"))
    for row in facts["claims"]:
        until = moment(row["until"]) if row["until"] else "–"
        rows.add(escape(row["entry"]), str(row["round"]), _short(row["payout"]), _short(row["burn"]), until)
    console.print(rows)
    first = facts["claims"][0]
    console.print(f"next: eraforge stake claim {first['round']} --entry {escape(first['entry'])}", style="dim")


def _short(amount: Any) -> str:
    """An amount without its trailing zeros."""
    text = str(amount)
    return text.rstrip("0").rstrip(".") if "." in text else text
