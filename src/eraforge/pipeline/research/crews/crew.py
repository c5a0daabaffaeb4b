"""Several workers on one search: this process proposes and counts, workers carry the tries out.

A try is proposed and written down before a worker gets it, so that one whose worker is killed is known with all its
settings, given up, and made again.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from eraforge.core.errors import DataError
from eraforge.core.ports import Progress
from eraforge.pipeline.daemon.workers import Limits, Worker
from eraforge.pipeline.research.experiment import Experiment
from eraforge.pipeline.research.search import Crew, carry_out, finished, lose, open_search, propose, trial_of
from eraforge.pipeline.research.space import Search
from eraforge.pipeline.tools import Tools
from eraforge.pipeline.verb import Visit

if TYPE_CHECKING:
    import optuna

UNLIMITED = Limits(math.inf, math.inf)
GONE = "stage-crashed"


@dataclass(frozen=True)
class Job:
    """One proposed try, as plain facts that any process can be given."""

    experiment: dict[str, Any]
    search: dict[str, Any]
    number: int
    at: datetime

    @property
    def label(self) -> str:
        """What progress and errors call it."""
        return f"try {self.number} of {self.experiment['name']}"


class Hand(Protocol):
    """A worker that carries out one try at a time."""

    def work(self, job: Job, progress: Progress) -> None:
        """Carry the try out and write its outcome into the study.

        Raises:
            DataError: `stage-crashed` when the worker is no more; EraforgeError: what the try raised.
        """
        ...

    def alive(self) -> bool:
        """Whether it can take another try."""
        ...

    def stop(self) -> None:
        """End it, and whatever it is doing."""
        ...


class ProcessHand:
    """A process of this machine."""

    def __init__(self, visit: Visit, at: datetime) -> None:
        self._worker = Worker(visit, at)

    def work(self, job: Job, progress: Progress) -> None:
        """See `Hand.work`."""
        given = job.experiment, job.search, job.number
        self._worker.send({"work": f"{take.__module__}:{take.__qualname__}", "inputs": given, "at": job.at})
        self._worker.answer(UNLIMITED, progress, job.label)

    def alive(self) -> bool:
        """See `Hand.alive`."""
        return self._worker.process.poll() is None

    def stop(self) -> None:
        """See `Hand.stop`."""
        self._worker.stop()


def processes(visit: Visit, workers: int) -> Crew:
    """A crew of so many processes on this machine."""

    def crew(tools: Tools, experiment: Experiment, search: Search, study: optuna.Study) -> None:
        keep_busy(tools, experiment, search, study, [lambda: ProcessHand(visit, tools.clock.now())] * workers)

    return crew


def keep_busy(
    tools: Tools,
    experiment: Experiment,
    search: Search,
    study: optuna.Study,
    places: list[Callable[[], Hand]],
) -> None:
    """Give every idle worker a try until none is missing; those under way count as made.

    Args:
        places: hires the worker of each place, at first and again when one was lost.

    Raises:
        EraforgeError: what a try raised that ends the search.
    """
    team: list[Hand | None] = [None] * len(places)
    idle, running = list(range(len(places))), dict[Future[None], tuple[int, int]]()
    facts = experiment.model_dump(), search.model_dump()
    with ThreadPoolExecutor(len(places)) as pool:
        try:
            while True:
                while idle and finished(study) + len(running) < search.tries:
                    place, trial = idle.pop(), propose(study, search)
                    team[place] = hand = _living(team[place], places[place])
                    job = Job(*facts, trial.number, tools.clock.now())
                    running[pool.submit(hand.work, job, tools.progress)] = place, trial.number
                tools.progress(f"{experiment.name}: tries", finished(study), search.tries)
                if not running:
                    return
                for done in wait(running, return_when=FIRST_COMPLETED).done:
                    place, number = running.pop(done)
                    idle.append(place)
                    _see(done, study, number)
        finally:
            for one in team:
                if one is not None:
                    one.stop()


def _living(hand: Hand | None, hire: Callable[[], Hand]) -> Hand:
    if hand is not None and not hand.alive():
        hand.stop()
        hand = None
    return hire() if hand is None else hand


def _see(done: Future[None], study: optuna.Study, number: int) -> None:
    error = done.exception()
    if error is None:
        return
    if not (isinstance(error, DataError) and error.code == GONE):
        raise error
    if not study.trials[number].state.is_finished():
        lose(study, number)


def take(tools: Tools, experiment: dict[str, Any], search: dict[str, Any], number: int) -> None:
    """Carry out one proposed try; runs in the worker's process.

    Raises:
        UserError: `objective-without-figure`.
    """
    asked, wanted = Experiment.model_validate(experiment), Search.model_validate(search)
    carry_out(tools, asked, wanted, trial_of(open_search(tools, asked, wanted).study, number))
