"""Model uploads: made, assigned to models, run on demand and whenever a round opens.

A run happens where it is asked for and ends before the answer goes out, so that a history is the same each time it is
played; its states stand in the journal in the order of the live service.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from eraforge.core.errors import Refused
from eraforge.simulator.tournament.accounts.host import Host, Session
from eraforge.simulator.tournament.contest import Contest
from eraforge.simulator.tournament.history.pickles import Pickle
from eraforge.simulator.tournament.identities import derived_uuid
from eraforge.simulator.tournament.pickles.runner import ERROR, FAILED, SUCCESS, Limits, Outcome, run

OpenFile = Callable[[str], Path | None]
Submit = Callable[[str, str, bytes, str], str | None]
IMAGES = ("Python 3.10", "Python 3.11", "Python 3.12", "Python 3.13")
DEFAULT_IMAGE = "Python 3.12"
CLOSED = "No currently open rounds!"


def image_id(name: str) -> str:
    """The identifier of a runtime image."""
    return derived_uuid("docker image", name)


def data_version_id(name: str) -> str:
    """The identifier of a data version."""
    return derived_uuid("data version", name)


class Pickles:
    """The model uploads of the accounts.

    Args:
        host: the tournament.
        submit: makes a submission of a run's answer for (model, username, bytes, run); returns why it was rejected.
        limits: of each run.
    """

    def __init__(self, host: Host, submit: Submit, limits: Limits | None = None) -> None:
        self._host, self._submit = host, submit
        self.limits = limits or Limits()

    def create(
        self,
        session: Session,
        filename: str,
        model_id: str | None,
        tournament: int,
        data_version: str | None,
        docker_image: str | None,
        source: str | None,
    ) -> str:
        """Make a model upload of an uploaded file; it is neither assigned nor run. Returns its identifier.

        Raises:
            Refused: `scope-missing`, `model-not-found`, `upload-missing`, `pickle-not-supported`, `unknown-image`,
                `unknown-data-version`.
        """
        session.require("upload_submission")
        with self._host.lock:
            model = self._host.own_model(session, model_id, tournament)
            contest = self._host.contest(tournament)
            if contest.arena.ids_persist:
                raise Refused("pickle-not-supported", "Model uploads are not supported", "Submit predictions.")
            listed = contest.published.names(contest.rounds.current_number(self._host.now()))
            versions = {data_version_id(name): name for name in listed}
            images = {image_id(name): name for name in IMAGES}
            version = data_version or data_version_id(listed[0])
            image = docker_image or image_id(DEFAULT_IMAGE)
            if version not in versions:
                raise Refused("unknown-data-version", "Data version not found", "Ask computePickleDataVersions.")
            if image not in images:
                raise Refused("unknown-image", "Docker image not found", "Ask computePickleDockerImages.")
            identifier = self._host.identifier("pickle")
            facts = {
                "id": identifier,
                "filename": filename,
                "digest": self._host.uploaded(filename, model.id),
                "username": session.token.username,
                "tournament": tournament,
                "data_version": versions[version],
                "docker_image": images[image],
                "source": source,
            }
            self._host.change("pickle-created", facts)
            return identifier

    def own(self, session: Session, identifier: str) -> Pickle:
        """The caller's upload of that identifier.

        Raises:
            Refused: `pickle-not-found`.
        """
        found = self._host.records.pickles.all.get(identifier)
        if found is None or found.username != session.token.username:
            raise Refused("pickle-not-found", "Pickle not found", "Name one of the account's model uploads.")
        return found

    def label(self, session: Session, identifier: str, label: str) -> Pickle:
        """Name an upload."""
        with self._host.lock:
            pickle = self.own(session, identifier)
            self._host.change("pickle-labelled", {"id": pickle.id, "label": label})
            return pickle

    def assign(self, session: Session, model_id: str, identifier: str | None) -> None:
        """Let an upload play for a model from the next round on; None lets none play.

        Raises:
            Refused: `model-not-found`, `pickle-not-found`, `webhook-beside-pickle`.
        """
        session.require("upload_submission")
        with self._host.lock:
            model = self._host.own_model(session, model_id)
            if identifier is not None:
                pickle = self.own(session, identifier)
                if pickle.tournament != model.tournament:
                    raise Refused("pickle-not-found", "Pickle not found", "Assign an upload of the same tournament.")
                if model.webhook:
                    raise Refused(
                        "webhook-beside-pickle",
                        "A model with a webhook cannot have a model upload assigned.",
                        "Remove the webhook first.",
                    )
            self._host.change("pickle-assigned", {"id": identifier, "model": model.id})

    def trigger(self, session: Session, identifier: str, open_file: OpenFile, *, validation: bool) -> str:
        """Run an upload now: for the open round of its models, or only to see whether it works.

        Raises:
            Refused: `scope-missing`, `pickle-not-found`.
        """
        session.require("upload_submission")
        with self._host.lock:
            pickle = self.own(session, identifier)
            contest = self._host.contest(pickle.tournament)
            if validation or not pickle.model_ids:
                return self._run(pickle, contest, None, open_file, validation=validation)
            runs = [self._run(pickle, contest, one, open_file, validation=False) for one in list(pickle.model_ids)]
            return runs[0]

    def round_opened(self, contest: Contest, open_file: OpenFile) -> None:
        """Run every upload that plays for a model of a tournament whose round has just opened."""
        with self._host.lock:
            for pickle in list(self._host.records.pickles.all.values()):
                for model_id in [one for one in pickle.model_ids if pickle.tournament == contest.number]:
                    self._run(pickle, contest, model_id, open_file, validation=False)

    def assigned(self, contest: Contest) -> bool:
        """Whether any upload plays for a model of the tournament."""
        found = self._host.records.pickles.all.values()
        return any(one.model_ids and one.tournament == contest.number for one in found)

    def _run(
        self, pickle: Pickle, contest: Contest, model_id: str | None, open_file: OpenFile, *, validation: bool
    ) -> str:
        current = contest.rounds.open_at(self._host.now())
        identifier = self._host.identifier("run")
        number = None if current is None else current.number
        facts = {"id": identifier, "pickle": pickle.id, "model": model_id, "round": number, "validation": validation}
        self._host.change("pickle-triggered", facts)
        if current is None and not validation and model_id is not None:
            self._status(identifier, FAILED, CLOSED)
            return identifier
        self._status(identifier, "running")
        outcome = self._execute(pickle, contest, open_file)
        self._status(identifier, "validating", None, outcome.logs)
        self._conclude(identifier, pickle, model_id, outcome)
        return identifier

    def _conclude(self, run_id: str, pickle: Pickle, model_id: str | None, outcome: Outcome) -> None:
        status, description = outcome.status, outcome.description
        if status == SUCCESS and model_id is not None and outcome.answer is not None:
            rejected = self._submit(model_id, pickle.username, outcome.answer, run_id)
            if rejected is not None:
                status, description = FAILED, rejected
        if status != ERROR:
            validation = "validated" if status == SUCCESS else "invalid"
            self._host.change("pickle-validated", {"id": pickle.id, "validation": validation})
        self._status(run_id, status, description)

    def _execute(self, pickle: Pickle, contest: Contest, open_file: OpenFile) -> Outcome:
        if pickle.data_version not in contest.published.names(contest.rounds.current_number(self._host.now())):
            return Outcome(FAILED, f"Data version {pickle.data_version} is no longer available", ())
        names = contest.arena.files.live, contest.arena.files.live.replace("live.", "live_benchmark_models.")
        live, benchmarks = (open_file(name.format(version=pickle.data_version)) for name in names)
        if live is None:
            return Outcome(ERROR, "There is no live data", ())
        return run(self._host.objects.path(pickle.digest), live, benchmarks, self.limits)

    def _status(self, identifier: str, status: str, description: str | None = None, logs: tuple[str, ...] = ()) -> None:
        facts = {"id": identifier, "status": status, "description": description, "logs": list(logs)}
        self._host.change("pickle-status", facts)
