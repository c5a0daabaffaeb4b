"""Names and lives of models: made, renamed, archived, brought back, described."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal

from eraforge.core.errors import Refused
from eraforge.simulator.tournament.accounts.host import Host, Session

NAME = re.compile(r"[a-z0-9_]{1,20}")


class Models:
    """The models of the accounts.

    Args:
        host: the tournament.
    """

    def __init__(self, host: Host) -> None:
        self._host = host

    def free(self, name: str, tournament: int) -> bool:
        """Whether a model of that name may be made in a tournament."""
        return bool(NAME.fullmatch(name)) and self._host.records.model_named(name, tournament) is None

    def add(self, username: str, name: str, stake: Decimal, tournament: int | None) -> str:
        """Give an account one more model. Returns its identifier.

        Raises:
            Refused: `name-not-available`, `tournament-not-served`.
        """
        with self._host.lock:
            number = self._host.contest(tournament).number
            self._require_free(name, number)
            identifier = self._host.records.model_identifier(name, number)
            if identifier in self._host.records.models:  # an earlier model of that name was renamed
                identifier = self._host.identifier("model")
            facts = {"id": identifier, "name": name, "username": username, "stake": str(stake), "tournament": number}
            self._host.change("model-created", facts)
            return identifier

    def rename(self, session: Session, model_id: str | None, name: str) -> str:
        """Give one of the caller's models another name. Returns its identifier.

        Raises:
            Refused: `model-not-found`, `name-not-available`.
        """
        with self._host.lock:
            model = self._host.own_model(session, model_id)
            self._require_free(name, model.tournament)
            self._host.change("model-renamed", {"model": model.id, "name": name})
            return model.id

    def archive(self, session: Session, model_id: str | None, *, archived: bool) -> str:
        """Archive a model without a stake, or bring one back. Returns its identifier.

        Raises:
            Refused: `model-not-found`, `model-has-stake`.
        """
        with self._host.lock:
            model = self._host.own_model(session, model_id)
            if archived and self._host.ledger.holding(model.id).total > 0:
                raise Refused("model-has-stake", "A model with a stake cannot be archived.", "Release its stake first.")
            self._host.change("model-archived", {"model": model.id, "archived": archived})
            return model.id

    def describe(self, session: Session, model_id: str | None, facts: Mapping[str, str | None]) -> None:
        """Set `bio`, `link_text`, `link_url` or `webhook` of one of the caller's models.

        Raises:
            Refused: `model-not-found`, `webhook-beside-pickle`.
        """
        with self._host.lock:
            model = self._host.own_model(session, model_id)
            if facts.get("webhook") and self._host.records.pickles.assigned_to(model.id) is not None:
                raise Refused(
                    "webhook-beside-pickle",
                    "A model with an assigned model upload cannot have a webhook.",
                    "Disable the model upload first.",
                )
            self._host.change("profile-changed", {"model": model.id, **facts})

    def _require_free(self, name: str, tournament: int) -> None:
        if not self.free(name, tournament):
            raise Refused("name-not-available", f"The name {name!r} is not available.", "Choose another name.")
