"""Who is asking, and what the parts of the tournament ask of it as a whole."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from eraforge.core.errors import Refused
from eraforge.simulator.tournament.contest import Contest
from eraforge.simulator.tournament.money.ledger import Ledger
from eraforge.simulator.tournament.records import ModelRecord, Records, Token
from eraforge.simulator.tournament.rules.assumptions import Assumptions
from eraforge.store.objects import Objects


@dataclass(frozen=True, slots=True)
class Session:
    """Who is asking, and with which scopes."""

    token: Token

    def require(self, scope: str) -> None:
        """Let pass only a key with that scope.

        Raises:
            Refused: `scope-missing`, with the sentence of the live API.
        """
        if scope not in self.token.scopes:
            raise Refused("scope-missing", f"Insufficient permission for {scope}", "Use a key with that scope.")


class Host(Protocol):
    """The tournament as its parts see it."""

    seed: int
    records: Records
    objects: Objects
    ledger: Ledger
    lock: threading.RLock
    assumptions: Assumptions

    def now(self) -> datetime:
        """The virtual moment."""
        ...

    def change(self, change: str, facts: Mapping[str, Any]) -> None:
        """Write a change to the journal, then apply it."""
        ...

    def identifier(self, kind: str) -> str:
        """A UUID for what is about to be made."""
        ...

    def contest(self, number: int | None = None) -> Contest:
        """The tournament of that number; without one, the first."""
        ...

    def contest_of(self, model_id: str) -> Contest:
        """The tournament a model plays in."""
        ...

    def own_model(self, session: Session, model_id: str | None, tournament: int | None = None) -> ModelRecord:
        """The caller's model of that identifier."""
        ...

    def authorise_upload(self, session: Session, filename: str, model_id: str | None, tournament: int) -> str:
        """Leave to upload one file. Returns the name the server gave it."""
        ...

    def uploaded(self, filename: str, model_id: str) -> str:
        """Digest of an uploaded file of that model."""
        ...


class Automation(Protocol):
    """What is to be done when a round opens."""

    def wanted(self, contest: Contest) -> bool:
        """Whether anything is to be done at the next opening of that tournament."""
        ...

    def opened(self, contest: Contest, number: int) -> None:
        """Do it. The clock stands at the opening or, when it runs, shortly after."""
        ...

    def trigger(self, session: Session, model_id: str | None) -> str:
        """Call the webhook of one of the caller's models. Returns the trigger's identifier."""
        ...

    def stop(self) -> None:
        """Do nothing more."""
        ...


class NoAutomation:
    """A tournament that nobody serves: nothing is done when a round opens."""

    def wanted(self, contest: Contest) -> bool:
        """Never."""
        return False

    def opened(self, contest: Contest, number: int) -> None:
        """Nothing."""

    def trigger(self, session: Session, model_id: str | None) -> str:
        """There is nobody to call it.

        Raises:
            Refused: `nobody-calls-webhooks`.
        """
        raise Refused("nobody-calls-webhooks", "Webhooks are called by a server only", "Serve the tournament.")

    def stop(self) -> None:
        """Nothing is under way."""
