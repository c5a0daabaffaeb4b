"""The plugin registry: names to objects over entry points, imported on first use.

Built-ins enter through the same groups as a stranger's: one `[project.entry-points."eraforge.model"]` line in the
package that brings the plugin is all it takes.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from functools import cache
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
        UserError: `unknown-plugin`, naming the registered ones; `plugin-name-taken-twice` when two packages register
            different objects under the name; `plugin-does-not-load` when its import fails.
    """
    group = _group(kind)
    if name not in group:
        known = ", ".join(sorted(group)) or "none"
        raise UserError("unknown-plugin", f"There is no {kind} named {name!r}.", f"Use one of: {known}.")
    values = sorted(group[name])
    if len(values) > 1:
        raise UserError(
            "plugin-name-taken-twice",
            f"More than one package registers a {kind} named {name!r}: {', '.join(values)}.",
            "Uninstall one of them, or have it register another name.",
        )
    try:
        return group[name][values[0]].load()
    except (ImportError, AttributeError, SyntaxError, OSError) as error:  # OSError: a shared library is missing
        raise UserError(
            "plugin-does-not-load",
            f"The {kind} {name!r} ({values[0]}) does not load: {error}.",
            "Install the extra or package it needs, then try again.",
        ) from error


def _group(kind: str) -> Mapping[str, Mapping[str, EntryPoint]]:
    """Name to the objects registered under it (one, unless packages quarrel), by the address of the object."""
    if kind not in KINDS:
        raise UserError("unknown-plugin-kind", f"There is no plugin kind {kind!r}.", f"Use one of: {', '.join(KINDS)}.")
    return _installed(kind, entry_points, tuple(sys.path))


@cache
def _installed(kind: str, read: Callable[..., Any], _path: tuple[str, ...]) -> Mapping[str, Mapping[str, EntryPoint]]:
    """Kept per search path: every reading opens the metadata of each installed package, some 15 ms."""
    group: dict[str, dict[str, EntryPoint]] = {}
    for entry in read(group=f"eraforge.{kind}"):
        group.setdefault(entry.name, {})[entry.value] = entry
    return group
