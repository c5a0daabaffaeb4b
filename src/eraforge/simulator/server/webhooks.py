"""What happens when a round opens: model uploads run, and webhooks on this machine are called."""

from __future__ import annotations

import ipaddress
import threading
from collections.abc import Callable
from datetime import datetime
from urllib.parse import urlsplit

from eraforge.simulator.server.files import DatasetFiles
from eraforge.simulator.tournament.accounts.host import Session
from eraforge.simulator.tournament.contest import Contest
from eraforge.simulator.tournament.engine import Tournament

SECONDS = 30.0
WATCH_SECONDS = 0.25
REFUSED = "not called: only addresses of this machine are"


class Automation:
    """Runs model uploads and calls webhooks.

    Args:
        tournament: whose rounds open.
        datasets: what model uploads predict from.
        pass_time: decides what befalls the rounds up to a moment, before they are acted on.
    """

    def __init__(
        self, tournament: Tournament, datasets: DatasetFiles, pass_time: Callable[[datetime], None] | None = None
    ) -> None:
        self._tournament, self._datasets, self._pass_time = tournament, datasets, pass_time
        self._stopped = threading.Event()
        self._watcher: threading.Thread | None = None

    def wanted(self, contest: Contest) -> bool:
        """Whether a model of the tournament has a webhook or a model upload."""
        models = self._tournament.records.models.values()
        hooked = any(one.webhook and one.tournament == contest.number and not one.archived for one in models)
        return hooked or self._tournament.pickles.assigned(contest)

    def opened(self, contest: Contest, number: int) -> None:
        """Run the model uploads, then call the webhooks, one after the other; each call is waited for."""
        stamp = str(contest.rounds.datestamp(number))
        self._tournament.pickles.round_opened(contest, lambda name: self._datasets.path(stamp, name))
        models = list(self._tournament.records.models.values())
        for model in models:
            if model.webhook and model.tournament == contest.number and not model.archived:
                self._call(self._trigger(model.id, number))

    def trigger(self, session: Session, model_id: str | None) -> str:
        """Call the webhook of one of the caller's models now, without waiting. Returns the trigger's identifier.

        Raises:
            Refused: `scope-missing`, `model-not-found`.
        """
        session.require("upload_submission")
        model = self._tournament.own_model(session, model_id)
        current = self._tournament.contest_of(model.id).rounds.open_at(self._tournament.now())
        identifier = self._trigger(model.id, None if current is None else current.number)
        threading.Thread(target=self._call, args=(identifier,), daemon=True, name="webhook").start()
        return identifier

    def watch(self) -> None:
        """Do what openings ask for while the clock runs, in a thread of its own, until stopped."""
        if self._watcher is None:
            self._watcher = threading.Thread(target=self._watch, daemon=True, name="openings")
            self._watcher.start()

    def stop(self) -> None:
        """End the watch, once what it is doing is done."""
        self._stopped.set()
        if self._watcher is not None:
            self._watcher.join()

    def _watch(self) -> None:
        while not self._stopped.wait(WATCH_SECONDS):
            if self._pass_time is not None:
                with self._tournament.lock:
                    self._pass_time(self._tournament.now())
            self._tournament.catch_up()

    def _trigger(self, model_id: str, number: int | None) -> str:
        with self._tournament.lock:
            identifier = self._tournament.identifier("trigger")
            url = self._tournament.records.models[model_id].webhook
            facts = {"id": identifier, "model": model_id, "url": url, "round": number}
            self._tournament.change("trigger-created", facts)
            return identifier

    def _call(self, identifier: str) -> None:
        outcome = _post(self._tournament.records.triggers[identifier].url, identifier)
        with self._tournament.lock:
            self._tournament.change("webhook-called", {"id": identifier, "outcome": outcome})


def _post(url: str | None, identifier: str) -> str:
    """POST `{"triggerId": ...}` and tell what came of it."""
    import httpx

    if not url:
        return "not called: the model has no webhook"
    if not is_loopback(url):
        return REFUSED
    try:
        answer = httpx.post(url, json={"triggerId": identifier}, timeout=SECONDS, trust_env=False)
    except httpx.HTTPError as error:
        return f"not answered: {type(error).__name__}"
    return f"answered {answer.status_code}"


def is_loopback(url: str) -> bool:
    """Whether the address is one of this machine, told from the address alone."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme not in ("http", "https"):
        return False
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
