"""Views of blends: the members of an ensemble, and a blend picked from experiments."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.markup import escape

from eraforge.interfaces.cli.views.rows import Rows
from eraforge.interfaces.cli.views.words import figure

Facts = dict[str, Any]
PAIRS = 10


def members(facts: Facts, console: Console) -> None:
    """What each member is worth alone and to the blend, and how alike they are."""
    title = f"members, out of fold (sample: {facts['sample']})"
    table = Rows(("member", "share", "CORR alone", "blend without", "loss without", "90% interval"), title=title)
    for row in facts["ablations"]:
        loss = row["loss"]
        told = ("–", "–") if loss is None else (f"{loss['mean']:+.4f}", f"{loss['low']:+.4f}..{loss['high']:+.4f}")
        table.add(escape(row["member"]), f"{row['share']:.0%}", figure(row["alone"]), figure(row["without"]), *told)
    console.print(table)
    _pairs(facts, console)


def selection(facts: Facts, console: Console) -> None:
    """Who was picked, how the blend does where the picking did not look, and the block to copy."""
    inner, held_out = facts["inner"], facts["held_out"]
    console.print(f"Picked from {len(facts['pool'])} experiments by {facts['objective']} on {_span(inner)}:")
    if facts["synthetic"]:
        console.print("  on made-up data", style="dim")
    table = Rows(("added", f"{facts['objective']} of the blend"), title=f"inner eras (sample: {facts['sample']})")
    for row in facts["picks"]:
        table.add(escape(row["name"]), f"{row['value']:.4f}")
    console.print(table)
    found = facts["outcome"]
    console.print(
        f"Held out, {_span(held_out)}: CORR {figure(found['mean'])}, {found['level']:.0%} interval "
        f"{figure(found['low'])}..{figure(found['high'])} (sample: {facts['sample']})"
    )
    for what, sentence in (("its first member", facts["over_first"]), ("all of the pool", facts["over_pool"])):
        if sentence:
            console.print(f"Against {what}, held out: {sentence}.", markup=False)
    console.print("Whoever chose the pool may have seen the held-out eras: then this flatters the blend.", style="dim")
    _pairs(facts, console)
    console.print("To try it, as an experiment or in eraforge.toml:\n")
    for line in _block(facts["entry"]):
        console.print(line, markup=False, soft_wrap=True)
    if facts["differ"]:
        told = ", ".join(facts["differ"])
        console.print(f"\nThe members differ in {told}, which an ensemble has but once: choose.", style="yellow")


def _span(part: Facts) -> str:
    return f"{part['count']} eras {part['eras'][0]}–{part['eras'][1]}"


def _pairs(facts: Facts, console: Console) -> None:
    rows = facts["likenesses"][:PAIRS]
    if not rows:
        return
    table = Rows(("two members", "correlation", "least", "most"), title="the most alike, over eras")
    for row in rows:
        names = " and ".join(map(escape, row["members"]))
        table.add(names, f"{row['mean']:.2f}", f"{row['low']:.2f}", f"{row['high']:.2f}")
    console.print(table)


def _block(entry: Facts) -> list[str]:
    lines = ["[entry]", *(f"{name} = {_toml(value)}" for name, value in entry.items() if name != "settings"), ""]
    for name, member in entry["settings"]["members"].items():
        lines += [f"[entry.settings.members.{name}]", f"learner = {json.dumps(member['learner'])}"]
        if member["settings"]:
            lines.append(f"settings = {_toml(member['settings'])}")
        lines.append("")
    return lines[:-1]


def _toml(value: Any) -> str:
    """A value of settings as TOML writes it on one line."""
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(name)} = {_toml(one)}" for name, one in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(value) if isinstance(value, str | bool) else repr(value)


def _key(name: str) -> str:
    return name if name.replace("_", "").replace("-", "").isalnum() and name.isascii() else json.dumps(name)
