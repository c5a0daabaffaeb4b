"""Work done ahead of need: the fallback of a round, and a training that falls due between rounds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from eraforge.core.words import Entry
from eraforge.pipeline.steps import stages
from eraforge.pipeline.steps.ahead import fallback, training

Run = Callable[..., Any]


def prepare_fallback(entry: Entry, number: int, run: Run) -> dict[str, Any]:
    """The last good model on the new universe, ready before the real answer is begun."""
    made: dict[str, Any] = run(fallback.prepare, entry, number)
    run(fallback.remember, entry, number, made)
    return made


def train(entry: Entry, number: int, run: Run) -> dict[str, Any]:
    """The training of round `number`, as far as what it needs is published already."""
    files = run(stages.fetch, entry, number - 1)
    columns = run(stages.feature, entry, files, {})
    return {"fitted": run(training.fit, entry, number, files, columns)}
