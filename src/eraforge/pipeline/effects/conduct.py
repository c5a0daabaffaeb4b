"""What differs between kinds of effects: how one is prepared, sent, read back, and whether it may be sent again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from eraforge.core.errors import Held, Refused
from eraforge.core.words import Effect

Facts = dict[str, Any]
Note = Callable[[str, Mapping[str, Any]], None]


@dataclass(frozen=True, slots=True)
class Sighting:
    """What a read-back found in the outer world.

    Args:
        payload: digest of what is held there; equal to the effect's own where all is well.
        told: the same in words, for the person who must decide where it is not.
        facts: what the ledger keeps of it.
        seen: the thing itself, for `keep`.
    """

    payload: str
    told: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    seen: Any = None


@dataclass(frozen=True, slots=True)
class Objection:
    """Why nothing may be sent now; `given_up` ends the effect, otherwise it may be asked again later."""

    error: Refused
    given_up: str = ""


class Conduct(Protocol):
    """How one effect is carried out."""

    @property
    def effect(self) -> Effect: ...

    @property
    def what(self) -> str:
        """The thing in words ("answer", "stake change")."""
        ...

    def mismatch(self, told: str) -> Held:
        """The error for an outer world that holds something else than was decided."""
        ...

    @property
    def remedy(self) -> str:
        """What a person does about one that is held."""
        ...

    @property
    def reads_back(self) -> bool:
        """False where the outer world has no way to be asked: the answer itself then counts, repetition is harmless."""
        ...

    def objection(self, now: datetime) -> Objection | None:
        """What speaks against sending now; asked before each step that needs time."""
        ...

    def prepare(self, note: Note) -> Facts:
        """Everything before the change itself; each phase is noted. Nothing in the outer world counts yet.

        Returns:
            Facts that `send` and `look` need; they are kept with the effect.
        """
        ...

    def send(self, prepared: Facts) -> Facts:
        """The one call that changes the outer world.

        Raises:
            Ambiguous: it may have happened; Refused: it did not and never will; Transient, UserError: it did not.
        """
        ...

    def look(self, facts: Mapping[str, Any]) -> Sighting | None:
        """What the outer world holds for this effect, or None where it holds nothing of it."""
        ...

    def keep(self, sighting: Sighting, at: datetime) -> None:
        """Write what was confirmed into the ledger's own tables."""
        ...
