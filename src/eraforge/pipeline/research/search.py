"""Search: many tries of one experiment, each recorded as an experiment of its own, so that luck can be counted.

Optuna proposes (TPE) and remembers in the workspace; a search that was stopped goes on where it stood. With one
objective, a try whose first folds are worse than those of half the tries before it is given up.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eraforge.core.digest import digest_value
from eraforge.core.errors import EraforgeError, UserError
from eraforge.core.words import PayoutPolicy
from eraforge.pipeline.research.experiment import Experiment, read_experiment_tree
from eraforge.pipeline.research.run import run_experiment
from eraforge.pipeline.research.space import Search, tried, worth
from eraforge.pipeline.steps.live_history import policy_of
from eraforge.pipeline.tools import Tools
from eraforge.store.atomic import only_one

if TYPE_CHECKING:
    import optuna

FILE = "searches.sqlite"
WARM = 5  # tries before anything is given up
ATTEMPTS = 2  # workers that may be lost on one try before it has failed
LOST, ATTEMPT = "lost", "attempt"
Crew = Callable[[Tools, Experiment, Search, "optuna.Study"], None]


class GivenUp(Exception):
    """A try whose first folds promise too little; how far it came is in the study."""


@dataclass(frozen=True)
class Searched:
    """A search as it stands.

    Args:
        study: optuna's study.
        name: the study's name: digest of the experiment and its search, apart from the number of tries.
    """

    study: optuna.Study
    name: str


def read_search(path: Path) -> tuple[Experiment, Search]:
    """An experiment with its `[search]` table.

    Raises:
        UserError: `experiment-unreadable`, `experiment-wrong`.
    """
    from pydantic import ValidationError

    experiment, rest = read_experiment_tree(path)
    try:
        return experiment, Search.model_validate(rest.get("search", {}))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        key = ".".join(map(str, ("search", *first["loc"])))
        raise UserError(
            "experiment-wrong", f"{path}: {key}: {first['msg']}.", "See docs/search.md for the keys."
        ) from None


def open_search(tools: Tools, experiment: Experiment, search: Search) -> Searched:
    """The study of this search in the workspace: a new one, or the one that was begun."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    name = digest_value(experiment.model_dump(), search.model_dump(exclude={"tries"}))
    study = optuna.create_study(
        storage=f"sqlite:///{tools.folder / FILE}",
        study_name=name,
        directions=["maximize"] * len(search.objectives),
        load_if_exists=True,
        pruner=optuna.pruners.MedianPruner(n_startup_trials=WARM),
    )
    # Taken up again, the sampler must not propose what it proposed before.
    study.sampler = optuna.samplers.TPESampler(
        seed=search.seed + len(study.trials), multivariate=True, constant_liar=True
    )
    return Searched(study, name)


def finished(study: optuna.Study) -> int:
    """Tries that came to an end: complete, given up or failed; not those whose worker was lost and that come again."""
    return sum(trial.state.is_finished() and not trial.user_attrs.get(LOST) for trial in study.trials)


def run_search(tools: Tools, experiment: Experiment, search: Search, crew: Crew | None = None) -> Searched:
    """Make the tries that are still missing. Two searches of one name take turns.

    Args:
        crew: who carries the tries out; without one, this process does, one after the other.

    Raises:
        UserError: `objective-without-figure`, and what is wrong with the entry before anything is changed.
    """
    found = open_search(tools, experiment, search)
    with only_one(tools.folder / f"search-{found.name[:16]}"):
        for trial in found.study.get_trials(states=[_state("RUNNING")]):
            lose(found.study, trial.number)  # whoever made it is no more
        if crew is not None:
            crew(tools, experiment, search, found.study)
        while finished(found.study) < search.tries:
            tools.progress(f"{experiment.name}: tries", finished(found.study), search.tries)
            carry_out(tools, experiment, search, propose(found.study, search))
    tools.progress(f"{experiment.name}: tries", search.tries, search.tries)
    return found


def propose(study: optuna.Study, search: Search) -> optuna.Trial:
    """The next try, its settings chosen; one that was lost comes first."""
    trial = study.ask()
    for key, where in search.space.items():
        where.suggest(trial, key)
    return trial


def lose(study: optuna.Study, number: int) -> None:
    """Give up a try whose worker is gone, and let it come again; after `ATTEMPTS` it has failed for good."""
    trial = study.trials[number]
    attempt = int(trial.user_attrs.get(ATTEMPT, 1))
    again = attempt < ATTEMPTS and len(trial.params) > 0
    writer = trial_of(study, number)
    writer.set_user_attr("error", f"its worker ended in the middle of it ({attempt} of {ATTEMPTS} attempts)")
    writer.set_user_attr(LOST, again or not trial.params)
    study.tell(number, state=_state("FAIL"))
    if again:
        study.enqueue_trial(trial.params, user_attrs={ATTEMPT: attempt + 1})


def trial_of(study: optuna.Study, number: int) -> optuna.Trial:
    """A try of the study by its number, to be reported on."""
    import optuna

    return optuna.trial.Trial(study, study.trials[number]._trial_id)


def carry_out(tools: Tools, experiment: Experiment, search: Search, trial: optuna.Trial) -> None:
    """Run a proposed try and write its outcome into the study.

    Raises:
        UserError: `objective-without-figure`.
    """
    study, sums = trial.study, [0.0, 0]

    def watch(fold: int, scores: Mapping[str, float | None]) -> None:
        known = [value for value in scores.values() if value is not None]
        sums[0], sums[1] = sums[0] + sum(known), sums[1] + len(known)
        trial.report(sums[0] / max(sums[1], 1), fold)
        if trial.should_prune():
            raise GivenUp

    prune = search.prune and len(search.objectives) == 1
    try:
        record = run_experiment(tools, tried(experiment, trial.number, trial.params), watch if prune else None)
        trial.set_user_attr("experiment", record.id)
        report = tools.cache.read_json(record.facts["report"])
        study.tell(trial, worth(report, search.objectives, _policy(tools, experiment)))
    except GivenUp:
        study.tell(trial, state=_state("PRUNED"))
    except EraforgeError as error:
        # One combination that cannot be trained ends its own try only, and is told in the table.
        trial.set_user_attr("error", error.sentence)
        study.tell(trial, state=_state("FAIL"))
        if error.code == "objective-without-figure":
            raise


def _policy(tools: Tools, experiment: Experiment) -> PayoutPolicy:
    entry = experiment.as_entry()
    arena = tools.arena(entry)
    return policy_of(arena, tools.reader(entry).current_round(arena))


def _state(name: str) -> Any:
    from optuna.trial import TrialState

    return TrialState[name]
