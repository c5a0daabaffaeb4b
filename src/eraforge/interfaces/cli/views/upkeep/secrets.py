"""Views of the `secrets` verbs: names and places, never a secret."""

from __future__ import annotations

from typing import Any

from rich.console import Console


def stored(facts: dict[str, Any], console: Console) -> None:
    """What is kept now, and where."""
    for name in facts["stored"]:
        console.print(f"{name} is kept in {facts['place']}", markup=False)


def forgotten(facts: dict[str, Any], console: Console) -> None:
    """What is kept no more."""
    for name in facts["forgotten"]:
        console.print(f"{name} is removed from {facts['place']}", markup=False)


def listed(facts: dict[str, Any], console: Console) -> None:
    """Each secret with the places that hold it; the first of them is the one used."""
    width = max((len(row["name"]) for row in facts["secrets"]), default=0)
    for row in facts["secrets"]:
        found = row["found_in"]
        told = ", then ".join(found) if found else "nowhere"
        console.print(f"{row['name']:{width}}  {told}", style="" if found else "yellow", markup=False, highlight=False)
    for trouble in facts["troubles"]:
        console.print(f"{trouble['sentence']}", style="red", markup=False)
        console.print(f"→ {trouble['next_step']}", style="green", markup=False)
