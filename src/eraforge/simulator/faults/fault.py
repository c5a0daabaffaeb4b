"""What a fault is: a name, the requests or rounds it can strike, and what it does to them."""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any, ClassVar

from eraforge.simulator.exchange.calls import Call, Kind
from eraforge.simulator.exchange.replies import Reply
from eraforge.simulator.tournament.contest import Contest
from eraforge.simulator.tournament.engine import Tournament


@dataclass(slots=True)
class Hidden:
    """Something the caller cannot see yet: for so many more readings, and until that virtual moment."""

    readings: int
    until: datetime


@dataclass(frozen=True, slots=True)
class Ground:
    """What a fault can change beyond one answer: the tournament, and what is hidden by file name."""

    tournament: Tournament
    submissions: dict[str, Hidden]
    uploads: dict[str, Hidden]


@dataclass(frozen=True)
class Fault:
    """A way to fail. Its fields are its settings."""

    name: ClassVar[str]
    kinds: ClassVar[frozenset[Kind]] = frozenset()

    @classmethod
    def text(cls) -> str:
        """Its first sentence: what it does."""
        return inspect.cleandoc(cls.__doc__ or "").split("\n\n")[0].replace("\n", " ")

    @classmethod
    def settings(cls) -> dict[str, Any]:
        """Its settings and their defaults."""
        return {one.name: one.default for one in fields(cls)}

    def meets(self, call: Call) -> bool:
        """Whether the request is one that it can strike."""
        return call.kind in self.kinds

    def before(self, call: Call, draw: float) -> Call | Reply:
        """What becomes of the request: the same or another one, or an answer before anything was done.

        Args:
            draw: in [0, 1), fixed by seed and request, for faults that choose.
        """
        return call

    def after(self, call: Call, reply: Reply) -> Reply:
        """What becomes of the answer, once everything is done."""
        return reply

    def touch(self, ground: Ground, lines: Sequence[Mapping[str, Any]]) -> None:
        """What else it changes, given the journal lines that the request brought about."""


@dataclass(frozen=True)
class RoundFault(Fault, ABC):
    """A fault of a whole round, decided once for each: before it opens, or once it has closed."""

    once_closed: ClassVar[bool] = False

    def check(self, contest: Contest) -> None:
        """Whether its settings make sense in a tournament.

        Raises:
            UserError: `setting-not-understood`.
        """

    def concerns(self, contest: Contest, number: int) -> bool:
        """Whether it can befall that round of that tournament at all."""
        return True

    @abstractmethod
    def change(self, contest: Contest, number: int, draw: float) -> tuple[str, dict[str, Any]]:
        """The journal line it writes: the change and its facts, but for tournament, round and fault."""


def later(tournament: Tournament, seconds: float) -> datetime:
    """That many virtual seconds from now."""
    return tournament.now() + timedelta(seconds=seconds)
