"""The diagnostics that were asked for, rebuilt from the journal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class DiagnosticsRecord:
    """One upload of validation predictions.

    Args:
        digest: of the file; `result` is the digest of the figures, None when the file was refused.
        status: `done` or `failed`; `message` says why.
    """

    id: str
    model_id: str
    filename: str
    digest: str
    created: datetime
    status: str
    message: str | None
    result: str | None


class DiagnosticsRecords:
    """Every diagnostics by identifier, oldest first."""

    def __init__(self) -> None:
        self.all: dict[str, DiagnosticsRecord] = {}
        self.changes = {"diagnostics-created": self._created, "diagnostics-deleted": self._deleted}

    def of_model(self, model_id: str) -> list[DiagnosticsRecord]:
        """The diagnostics of a model, newest first."""
        return [one for one in reversed(self.all.values()) if one.model_id == model_id]

    def _created(self, at: datetime, facts: Mapping[str, Any]) -> None:
        self.all[facts["id"]] = DiagnosticsRecord(**{**facts, "created": at})

    def _deleted(self, at: datetime, facts: Mapping[str, Any]) -> None:
        for identifier in facts["ids"]:
            self.all.pop(identifier, None)
