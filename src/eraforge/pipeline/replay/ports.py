"""The ports of a replay: the ledger as it was, objects that leave nothing behind, a tournament that says what it said.

None of them can write, and none of them can reach the outer world.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from eraforge.core.clock import StandingClock
from eraforge.core.errors import Broken
from eraforge.core.ports import Account, Reader, Submission
from eraforge.core.words import Arena, Entry, Round
from eraforge.pipeline.effects import Effects
from eraforge.pipeline.played.told import Told
from eraforge.pipeline.stage_cache import StageCache
from eraforge.pipeline.tools import Tools
from eraforge.store.ledger import Ledger
from eraforge.store.objects import Objects
from eraforge.store.records import Event, Facts


class LedgerThen(Ledger):
    """The ledger up to an event. What is recorded in a replay is kept in memory; no stage is remembered from before.

    Args:
        today: the open ledger.
        until: sequence of the last event that had happened.
    """

    def __init__(self, today: Ledger, until: int) -> None:
        self._today = today
        self._until = until
        self._own: list[Event] = []
        self._stages: dict[str, tuple[str, str]] = {}

    def record(self, kind: str, subject: str, facts: Facts, at: datetime) -> int:
        sequence = self._until + len(self._own) + 1
        self._own.append(Event(sequence, kind, subject, facts, at, "", ""))
        return sequence

    def events(self, kind: str | None = None, subject: str | None = None, after: int = 0) -> Iterator[Event]:
        for event in self._today.events(kind, subject, after):
            if event.sequence > self._until:
                break
            yield event
        for event in self._own:
            if kind in (None, event.kind) and subject in (None, event.subject) and event.sequence > after:
                yield event

    def last_event(self, kind: str | None = None, subject: str | None = None) -> Event | None:
        found = None
        for event in self.events(kind, subject):
            found = event
        return found

    def stage_output(self, key: str) -> str | None:
        return self._stages.get(key, ("", None))[1]

    def stage_outputs(self, name: str) -> list[str]:
        return sorted({digest for stage, digest in self._stages.values() if stage == name})

    def remember_stage(self, key: str, name: str, digest: str, at: datetime) -> None:
        self._stages[key] = (name, digest)

    def close(self) -> None:
        """It is another's."""

    @contextmanager
    def _read(self) -> Iterator[Connection]:
        with self._today._read() as connection:
            yield connection

    @contextmanager
    def _write(self) -> Iterator[Connection]:
        raise Broken("replay-that-writes", "A replay was to write into the ledger.", "Stop and report it.")
        yield


class ObjectsThen(Objects):
    """The stored objects, and beside them, in a folder of its own, those the replay makes.

    Args:
        stored: the objects of the workspace; nothing is added to them.
        own: a folder that is thrown away afterwards.
    """

    def __init__(self, stored: Objects, own: Path) -> None:
        super().__init__(own)
        self._stored = stored

    def has(self, digest: str) -> bool:
        return super().has(digest) or self._stored.has(digest)

    def get(self, digest: str) -> bytes:
        return super().get(digest) if super().has(digest) else self._stored.get(digest)

    def path(self, digest: str) -> Path:
        return super().path(digest) if super().has(digest) else self._stored.path(digest)

    def delete(self, digest: str) -> None:
        raise Broken("replay-that-writes", "A replay was to remove an object.", "Stop and report it.")


class ReaderThen:
    """A tournament that says what it said then, and nothing else.

    Args:
        model: name of the model that played.
        told: what it said; None where the turn did not ask.
    """

    def __init__(self, model: str, told: Told | None, objects: Objects) -> None:
        self._model = model
        self._told = told
        self._objects = objects

    def account(self) -> Account:
        return Account("", _EveryTournament({self._model: self._model}))

    def rounds(self, arena: Arena, number: int | None = None, limit: int | None = None) -> list[Round]:
        return [self._known().round]

    def submissions(self, model_id: str) -> list[Submission]:
        return [Submission(str(number), "", number, 0, True) for number in self._known().answers]

    def submission_bytes(self, submission_id: str) -> bytes:
        return self._objects.get(self._known().answers[int(submission_id)])

    def _known(self) -> Told:
        if self._told is None:
            raise _outside("what the tournament said")
        return self._told

    def __getattr__(self, name: str) -> Any:
        raise _outside(f"`{name}` of the tournament")


class _EveryTournament(dict[int, Mapping[str, str]]):
    """The models of any tournament, whatever its number: the entry's own."""

    def __init__(self, models: Mapping[str, str]) -> None:
        super().__init__()
        self._models = models

    def get(self, key: Any, default: Any = None) -> Any:
        return self._models


def tools_then(
    tools: Tools, entry: Entry, at: datetime, until: int, told: Told | None, own: Path, ledger: Ledger | None = None
) -> Tools:
    """Tools with which a stage of the entry sees what it saw at that moment, and can change nothing.

    Args:
        until: sequence of the last event that had happened then.
        told: what the tournament said, where the turn asked it.
        own: the folder in which the replay puts what it makes.
        ledger: the one an earlier stage of the same replay wrote into.
    """
    objects = ObjectsThen(tools.objects, own)
    then = ledger or LedgerThen(tools.ledger, until)
    reader: Any = ReaderThen(entry.model, told, objects)
    clock = StandingClock(at)

    def readers(_: str) -> Reader:
        found: Reader = reader
        return found

    return replace(
        tools,
        objects=objects,
        ledger=then,
        cache=StageCache(objects, then, clock),
        readers=readers,
        effects=_no_effects,
        clock=clock,
        bars={},
        resolved={},
        _accounts={},
        _arenas={},
    )


def _no_effects(_: str) -> Effects:
    raise _outside("a change in the outer world")


def _outside(what: str) -> Broken:
    return Broken("replay-asks-outside", f"A replay was to ask for {what}.", "Stop and report it.")
