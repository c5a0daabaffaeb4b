"""The process in which an entry computes: it gets one stage after the other, holds no key, and may be killed.

It reads pickled jobs from standard input and writes one JSON message a line to what was standard output: `progress`,
then `done` or `error`. Whatever a model prints goes to standard error. What comes out is text, never code.
"""

from __future__ import annotations

import json
import os
import pickle
import sys
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import IO, Any

from eraforge.core.clock import RunningClock
from eraforge.core.errors import EraforgeError
from eraforge.pipeline.verb import Visit
from eraforge.pipeline.workspace import open_workspace

WORST_FOR_MEMORY = "1000"


def serve(jobs: IO[bytes], answers: IO[bytes]) -> None:
    """Work until standard input ends."""

    def tell(*message: Any) -> None:
        answers.write(json.dumps(message).encode() + b"\n")
        answers.flush()

    first = pickle.load(jobs)
    clock = RunningClock(first["at"])
    visit = Visit(
        folder=Path(first["folder"]),
        environment=first["environment"],
        flags=first["flags"],
        progress=lambda *given: tell("progress", *given),
        keyless=True,
    )
    with open_workspace(visit, clock=clock) as tools:
        tell("ready", os.getpid())
        while True:
            try:
                job = pickle.load(jobs)
            except EOFError:
                return
            clock.set(job["at"])
            try:
                tell("done", _work(job["work"])(tools, *job["inputs"]))
            except EraforgeError as error:
                tell("error", error.as_dict())


def _work(name: str) -> Callable[..., Any]:
    module, _, function = name.partition(":")
    work: Callable[..., Any] = getattr(import_module(module), function)
    return work


def main() -> None:
    """Keep the way back to the parent to ourselves, and be the first the system kills when memory runs out."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(WORST_FOR_MEMORY)
    with suppress(BrokenPipeError, KeyboardInterrupt):
        serve(sys.stdin.buffer, answers)


if __name__ == "__main__":
    main()
