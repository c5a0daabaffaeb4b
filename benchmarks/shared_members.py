"""Members of blends that are trained once for all blends measured in one process, each of which is charged the time."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from eraforge.core.digest import digest_value
from eraforge.core.panel import Panel
from eraforge.models import members


def processor_seconds() -> float:
    """Seconds of processor time of this process so far, of all threads."""
    spent = os.times()
    return spent.user + spent.system


@dataclass
class Shared:
    """Trainings that are remembered, by model, settings, eras and columns.

    Args:
        trained: per training the fitted model and the seconds it took.
        spent: seconds that trainings took here.
        charged: seconds that they would have taken had nothing been remembered.
    """

    trained: dict[str, tuple[Any, float]] = field(default_factory=dict)
    spent: float = 0.0
    charged: float = 0.0

    def fit(self, learner: str, settings: Mapping[str, Any], model: Any, panel: Panel) -> Any:
        """The fitted model, trained or remembered."""
        columns = [*panel.features, panel.target.name]
        key = digest_value(learner, dict(settings), list(panel.eras), columns)
        if key not in self.trained:
            began = processor_seconds()
            fitted = model.fit(panel)
            self.trained[key] = fitted, processor_seconds() - began
            self.spent += self.trained[key][1]
        self.charged += self.trained[key][1]
        return self.trained[key][0]


@dataclass(frozen=True)
class Member:
    """A model that trains through `shared`."""

    shared: Shared
    learner: str
    settings: Mapping[str, Any]
    inner: Any

    def fit(self, panel: Panel) -> Any:
        """The inner model fitted to the panel, once."""
        return self.shared.fit(self.learner, self.settings, self.inner, panel)

    def load(self, data: bytes) -> Any:
        """The fitted model that `save` wrote."""
        return self.inner.load(data)


@contextmanager
def sharing() -> Iterator[Shared]:
    """Within the block every model that another one names in its settings is trained once."""
    shared, make = Shared(), members.made

    def made(learner: str, settings: Mapping[str, Any], where: str = "settings") -> Any:
        return Member(shared, learner, settings, make(learner, settings, where))

    members.made = made
    try:
        yield shared
    finally:
        members.made = make


def measured(families: Mapping[str, Any], measure: Callable[[str, Any], dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """What `measure(name, model)` says of each family, its seconds those of a process in which nothing is shared.

    Args:
        families: name to a function that makes the unfitted model.
        measure: evaluates the model; its `processor_seconds` are replaced.
    """
    with sharing() as shared:
        for name, make in families.items():
            began, spent, charged = processor_seconds(), shared.spent, shared.charged
            found = measure(name, make())
            own = processor_seconds() - began - (shared.spent - spent)
            yield {**found, "processor_seconds": round(own + shared.charged - charged, 1)}
