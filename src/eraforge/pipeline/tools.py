"""What a turn works with: the ports and stores of one workspace, opened once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from eraforge.core import plugins
from eraforge.core.bars import Bars
from eraforge.core.clock import Clock
from eraforge.core.configuration import Configuration
from eraforge.core.errors import UserError
from eraforge.core.ports import Account, Progress, Reader
from eraforge.core.words import Arena, Entry, Round
from eraforge.pipeline.effects import Effects
from eraforge.pipeline.stage_cache import StageCache
from eraforge.store.ledger import Ledger
from eraforge.store.objects import Objects

Key = TypeVar("Key")
Value = TypeVar("Value")
REMEMBERED_ROUNDS = 256
REMEMBERED_PRICES = 2  # of the day and of the fallback: they are large, and every day brings new ones


def no_progress(what: str, done: float, total: float) -> None:
    """A Progress that shows nothing."""


def keep_newest(kept: dict[Key, Value], key: Key, value: Value, most: int) -> None:
    """Put it there and let the oldest go: what lives for months must not keep something of every day."""
    kept[key] = value
    while len(kept) > most:
        del kept[next(iter(kept))]


def here(tools: Tools, work: Callable[..., Any], inputs: Sequence[Any]) -> Any:
    """A Compute that does the work in this process, without limits."""
    return work(tools, *inputs)


@dataclass
class Tools:
    """One open workspace.

    Args:
        folder: the workspace.
        configuration: its tree.
        objects, ledger, cache: what survives.
        reader: gateway of one account, reading only.
        effects: builds the door outward when it is first needed.
        clock: the server's clock.
        progress: where work reports how far it is.
        bars: checked bars read last in this visit, by the digest of the object that names them.
        marks: digests of their past, moment by moment, by the same name.
        resolved: rounds that change no more, by arena and number.
        compute: where stages compute: in this process, or in a limited one.
    """

    folder: Path
    configuration: Configuration
    objects: Objects
    ledger: Ledger
    cache: StageCache
    readers: Callable[[str], Reader]
    effects: Callable[[str], Effects]
    clock: Clock
    progress: Progress = no_progress
    bars: dict[str, Bars] = field(default_factory=dict)
    marks: dict[str, tuple[str, ...]] = field(default_factory=dict)
    resolved: dict[tuple[str, int], Round] = field(default_factory=dict)
    compute: Callable[[Tools, Callable[..., Any], Sequence[Any]], Any] = here
    _accounts: dict[str, Account] = field(default_factory=dict)
    _arenas: dict[str, Arena] = field(default_factory=dict)

    def reader(self, entry: Entry) -> Reader:
        """The gateway of the entry's account."""
        return self.readers(entry.account)

    def arena(self, entry: Entry) -> Arena:
        """The arena of an entry, with the entry's own data version when it names one."""
        if entry.arena not in self._arenas:
            self._arenas[entry.arena] = plugins.find("arena", entry.arena)
        arena = self._arenas[entry.arena]
        return replace(arena, version=entry.version) if entry.version else arena

    def target(self, entry: Entry) -> str:
        """The target an entry learns: its own, or the arena's main one."""
        return entry.target or self.arena(entry).target

    def model_id(self, entry: Entry) -> str:
        """The tournament's id of the model an entry plays for.

        Raises:
            UserError: `unknown-model`, naming the account's models.
        """
        if entry.account not in self._accounts:
            self._accounts[entry.account] = self.reader(entry).account()
        models = self._accounts[entry.account].models.get(self.arena(entry).tournament, {})
        if entry.model not in models:
            known = ", ".join(sorted(models)) or "none"
            raise UserError(
                "unknown-model",
                f"Account {entry.account!r} has no model {entry.model!r} in {entry.arena}.",
                f"Its models there: {known}.",
            )
        return models[entry.model]

    def round(self, entry: Entry, number: int) -> Round:
        """A round by its number, as the tournament tells it.

        Raises:
            UserError: `unknown-round`.
        """
        key = entry.arena, number
        if key in self.resolved:
            return self.resolved[key]
        found = [one for one in self.reader(entry).rounds(self.arena(entry), number=number) if one.number == number]
        if not found:
            raise UserError("unknown-round", f"{entry.arena} has no round {number}.", "See `eraforge round`.")
        if found[0].resolved:
            keep_newest(self.resolved, key, found[0], REMEMBERED_ROUNDS)
        return found[0]
