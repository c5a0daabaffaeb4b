"""What a forked turn is at, written down as it goes, and its death there.

Marks need no flush: what a killed process has written the kernel holds.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import eraforge.pipeline.engine as engine
from eraforge.arenas.gateway_write import NumeraiWriter
from eraforge.core.clock import monotonic
from eraforge.pipeline.effects.driver import Driver
from programmes.kernel_timer import die_after

STARTING, ENDING, OVER = "starting", "ending", "over"
PARTS: Mapping[str, str] = {
    STARTING: "starting, before the first stage",
    "fetch": "fetching data",
    "check": "checking data",
    "feature": "choosing columns",
    "fit": "training",
    "evaluate": "evaluating",
    "predict": "predicting",
    "preflight": "comparing with earlier answers",
    "submit": "writing down the steps of the submission",
    "authorise": "asking where to upload",
    "put": "uploading",
    "create": "creating the submission",
    "_look": "reading back",
    "_settle": "writing down what was read back",
    "keep_model": "keeping the good model",
    ENDING: "closing",
}
"""The parts of a turn in their order, by the name of what begins them, and in words."""
CALLS = (
    (NumeraiWriter, "authorise"),
    (NumeraiWriter, "put"),
    (NumeraiWriter, "create"),
    (Driver, "_look"),
    (Driver, "_settle"),
)


def install(file: Path, fatal: str, delay: float) -> Callable[[str], None]:
    """Write down each part of the turn as it begins; with `fatal`, die `delay` seconds after that part began."""
    written = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)
    begun: list[str] = []

    def mark(name: str) -> None:
        os.write(written, f"{monotonic()} {name}\n".encode())
        if name == fatal and name not in begun:
            die_after(delay)
        begun.append(name)

    def marked(work: Callable[..., Any], name: str) -> Callable[..., Any]:
        @functools.wraps(work)
        def call(*given: Any, **named: Any) -> Any:
            around = begun[-1]
            mark(name)
            try:
                return work(*given, **named)
            finally:
                mark(around)

        return call

    def durable(work: Callable[..., Any], do: Callable[[], Any]) -> Any:
        mark(work.__name__)
        result = step(work, do)
        if work.__name__ == "keep_model":
            mark(ENDING)
        return result

    step, engine._durable = engine._durable, durable
    for kind, name in CALLS:
        setattr(kind, name, marked(getattr(kind, name), name))
    mark(STARTING)
    return mark


def read(file: Path) -> list[tuple[float, str]]:
    """The marks of a process that is over: moment and part."""
    lines = [line.split() for line in file.read_text().splitlines()]
    return [(float(moment), name) for moment, name in lines]
