"""What the laboratory examines: anything that maps the past to values, behind one small protocol."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import polars as pl

from eraforge.core.errors import DataError
from eraforge.core.panel import Panel
from eraforge.core.ports import Feature, Model, Splitter
from eraforge.evaluation.leaks.answers import Answer, of_array, of_decisions, of_frame
from eraforge.evaluation.leaks.bar_history import BarHistory
from eraforge.evaluation.leaks.panel_history import PanelHistory
from eraforge.evaluation.report import evaluate
from eraforge.features.feature import Family

Transform = Callable[[Panel], Any]
"""Panel -> panel, or frame with `era`, `id` and values."""
Decision = Callable[[Panel, str], Any]
"""(panel, era) -> what is decided when that era begins: column names, settings, weights, parameters of a scaler."""


class History(Protocol):
    """What is known over time."""

    @property
    def moments(self) -> tuple[str, ...]: ...

    @property
    def told(self) -> str: ...

    def until(self, place: int) -> History: ...

    def scrambled(self, place: int, how: str, generator: np.random.Generator) -> History: ...

    def backwards(self) -> History: ...


class Subject(Protocol):
    """Anything that maps a history to values.

    `lookback` is how many moments decide a value (None: not declared), `truncatable` whether a shorter history must
    give the same values (a pipeline cuts its folds by the length of what it is given).
    """

    @property
    def name(self) -> str: ...

    @property
    def kind(self) -> str: ...

    @property
    def lookback(self) -> int | None: ...

    @property
    def truncatable(self) -> bool: ...

    def answer(self, history: Any, places: Sequence[int]) -> Answer:
        """Its values; a subject that decides per moment does so at `places` alone."""
        ...


class Label(Protocol):
    """A column of the future by its type: known `lag + horizon` bars after its own."""

    @property
    def name(self) -> str: ...

    @property
    def horizon(self) -> int: ...

    @property
    def lag(self) -> int: ...

    def compute(self, bars: Any) -> np.ndarray: ...


@dataclass(frozen=True)
class FeatureSubject:
    """A declared feature on bars."""

    feature: Feature
    kind: str = "feature"
    truncatable: bool = True

    @property
    def name(self) -> str:
        """The feature's own."""
        return self.feature.name

    @property
    def lookback(self) -> int | None:
        """Bars that decide a value, those it is held back by included."""
        return self.feature.lookback + self.feature.lag

    def answer(self, history: BarHistory, places: Sequence[int]) -> Answer:
        """One value per symbol and moment."""
        bars = history.bars
        return of_array(self.feature.compute(bars), bars.symbols, len(bars.times), self.name)


@dataclass(frozen=True)
class FamilySubject:
    """All features of a registered family at once, each a column of its own; those these bars can feed."""

    family: Family
    kind: str = "feature"
    lookback: int | None = None
    truncatable: bool = True

    @property
    def name(self) -> str:
        """The family's own."""
        return self.family.name

    @property
    def reach(self) -> int:
        """Bars that decide a value of its slowest feature."""
        return max(feature.lookback + feature.lag for feature in self.family.features)

    def answer(self, history: BarHistory, places: Sequence[int]) -> Answer:
        """One value per feature, symbol and moment."""
        from eraforge.features.catalogue import fed
        from eraforge.features.engine import compute

        bars = history.bars
        chosen = [feature for feature in self.family.features if fed(feature, bars)]
        values = compute(chosen, bars, dtype=np.float64).values
        first = of_array(np.zeros(values.shape[1:]), bars.symbols, len(bars.times), "", 0)
        return Answer(first.place, first.row, {one.name: values[at].ravel() for at, one in enumerate(chosen)})


@dataclass(frozen=True)
class LabelSubject:
    """A label on bars: it may look as far ahead as it says, and no further."""

    label: Label
    kind: str = "label"
    lookback: int | None = None
    truncatable: bool = True

    @property
    def name(self) -> str:
        """The label's own."""
        return self.label.name

    def answer(self, history: BarHistory, places: Sequence[int]) -> Answer:
        """One value per symbol and moment, known when the label says."""
        bars, ahead = history.bars, self.label.horizon + self.label.lag
        return of_array(self.label.compute(bars), bars.symbols, len(bars.times), self.name, ahead)


@dataclass(frozen=True)
class BarSubject:
    """A function of bars that declares nothing: (symbols, times) values."""

    name: str
    compute: Callable[[Any], np.ndarray]
    kind: str = "feature"
    lookback: int | None = None
    truncatable: bool = True

    def answer(self, history: BarHistory, places: Sequence[int]) -> Answer:
        """One value per symbol and moment."""
        return of_array(self.compute(history.bars), history.bars.symbols, len(history.bars.times), self.name)


@dataclass(frozen=True)
class TransformSubject:
    """A panel made of a panel: a scaler, a neutraliser, an encoder, features added."""

    name: str
    transform: Transform
    kind: str = "transform"
    lookback: int | None = None
    truncatable: bool = True

    def answer(self, history: PanelHistory, places: Sequence[int]) -> Answer:
        """Every column it gives but the targets, which are known by type."""
        panel = history.panel
        return of_frame(_frame(self.transform(panel)), panel.moments.position, [one.name for one in panel.targets])


@dataclass(frozen=True)
class DecisionSubject:
    """What is decided when an era begins: a selector, a tuner, a blend's weights, the parameters of a scaler."""

    name: str
    decide: Decision
    kind: str = "decision"
    lookback: int | None = None
    truncatable: bool = True

    def answer(self, history: PanelHistory, places: Sequence[int]) -> Answer:
        """The decision at each place."""
        panel = history.panel
        return of_decisions({at: self.decide(panel, panel.eras[at]) for at in places if at < len(panel.eras)})


@dataclass(frozen=True)
class PipelineSubject:
    """A whole way from a panel to out-of-fold predictions: `era`, `id`, `prediction`."""

    name: str
    predict: Transform
    kind: str = "pipeline"
    lookback: int | None = None
    truncatable: bool = False

    def answer(self, history: PanelHistory, places: Sequence[int]) -> Answer:
        """The predictions of every era it predicts."""
        return of_frame(_frame(self.predict(history.panel)), history.panel.moments.position)


def ask(subject: Subject, history: Any, places: Sequence[int] = ()) -> Answer:
    """The subject's answer. Changed histories hold wild numbers and empty columns; what numpy has to say of them is
    nobody's concern, so its warnings are not shown."""
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return subject.answer(history, places)


def model_pipeline(name: str, model: Model, splitter: Splitter) -> PipelineSubject:
    """A model evaluated by a splitter, as eraforge does it."""
    return PipelineSubject(name, lambda panel: evaluate(model, panel, splitter, train_eras=0).predictions, "model")


def _frame(given: Any) -> pl.DataFrame:
    if isinstance(given, Panel):
        return given.collect()
    if isinstance(given, pl.LazyFrame):
        return given.collect()
    if isinstance(given, pl.DataFrame):
        return given
    raise DataError(
        "answer-of-no-use",
        f"The answer is of type {type(given).__name__}, which holds no rows.",
        "Give a Panel, or a Polars frame with era and id.",
    )
