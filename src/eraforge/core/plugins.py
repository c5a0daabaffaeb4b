"""The plugin registry: names to objects over entry points, imported on first use.

Built-ins enter through the same groups as a stranger's: one `[project.entry-points."eraforge.model"]` line in the
package that brings the plugin is all it takes.
"""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points
from typing import Any

from eraforge.core.errors import UserError

KINDS = ("arena", "source", "feature", "label", "model", "score", "gateway", "notifier")


def names(kind: str) -> list[str]:
    """Registered names of a kind, sorted; nothing is imported.

    Raises:
        UserError: `unknown-plugin-kind`.
    """
    return sorted(_group(kind))


def find(kind: str, name: str) -> Any:
    """Import and return the registered object of that kind and name.

    Raises:
        UserError: `unknown-plugin`, naming the nearest registered names; `plugin-does-not-load` when its import fails.
    """
    group = _group(kind)
    if name not in group:
        known = ", ".join(sorted(group)) or "none"
        raise UserError("unknown-plugin", f"There is no {kind} named {name!r}.", f"Use one of: {known}.")
    try:
        return group[name].load()
    except (ImportError, AttributeError) as error:
        raise UserError(
            "plugin-does-not-load",
            f"The {kind} {name!r} ({group[name].value}) does not load: {error}.",
            "Install the extra or package it needs, then try again.",
        ) from error


def _group(kind: str) -> dict[str, EntryPoint]:
    if kind not in KINDS:
        raise UserError("unknown-plugin-kind", f"There is no plugin kind {kind!r}.", f"Use one of: {', '.join(KINDS)}.")
    return {entry.name: entry for entry in entry_points(group=f"eraforge.{kind}")}
