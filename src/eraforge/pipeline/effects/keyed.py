"""Claims and orders: changes of money that the other side can be asked about by our own key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from eraforge.core.digest import digest_value
from eraforge.core.errors import Held, Refused
from eraforge.core.words import Effect
from eraforge.pipeline.effects.conduct import Facts, Note, Objection, Sighting


class KeyedWriter(Protocol):
    """An outer world (a market, a contract) that takes a request under the sender's own key and can be asked for it."""

    def place(self, key: str, request: Mapping[str, Any]) -> str:
        """Do it; the other side's own name for it.

        Raises:
            Ambiguous: it may have happened; Refused: it did not and never will; Transient: it did not.
        """
        ...

    def find(self, key: str) -> Mapping[str, Any] | None:
        """The request that is held under the key, or None."""
        ...


@dataclass(frozen=True)
class KeyedConduct:
    """One claim or order on its way; the effect's payload is the digest of `request`.

    Args:
        expires: nothing is sent from that moment on.
    """

    effect: Effect
    request: Mapping[str, Any]
    expires: datetime
    writer: KeyedWriter
    what: str = "order"
    remedy: str = "Look at what the other side holds under this key before anything else is done."
    reads_back: bool = True

    def mismatch(self, told: str) -> Held:
        """Somebody must look before anything else is done."""
        return Held("other-side-holds-another", f"{self.effect.slot.key}: {told}.", self.remedy)

    def objection(self, now: datetime) -> Objection | None:
        """Not after it has expired."""
        if now < self.expires:
            return None
        error = Refused(
            "request-expired", f"The {self.what} of {self.effect.slot.key} expired.", "Decide anew, with a new key."
        )
        return Objection(error, given_up="it expired before it was sent")

    def prepare(self, note: Note) -> Facts:
        """Nothing goes before the request."""
        return {"request": dict(self.request)}

    def send(self, prepared: Facts) -> Facts:
        """Place it under the effect's key."""
        return {"other_name": self.writer.place(self.effect.key, self.request)}

    def look(self, facts: Mapping[str, Any]) -> Sighting | None:
        """What the other side holds under the key."""
        found = self.writer.find(self.effect.key)
        if found is None:
            return None
        return Sighting(digest_value(found), f"the other side holds another {self.what} under this key", dict(facts))

    def keep(self, sighting: Sighting, at: datetime) -> None:
        """The effect's own event tells all of it."""
