"""The diagnostics that were asked for, rebuilt from the journal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(slots=True)
class DiagnosticsRecord:
    """One upload of validation predictions.

    Args:
        digest: of the file; `result` is the digest of the figures, None when the file was refused.
        status: `pending`, `done` or `failed`; `message` says why it failed.
    """

    id: str
    model_id: str
    filename: str
    digest: str
    created: datetime
    updated: datetime
    status: str = "pending"
    message: str | None = None
    result: str | None = None


class DiagnosticsRecords:
    """Every diagnostics by identifier, oldest first."""

    def __init__(self) -> None:
        self.all: dict[str, DiagnosticsRecord] = {}
        self.changes = {
            "diagnostics-created": self._created,
            "diagnostics-deleted": self._deleted,
            "diagnostics-finished": self._finished,
        }

    def of_model(self, model_id: str) -> list[DiagnosticsRecord]:
        """The diagnostics of a model, newest first."""
        return [one for one in reversed(self.all.values()) if one.model_id == model_id]

    def _created(self, at: datetime, facts: Mapping[str, Any]) -> None:
        self.all[facts["id"]] = DiagnosticsRecord(**{**facts, "created": at, "updated": at})

    def _finished(self, at: datetime, facts: Mapping[str, Any]) -> None:
        record = self.all[facts["id"]]
        record.status, record.message, record.result = facts["status"], facts["message"], facts["result"]
        record.updated = at

    def _deleted(self, at: datetime, facts: Mapping[str, Any]) -> None:
        for identifier in facts["ids"]:
            self.all.pop(identifier, None)
