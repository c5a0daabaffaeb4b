"""How far a training has come, told to whoever listens in this context.

A model's constructor holds settings only and `fit` takes the panel only, so the listener stands around the call:

    with reporting(progress):
        fitted = model.fit(panel)

Nested models (an ensemble's members) report to the same listener with no wiring of their own.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from eraforge.core.ports import Progress

_listener: ContextVar[Progress | None] = ContextVar("eraforge_progress", default=None)


@contextmanager
def reporting(progress: Progress | None) -> Iterator[None]:
    """Within the block, work reports to `progress`; None silences it."""
    token = _listener.set(progress)
    try:
        yield
    finally:
        _listener.reset(token)


def report(what: str, done: float, total: float) -> None:
    """Tell the listener, if there is one, that `done` of `total` units of `what` are finished."""
    progress = _listener.get()
    if progress is not None:
        progress(what, done, total)
