"""The contract of a model, as checks that each end in a readable sentence; any registered model can be checked.

A check gets a trial (a way to make the model, and what it learned once from the practice rows) and returns the sentence
the model earned; it raises `Broken` with the sentence of what it caught.
"""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np
import polars as pl

from eraforge.core import plugins
from eraforge.core.clock import monotonic
from eraforge.core.errors import Broken, EraforgeError
from eraforge.core.panel import ERA, ID, Panel, Target
from eraforge.core.ports import Composite, Fitted, Model
from eraforge.core.words import PREDICTION
from eraforge.evaluation.checks.practice import TARGET, panel_of, practice_panel, with_windows
from eraforge.evaluation.scores import corr

TOLERANCE = 1e-9
CHANCE = 4.0
"""A shuffled score counts as learned from nothing when it is this many standard errors away from zero."""
FAULTS = (
    ArithmeticError,
    AttributeError,
    LookupError,
    NotImplementedError,
    OSError,
    TypeError,
    ValueError,
    RuntimeError,
)

SECONDS = 120.0
"""Time one training on the practice rows and one prediction of them may take."""
MEBIBYTES = 1024
"""Memory they may take; the rows themselves are a fiftieth of a mebibyte."""

Make = Callable[[], Model]


@dataclass(frozen=True, slots=True)
class Run:
    """One watched training and prediction: what came of it, what it took, and the rows before and after as text."""

    fitted: Fitted
    seconds: float
    mebibytes: float
    before: str
    after: str


class Trial:
    """A model on trial: new ones by `make`, and what two of them learned from the practice rows, trained once each."""

    def __init__(self, make: Make) -> None:
        self.make = make

    @cached_property
    def fitted(self) -> Fitted:
        """A model trained on the practice rows."""
        return self.make().fit(practised())

    @cached_property
    def again(self) -> Run:
        """Another one trained on the same rows, watched."""
        self.fitted  # noqa: B018 - libraries that are imported on first use are no memory of the training
        panel = practised()
        before = panel.collect().write_csv()  # a copy of every value: a clone of the frame would share their memory
        peak, started = _peak_mebibytes(), monotonic()
        tracemalloc.start()
        try:
            fitted = self.make().fit(panel)
            fitted.predict(panel)
            arrays = tracemalloc.get_traced_memory()[1] / 2**20
        finally:
            tracemalloc.stop()
        seconds = monotonic() - started
        return Run(fitted, seconds, max(arrays, _peak_mebibytes() - peak), before, panel.collect().write_csv())


class Check(Protocol):
    """One clause of the contract."""

    __name__: str

    def __call__(self, trial: Trial) -> str:
        """The sentence the model earned; raises Broken with what it did instead."""
        ...


@dataclass(frozen=True, slots=True)
class CheckResult:
    """How one check of one model ended."""

    check: str
    passed: bool
    sentence: str

    def as_dict(self) -> dict[str, Any]:
        """JSON-able form."""
        return {"check": self.check, "passed": self.passed, "sentence": self.sentence}


def check_model(name: str, settings: Mapping[str, Any] | None = None) -> tuple[CheckResult, ...]:
    """Every check of the contract for a registered model with these settings.

    Raises:
        UserError: `unknown-plugin`, `plugin-does-not-load`.
    """
    learner = plugins.find("model", name)
    return check_made(lambda: learner(**(settings or {})))


def check_made(make: Make) -> tuple[CheckResult, ...]:
    """Every check of the contract for the models that `make` gives."""
    trial = Trial(make)
    return tuple(_run(check, trial) for check in CHECKS)


def _run(check: Check, trial: Trial) -> CheckResult:
    name = check.__name__.replace("_", " ")
    try:
        return CheckResult(name, True, check(trial))
    except EraforgeError as error:
        return CheckResult(name, False, error.sentence)
    except FAULTS as error:
        return CheckResult(name, False, f"It raised {type(error).__name__}: {error}")


def practised(seed: int = 7) -> Panel:
    """The practice rows of the contract: planted features, and others named as windows of three lags."""
    return with_windows(practice_panel(seed))


def answers_in_shape(trial: Trial) -> str:
    """`predict` gives era, id and a finite float64 prediction for every row, in the panel's order."""
    panel = practised()
    answer = trial.fitted.predict(panel)
    keys = panel.frame.select(ERA, ID).collect()
    _hold(answer.columns == [ERA, ID, PREDICTION], f"It answers with columns {answer.columns}.")
    _hold(answer[PREDICTION].dtype == pl.Float64, f"Its predictions are {answer[PREDICTION].dtype}, not Float64.")
    _hold(answer.select(ERA, ID).equals(keys), "Its rows are not the panel's rows in the panel's order.")
    _hold(bool(answer[PREDICTION].is_finite().all()), "Some of its predictions are not finite numbers.")
    return f"It gives one finite prediction for each of {answer.height} rows, in their order."


def same_inputs_same_bytes(trial: Trial) -> str:
    """Two trainings on equal panels save equal bytes."""
    first, second = trial.fitted.save(), trial.again.fitted.save()
    _hold(first == second, "Two trainings on the same rows saved different bytes.")
    return f"Two trainings on the same rows saved the same {len(first)} bytes."


def saved_and_loaded_predicts_the_same(trial: Trial) -> str:
    """A loaded model predicts and saves as the one that was saved."""
    panel = practised()
    fitted = trial.fitted
    data = fitted.save()
    _hold(isinstance(data, bytes), f"save() gave {type(data).__name__}, not bytes.")
    loaded = trial.make().load(data)
    _hold(loaded.predict(panel).equals(fitted.predict(panel)), "The loaded model predicts something else.")
    _hold(loaded.save() == data, "The loaded model saves other bytes than it was loaded from.")
    return "A loaded model predicts and saves exactly as the one that was saved."


def leaves_its_inputs_alone(trial: Trial) -> str:
    """Neither `fit` nor `predict` changes the rows it is given."""
    _hold(trial.again.after == trial.again.before, "The panel's rows are not what they were before training.")
    return "Training and predicting leave the panel as it was."


def stays_within_time_and_memory(trial: Trial) -> str:
    """Training on the practice rows and predicting them takes no more than its share of time and memory."""
    run = trial.again
    _hold(run.seconds <= SECONDS, f"It took {run.seconds:.0f} s for rows that may take {SECONDS:.0f} s.")
    _hold(run.mebibytes <= MEBIBYTES, f"It took {run.mebibytes:.0f} MiB for rows that may take {MEBIBYTES} MiB.")
    return f"It trains and predicts well within {SECONDS:.0f} s and {MEBIBYTES} MiB."


def does_not_care_about_row_order(trial: Trial) -> str:
    """Predicting the rows of each era in another order gives the same prediction for each id."""
    panel = practised()
    turned = _with_frame(panel, panel.collect().sort([ERA, ID], descending=[False, True]))
    straight, reverse = trial.fitted.predict(panel).sort([ERA, ID]), trial.fitted.predict(turned).sort([ERA, ID])
    _hold(_close(straight, reverse), "The prediction of an id depends on the order of the rows.")
    return "Each id gets the same prediction in whatever order the rows come."


def ignores_columns_it_never_saw(trial: Trial) -> str:
    """More features, and features in another order, change no prediction."""
    panel = practised()
    frame = panel.collect().with_columns(pl.lit(4, dtype=pl.Int8).alias("feature_unseen"))
    features = (*reversed(panel.features), "feature_unseen")
    wider = Panel(frame.lazy(), features, panel.targets, panel.moments, panel.sample, panel.synthetic)
    same = _close(trial.fitted.predict(panel), trial.fitted.predict(wider))
    _hold(same, "Columns it never saw, or the order of the columns, change its predictions.")
    return "Columns it never saw and the order of the columns change nothing."


def predicts_one_era_as_among_many(trial: Trial) -> str:
    """An era predicted alone, as a live one is, gets the predictions it gets among others."""
    panel = practised()
    last = panel.eras[-1]
    alone = trial.fitted.predict(panel.where_eras([last]).select(targets=()))
    among = trial.fitted.predict(panel).filter(pl.col(ERA) == last)
    _hold(_close(alone, among), "An era predicted alone gets other predictions than among other eras.")
    return "An era predicted alone, without a target, gets the predictions it gets among others."


def trains_on_one_era_or_says_why_not(trial: Trial) -> str:
    """One era of rows is learned from, or refused with an error that says what is missing."""
    panel = practised()
    trial.fitted  # noqa: B018 - a model that cannot be trained at all refuses nothing
    try:
        answer = trial.make().fit(panel.where_eras(panel.eras[:1])).predict(panel)
    except EraforgeError as error:
        return f"It refuses to learn from one era, and says so: {error.sentence}"
    _hold(bool(answer[PREDICTION].is_finite().all()), "Trained on one era, some of its predictions are not numbers.")
    return "It learns from a single era."


def copes_with_missing_values_or_refuses_them(trial: Trial) -> str:
    """Missing feature values end in finite predictions, or in an error that says what to do."""
    panel = practised()
    trial.fitted  # noqa: B018 - a model that cannot be trained at all refuses nothing
    hole = pl.when(pl.int_range(pl.len()) % 7 == 0).then(None).otherwise(pl.col(panel.features[0]))
    holed = _with_frame(panel, panel.collect().with_columns(hole.alias(panel.features[0])))
    try:
        answer = trial.make().fit(holed).predict(holed)
    except EraforgeError as error:
        return f"It refuses missing values, and says so: {error.sentence}"
    _hold(bool(answer[PREDICTION].is_finite().all()), "Missing values make some of its predictions no numbers.")
    return "It learns from rows with missing values and predicts them."


def ignores_unlabelled_rows(trial: Trial) -> str:
    """Eras whose target is unknown have no part in the training; rows without one in a labelled era stop nothing.

    A blend may rank such rows among the others of their era, so that there the model need not be the same.
    """
    panel = practised()
    known = panel.eras[:-6]
    target = pl.when(pl.col(ERA).is_in(known)).then(pl.col(TARGET)).alias(TARGET)
    masked = _with_frame(panel, panel.collect().with_columns(target))
    short = panel.where_eras(known)
    _hold(
        _close(trial.make().fit(masked).predict(panel), trial.make().fit(short).predict(panel)),
        "Rows without a known target changed what it learned.",
    )
    gone = pl.when(pl.int_range(pl.len()).over(ERA) % 10 > 0).then(pl.col(TARGET)).alias(TARGET)
    answer = trial.make().fit(_with_frame(panel, panel.collect().with_columns(gone))).predict(panel)
    _hold(bool(answer[PREDICTION].is_finite().all()), "Rows without a label in a labelled era left it no numbers.")
    return "Rows without a known target have no part in its training."


def refuses_missing_columns(trial: Trial) -> str:
    """Predicting a panel that lacks a feature is refused with an error that names it."""
    panel = practised()
    gone = panel.features[0]
    try:
        trial.fitted.predict(panel.select(features=panel.features[1:]))
    except EraforgeError as error:
        _hold(gone in error.sentence, f"It refuses a missing column without naming it: {error.sentence}")
        return f"It refuses a panel without {gone!r}, and says so."
    raise Broken("model-contract", f"It predicts although {gone!r} is missing.", "Check the columns before predicting.")


def learns_a_planted_signal(trial: Trial) -> str:
    """Trained on rows with a strong signal, it finds it in rows it has not seen."""
    unseen = practised(seed=2)
    mean, error = _corr(trial.fitted.predict(unseen.select(targets=())), unseen)
    _hold(mean > CHANCE * error, f"It missed a strong signal: mean CORR {mean:.3f}, standard error {error:.3f}.")
    return f"It finds a strong planted signal in unseen rows: mean CORR {mean:.3f}, standard error {error:.3f}."


def learns_nothing_from_noise(trial: Trial) -> str:
    """Trained on shuffled labels, it finds nothing in new rows, although those still carry theirs."""
    unseen = _shuffled(practised(seed=2))
    mean, error = _corr(trial.make().fit(_shuffled(practised(seed=1))).predict(unseen), unseen)
    _hold(
        abs(mean) < CHANCE * error, f"It scores on shuffled labels: mean CORR {mean:.3f}, standard error {error:.3f}."
    )
    return (
        f"It finds nothing in shuffled labels, not even beside them: mean CORR {mean:.3f}, standard error {error:.3f}."
    )


def combines_its_parts(trial: Trial) -> str:
    """A composite fitted whole equals the combination of its parts fitted one by one."""
    model = trial.make()
    if not isinstance(model, Composite):
        return "It is not made of other models; there is nothing to combine."
    panel = practised()
    parts = {name: part.fit(panel) for name, part in model.parts().items()}
    whole, combined = trial.fitted.predict(panel), model.combine(parts).predict(panel)
    _hold(whole.equals(combined), "Fitted whole it predicts other than combined from its fitted parts.")
    return f"Fitted whole it equals the combination of its {len(parts)} parts."


CHECKS: tuple[Check, ...] = (
    answers_in_shape,
    same_inputs_same_bytes,
    saved_and_loaded_predicts_the_same,
    leaves_its_inputs_alone,
    stays_within_time_and_memory,
    does_not_care_about_row_order,
    ignores_columns_it_never_saw,
    predicts_one_era_as_among_many,
    trains_on_one_era_or_says_why_not,
    copes_with_missing_values_or_refuses_them,
    ignores_unlabelled_rows,
    refuses_missing_columns,
    learns_a_planted_signal,
    learns_nothing_from_noise,
    combines_its_parts,
)


def _hold(condition: bool, sentence: str) -> None:
    if not condition:
        raise Broken("model-contract", sentence, "Mend the model; see its contract in eraforge.core.ports.")


def _peak_mebibytes() -> float:
    """Peak resident memory of this process, which the kernel keeps (in KiB on Linux)."""
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _close(one: pl.DataFrame, other: pl.DataFrame) -> bool:
    same = one.select(ERA, ID).equals(other.select(ERA, ID))
    return same and bool(np.allclose(one[PREDICTION], other[PREDICTION], rtol=TOLERANCE, atol=TOLERANCE))


def _with_frame(panel: Panel, frame: pl.DataFrame) -> Panel:
    return Panel(frame.lazy(), panel.features, panel.targets, panel.moments, panel.sample, panel.synthetic)


def _shuffled(panel: Panel) -> Panel:
    """The same rows with labels dealt anew within each era."""
    frame = panel.collect()
    rng = np.random.default_rng(11)
    eras = len(panel.eras)
    truth = np.concatenate([rng.permutation(part) for part in np.split(frame[TARGET].to_numpy(), eras)])
    keys = {ERA: frame[ERA].to_list(), ID: frame[ID].to_list()}
    target = Target(TARGET, panel.target.horizon, purge=panel.target.purge)
    matrix = frame.select(panel.features).to_numpy()
    return with_windows(panel_of(keys, matrix, truth, list(panel.eras), target, panel.synthetic))


def _corr(predictions: pl.DataFrame, panel: Panel) -> tuple[float, float]:
    """Mean CORR over the eras of a panel, and its standard error (the labels of a practice panel do not overlap)."""
    rows = predictions.with_columns(panel.collect()[TARGET])
    scores = [
        float(corr(era[PREDICTION].to_numpy(), era[TARGET].to_numpy())[0])
        for era in rows.partition_by(ERA, maintain_order=True)
    ]
    values = np.nan_to_num(np.array(scores))
    return float(values.mean()), float(values.std(ddof=1) / np.sqrt(len(values)))
