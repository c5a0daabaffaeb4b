"""Submission webhooks: the tournament cannot be asked for one, but setting the same one twice changes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from eraforge.core.errors import Held
from eraforge.core.ports import Writer
from eraforge.core.words import Effect
from eraforge.pipeline.effects.conduct import Facts, Note, Objection, Sighting


@dataclass(frozen=True)
class WebhookConduct:
    """One webhook on its way."""

    effect: Effect
    model_id: str
    address: str
    writer: Writer
    what: str = "webhook"
    remedy: str = "Set it again."
    reads_back: bool = False

    def mismatch(self, told: str) -> Held:
        """Somebody must look before anything else is done."""
        return Held("webhook-is-another", f"{self.effect.slot.key}: {told}.", self.remedy)

    def objection(self, now: datetime) -> Objection | None:
        """It may be set at any time."""
        return None

    def prepare(self, note: Note) -> Facts:
        """Nothing goes before the change."""
        return {"model_id": self.model_id}

    def send(self, prepared: Facts) -> Facts:
        """Set it."""
        self.writer.set_webhook(self.model_id, self.address)
        return {}

    def look(self, facts: Mapping[str, Any]) -> Sighting | None:
        """There is nothing to look at."""
        return None

    def keep(self, sighting: Sighting, at: datetime) -> None:
        """The effect's own event tells all of it."""
