"""Diagnostics as they are asked for: made in the background, written down when asked about once they are there."""

from __future__ import annotations

import json
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from typing import Any

from eraforge.core.errors import DataError, Refused
from eraforge.simulator.tournament.accounts.host import Host, Session
from eraforge.simulator.tournament.diagnostics.eras import OpenFile, read_predictions, score_eras
from eraforge.simulator.tournament.diagnostics.figures import summary
from eraforge.simulator.tournament.history.diagnostics import DiagnosticsRecord

PATIENCE_SECONDS = 20.0


class Diagnostics:
    """The diagnostics of the accounts' models.

    Args:
        host: the tournament.
    """

    def __init__(self, host: Host) -> None:
        self._host = host
        self._pool = ThreadPoolExecutor(1, "diagnostics")
        self._running: dict[str, Future[dict[str, Any]]] = {}

    def close(self) -> None:
        """Wait for what is under way; nothing of it is lost, it is made again when asked for."""
        self._pool.shutdown(cancel_futures=True)

    def create(
        self, session: Session, filename: str, model_id: str | None, tournament: int, open_file: OpenFile
    ) -> str:
        """Start diagnostics of an uploaded file. Returns their identifier.

        Raises:
            Refused: `scope-missing`, `model-not-found`, `upload-missing`, `tournament-not-served`.
        """
        session.require("upload_submission")
        with self._host.lock:
            model = self._host.own_model(session, model_id, tournament)
            digest = self._host.uploaded(filename, model.id)
            identifier = self._host.identifier("diagnostics")
            facts = {"id": identifier, "model_id": model.id, "filename": filename, "digest": digest}
            self._host.change("diagnostics-created", facts)
            self._start(self._host.records.diagnostics.all[identifier], open_file)
            return identifier

    def of_model(
        self, session: Session, model_id: str | None, identifier: str | None, open_file: OpenFile
    ) -> list[tuple[DiagnosticsRecord, dict[str, Any] | None]]:
        """The diagnostics of a model, newest first, each with its figures once it has some.

        Raises:
            Refused: `scope-missing`, `model-not-found`.
        """
        session.require("read_submission_info")
        with self._host.lock:
            model = self._host.own_model(session, model_id)
            wanted = [
                one.id
                for one in self._host.records.diagnostics.of_model(model.id)
                if identifier is None or one.id == identifier
            ]
            return [self._current(one, open_file) for one in wanted]

    def delete(self, session: Session, identifiers: list[str]) -> list[str]:
        """Take diagnostics away. Returns the identifiers.

        Raises:
            Refused: `diagnostics-not-found`.
        """
        with self._host.lock:
            own = self._host.records.accounts[session.token.username].models
            for one in identifiers:
                found = self._host.records.diagnostics.all.get(one)
                if found is None or found.model_id not in own:
                    raise Refused("diagnostics-not-found", "Diagnostics not found", "List the model's diagnostics.")
            self._host.change("diagnostics-deleted", {"ids": identifiers})
            return identifiers

    def _start(self, record: DiagnosticsRecord, open_file: OpenFile) -> Future[dict[str, Any]]:
        arena = self._host.contest_of(record.model_id).arena
        data, filename = self._host.objects.get(record.digest), record.filename

        def make() -> dict[str, Any]:
            eras = score_eras(read_predictions(data, filename, arena), arena, open_file)
            return {"summary": summary(eras), "eras": eras}

        future = self._running[record.id] = self._pool.submit(make)
        return future

    def _current(self, identifier: str, open_file: OpenFile) -> tuple[DiagnosticsRecord, dict[str, Any] | None]:
        records = self._host.records.diagnostics.all
        if records[identifier].status == "pending":
            future = self._running.get(identifier) or self._start(records[identifier], open_file)
            self._finish(identifier, future)
        record = records[identifier]
        return record, None if record.result is None else json.loads(self._host.objects.get(record.result))

    def _finish(self, identifier: str, future: Future[dict[str, Any]]) -> None:
        try:
            made = json.dumps(future.result(PATIENCE_SECONDS), sort_keys=True).encode()
            facts = {"id": identifier, "status": "done", "message": None, "result": self._host.objects.put(made)}
        except NotYet:
            return
        except (Refused, DataError) as error:
            facts = {"id": identifier, "status": "failed", "message": error.sentence, "result": None}
        self._running.pop(identifier, None)
        self._host.change("diagnostics-finished", facts)
