"""A crew on a Ray cluster: every worker is an actor, spread over the machines; one that dies is replaced.

All machines see the workspace under the same path.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from eraforge.core.clock import RunningClock
from eraforge.core.errors import SEVEN, DataError, EraforgeError, UserError
from eraforge.core.ports import Progress
from eraforge.pipeline.daemon.workers import without_secrets
from eraforge.pipeline.research.crews.crew import Hand, Job, keep_busy, take
from eraforge.pipeline.research.experiment import Experiment
from eraforge.pipeline.research.search import Crew
from eraforge.pipeline.research.space import Search
from eraforge.pipeline.tools import Tools
from eraforge.pipeline.verb import Visit
from eraforge.pipeline.workspace import open_workspace

if TYPE_CHECKING:
    import optuna

ADDRESS = "RAY_ADDRESS"
CONNECT_SECONDS = 10.0


def cluster(visit: Visit, workers: int) -> Crew:
    """A crew of so many actors on the cluster that `RAY_ADDRESS` names; without it on one started here.

    Raises:
        UserError: `extra-missing`, `no-such-cluster`.
    """
    ray = _ray()

    def crew(tools: Tools, experiment: Experiment, search: Search, study: optuna.Study) -> None:
        address = visit.environment.get(ADDRESS)
        try:
            if address:
                _knock(address)
            ray.init(address=address or None, include_dashboard=None if address else False, log_to_driver=False)
        except (OSError, ValueError) as error:
            raise UserError(
                "no-such-cluster", f"There is no Ray cluster at {address}.", f"Start it, or correct {ADDRESS}."
            ) from error
        try:
            kept = without_secrets(visit.environment)
            told = str(visit.folder.resolve()), kept, dict(visit.flags)
            hire: Callable[[], Hand] = lambda: ActorHand(ray, told)  # noqa: E731  one per place
            keep_busy(tools, experiment, search, study, [hire] * workers)
        finally:
            ray.shutdown()

    return crew


class ActorHand:
    """One actor of the cluster."""

    def __init__(self, ray: Any, workspace: tuple[str, dict[str, str], dict[str, Any]]) -> None:
        self._ray = ray
        self._actor = ray.remote(num_cpus=1, max_restarts=0, scheduling_strategy="SPREAD")(Actor).remote(*workspace)
        self._gone = False

    def work(self, job: Job, progress: Progress) -> None:
        """See `Hand.work`."""
        try:
            told = self._ray.get(self._actor.work.remote(job))
        except self._ray.exceptions.RayActorError as error:
            self._gone = True
            raise DataError("stage-crashed", f"{job.label} lost its worker.", "It is made again.") from error
        if told is not None:
            kind = {one.__name__: one for one in SEVEN}[told["kind"]]
            raise kind(told["code"], told["sentence"], told["next_step"])

    def alive(self) -> bool:
        """See `Hand.alive`."""
        return not self._gone

    def stop(self) -> None:
        """See `Hand.stop`."""
        self._ray.kill(self._actor)


class Actor:
    """What runs on a machine of the cluster.

    Args:
        folder: the workspace, under the same path on every machine.
        environment, flags: as the visitor's, without secrets.
    """

    def __init__(self, folder: str, environment: dict[str, str], flags: dict[str, Any]) -> None:
        self._visit = Visit(Path(folder), environment, flags)

    def work(self, job: Job) -> dict[str, Any] | None:
        """Carry out a try; the error it ended with as plain facts, or None."""
        try:
            with open_workspace(self._visit, clock=RunningClock(job.at)) as tools:
                take(tools, job.experiment, job.search, job.number)
        except EraforgeError as error:
            return error.as_dict()
        return None


def _knock(address: str) -> None:
    """Whether anything listens there at all: Ray itself would go on trying for many minutes.

    Raises:
        OSError: nothing does. ValueError: it is no address.
    """
    place = urlsplit(address if "://" in address else f"ray://{address}")
    if place.port is not None:
        with socket.create_connection((place.hostname or "", place.port), CONNECT_SECONDS):
            pass


def _ray() -> Any:
    try:
        import ray
        import ray.exceptions
    except ImportError as error:
        raise UserError(
            "extra-missing", "A search on a cluster needs Ray.", "Install it: pip install 'eraforge[ray]'."
        ) from error
    return ray
