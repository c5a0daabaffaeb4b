"""The contract of a model, as checks that each end in a readable sentence; any registered model can be checked.

A check gets a way to make the model (so that it can start from a fresh one) and returns the sentence it earned; it
raises `Broken` with the sentence of what it caught.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import polars as pl

from eraforge.core import plugins
from eraforge.core.errors import Broken, EraforgeError
from eraforge.core.panel import ERA, ID, Panel, Target
from eraforge.core.ports import Composite, Model
from eraforge.core.words import PREDICTION
from eraforge.evaluation.checks.practice import TARGET, panel_of, practice_panel
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

Make = Callable[[], Model]


class Check(Protocol):
    """One clause of the contract."""

    __name__: str

    def __call__(self, make: Make) -> str:
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
    return tuple(_run(check, make) for check in CHECKS)


def _run(check: Check, make: Make) -> CheckResult:
    name = check.__name__.replace("_", " ")
    try:
        return CheckResult(name, True, check(make))
    except EraforgeError as error:
        return CheckResult(name, False, error.sentence)
    except FAULTS as error:
        return CheckResult(name, False, f"It raised {type(error).__name__}: {error}")


def answers_in_shape(make: Make) -> str:
    """`predict` gives era, id and a finite float64 prediction for every row, in the panel's order."""
    panel = practice_panel()
    answer = make().fit(panel).predict(panel)
    keys = panel.frame.select(ERA, ID).collect()
    _hold(answer.columns == [ERA, ID, PREDICTION], f"It answers with columns {answer.columns}.")
    _hold(answer[PREDICTION].dtype == pl.Float64, f"Its predictions are {answer[PREDICTION].dtype}, not Float64.")
    _hold(answer.select(ERA, ID).equals(keys), "Its rows are not the panel's rows in the panel's order.")
    _hold(bool(answer[PREDICTION].is_finite().all()), "Some of its predictions are not finite numbers.")
    return f"It gives one finite prediction for each of {answer.height} rows, in their order."


def same_inputs_same_bytes(make: Make) -> str:
    """Two trainings on equal panels save equal bytes."""
    first, second = (make().fit(practice_panel()).save() for _ in range(2))
    _hold(first == second, "Two trainings on the same rows saved different bytes.")
    return f"Two trainings on the same rows saved the same {len(first)} bytes."


def saved_and_loaded_predicts_the_same(make: Make) -> str:
    """A loaded model predicts and saves as the one that was saved."""
    panel = practice_panel()
    fitted = make().fit(panel)
    data = fitted.save()
    _hold(isinstance(data, bytes), f"save() gave {type(data).__name__}, not bytes.")
    loaded = make().load(data)
    _hold(loaded.predict(panel).equals(fitted.predict(panel)), "The loaded model predicts something else.")
    _hold(loaded.save() == data, "The loaded model saves other bytes than it was loaded from.")
    return "A loaded model predicts and saves exactly as the one that was saved."


def leaves_its_inputs_alone(make: Make) -> str:
    """Neither `fit` nor `predict` changes the rows it is given."""
    panel = practice_panel()
    before = panel.collect().write_csv()  # a copy of every value: a clone of the frame would share their memory
    make().fit(panel).predict(panel)
    _hold(panel.collect().write_csv() == before, "The panel's rows are not what they were before training.")
    return "Training and predicting leave the panel as it was."


def does_not_care_about_row_order(make: Make) -> str:
    """Predicting the rows of each era in another order gives the same prediction for each id."""
    panel = practice_panel()
    fitted = make().fit(panel)
    turned = _with_frame(panel, panel.collect().sort([ERA, ID], descending=[False, True]))
    straight, reverse = fitted.predict(panel).sort([ERA, ID]), fitted.predict(turned).sort([ERA, ID])
    _hold(_close(straight, reverse), "The prediction of an id depends on the order of the rows.")
    return "Each id gets the same prediction in whatever order the rows come."


def predicts_one_era_as_among_many(make: Make) -> str:
    """An era predicted alone, as a live one is, gets the predictions it gets among others."""
    panel = practice_panel()
    fitted = make().fit(panel)
    last = panel.eras[-1]
    alone = fitted.predict(panel.where_eras([last]).select(targets=()))
    among = fitted.predict(panel).filter(pl.col(ERA) == last)
    _hold(_close(alone, among), "An era predicted alone gets other predictions than among other eras.")
    return "An era predicted alone, without a target, gets the predictions it gets among others."


def ignores_unlabelled_rows(make: Make) -> str:
    """Rows whose target is unknown have no part in the training."""
    panel = practice_panel()
    known = panel.eras[:-6]
    target = pl.when(pl.col(ERA).is_in(known)).then(pl.col(TARGET)).alias(TARGET)
    masked = _with_frame(panel, panel.collect().with_columns(target))
    short = panel.where_eras(known)
    _hold(
        _close(make().fit(masked).predict(panel), make().fit(short).predict(panel)),
        "Rows without a known target changed what it learned.",
    )
    return "Rows without a known target have no part in its training."


def refuses_missing_columns(make: Make) -> str:
    """Predicting a panel that lacks a feature is refused with an error that names it."""
    panel = practice_panel()
    fitted = make().fit(panel)
    gone = panel.features[0]
    try:
        fitted.predict(panel.select(features=panel.features[1:]))
    except EraforgeError as error:
        _hold(gone in error.sentence, f"It refuses a missing column without naming it: {error.sentence}")
        return f"It refuses a panel without {gone!r}, and says so."
    raise Broken("model-contract", f"It predicts although {gone!r} is missing.", "Check the columns before predicting.")


def learns_a_planted_signal(make: Make) -> str:
    """Trained on rows with a strong signal, it finds it in rows it has not seen."""
    unseen = practice_panel(seed=2)
    predictions = make().fit(practice_panel(seed=1)).predict(unseen.select(targets=()))
    mean, error = _corr(predictions, unseen)
    _hold(mean > CHANCE * error, f"It missed a strong signal: mean CORR {mean:.3f}, standard error {error:.3f}.")
    return f"It finds a strong planted signal in unseen rows: mean CORR {mean:.3f}, standard error {error:.3f}."


def learns_nothing_from_noise(make: Make) -> str:
    """Trained on shuffled labels, it finds nothing in new rows, although those still carry theirs."""
    unseen = _shuffled(practice_panel(seed=2))
    mean, error = _corr(make().fit(_shuffled(practice_panel(seed=1))).predict(unseen), unseen)
    _hold(
        abs(mean) < CHANCE * error, f"It scores on shuffled labels: mean CORR {mean:.3f}, standard error {error:.3f}."
    )
    return (
        f"It finds nothing in shuffled labels, not even beside them: mean CORR {mean:.3f}, standard error {error:.3f}."
    )


def combines_its_parts(make: Make) -> str:
    """A composite fitted whole equals the combination of its parts fitted one by one."""
    model = make()
    if not isinstance(model, Composite):
        return "It is not made of other models; there is nothing to combine."
    panel = practice_panel()
    parts = {name: part.fit(panel) for name, part in model.parts().items()}
    whole, combined = model.fit(panel).predict(panel), model.combine(parts).predict(panel)
    _hold(whole.equals(combined), "Fitted whole it predicts other than combined from its fitted parts.")
    return f"Fitted whole it equals the combination of its {len(parts)} parts."


CHECKS: tuple[Check, ...] = (
    answers_in_shape,
    same_inputs_same_bytes,
    saved_and_loaded_predicts_the_same,
    leaves_its_inputs_alone,
    does_not_care_about_row_order,
    predicts_one_era_as_among_many,
    ignores_unlabelled_rows,
    refuses_missing_columns,
    learns_a_planted_signal,
    learns_nothing_from_noise,
    combines_its_parts,
)


def _hold(condition: bool, sentence: str) -> None:
    if not condition:
        raise Broken("model-contract", sentence, "Mend the model; see its contract in eraforge.core.ports.")


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
    return panel_of(keys, frame.select(panel.features).to_numpy(), truth, list(panel.eras), target, panel.synthetic)


def _corr(predictions: pl.DataFrame, panel: Panel) -> tuple[float, float]:
    """Mean CORR over the eras of a panel, and its standard error (the labels of a practice panel do not overlap)."""
    rows = predictions.with_columns(panel.collect()[TARGET])
    scores = [
        float(corr(era[PREDICTION].to_numpy(), era[TARGET].to_numpy())[0])
        for era in rows.partition_by(ERA, maintain_order=True)
    ]
    values = np.nan_to_num(np.array(scores))
    return float(values.mean()), float(values.std(ddof=1) / np.sqrt(len(values)))
