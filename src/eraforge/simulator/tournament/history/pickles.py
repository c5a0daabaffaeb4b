"""Model uploads and their runs, rebuilt from the journal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Status:
    """A state a run went through, in the words of the live service."""

    status: str
    description: str | None
    at: datetime


@dataclass(slots=True)
class Run:
    """One run of a model upload: for a round, or (`validation`) to see whether it works."""

    id: str
    pickle_id: str
    model_id: str | None
    round: int | None
    validation: bool
    created: datetime
    statuses: list[Status] = field(default_factory=list)
    logs: list[tuple[datetime, str]] = field(default_factory=list)


@dataclass(slots=True)
class Pickle:
    """A model upload.

    Args:
        digest: of the file.
        validation: `pending`, `validated` or `invalid`.
        model_ids: the models it is assigned to.
    """

    id: str
    filename: str
    digest: str
    username: str
    tournament: int
    data_version: str
    docker_image: str
    created: datetime
    label: str | None = None
    source: str | None = None
    validation: str = "pending"
    model_ids: list[str] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)


class PickleRecords:
    """Every model upload by identifier, oldest first, and every run."""

    def __init__(self) -> None:
        self.all: dict[str, Pickle] = {}
        self.runs: dict[str, Run] = {}
        self.changes = {
            "pickle-created": self._created,
            "pickle-labelled": self._labelled,
            "pickle-assigned": self._assigned,
            "pickle-triggered": self._triggered,
            "pickle-status": self._status,
            "pickle-validated": self._validated,
        }

    def assigned_to(self, model_id: str) -> Pickle | None:
        """The upload that plays for a model, or None."""
        return next((one for one in self.all.values() if model_id in one.model_ids), None)

    def _created(self, at: datetime, facts: Mapping[str, Any]) -> None:
        self.all[facts["id"]] = Pickle(**{**facts, "created": at})

    def _labelled(self, at: datetime, facts: Mapping[str, Any]) -> None:
        self.all[facts["id"]].label = facts["label"]

    def _assigned(self, at: datetime, facts: Mapping[str, Any]) -> None:
        for one in self.all.values():
            if facts["model"] in one.model_ids:
                one.model_ids.remove(facts["model"])
        if facts["id"] is not None:
            self.all[facts["id"]].model_ids.append(facts["model"])

    def _triggered(self, at: datetime, facts: Mapping[str, Any]) -> None:
        run = Run(facts["id"], facts["pickle"], facts["model"], facts["round"], facts["validation"], at)
        run.statuses.append(Status("pending", None, at))
        self.runs[run.id] = run
        self.all[run.pickle_id].runs.append(run)

    def _status(self, at: datetime, facts: Mapping[str, Any]) -> None:
        run = self.runs[facts["id"]]
        run.statuses.append(Status(facts["status"], facts["description"], at))
        run.logs += [(at, line) for line in facts["logs"]]

    def _validated(self, at: datetime, facts: Mapping[str, Any]) -> None:
        self.all[facts["id"]].validation = facts["validation"]
