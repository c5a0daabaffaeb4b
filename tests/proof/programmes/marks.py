"""What a forked turn is at, written down as it goes, and its death there: SIGKILL, sent by a timer of the kernel.

Marks need no flush: what a killed process has written the kernel holds. A timer of the kernel waits for no lock of the
interpreter, so that the end comes in the middle of compiled code, of a system call or of a wait as in anything else.
"""

from __future__ import annotations

import ctypes
import functools
import os
import signal
from collections.abc import Callable, Mapping
from pathlib import Path
from time import CLOCK_MONOTONIC
from typing import Any

import eraforge.pipeline.engine as engine
from eraforge.arenas.gateway_write import NumeraiWriter
from eraforge.core.clock import monotonic
from eraforge.pipeline.effects.driver import Driver

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


class _Event(ctypes.Structure):
    """`struct sigevent`: a signal to this process."""

    _fields_ = (
        ("value", ctypes.c_void_p),
        ("signal", ctypes.c_int),
        ("notify", ctypes.c_int),
        ("rest", ctypes.c_char * 48),
    )


class _Times(ctypes.Structure):
    """`struct itimerspec`: seconds and nanoseconds between two signals, and until the first."""

    _fields_ = tuple((name, ctypes.c_long) for name in ("every", "every_nano", "first", "first_nano"))


def die_after(seconds: float) -> None:
    """Have the kernel send SIGKILL to this process after so many seconds."""
    library, timer, nanoseconds = ctypes.CDLL(None, use_errno=True), ctypes.c_void_p(), max(int(seconds * 1e9), 1)
    event, times = _Event(None, signal.SIGKILL, 0), _Times(0, 0, *divmod(nanoseconds, 1_000_000_000))
    created = library.timer_create(CLOCK_MONOTONIC, ctypes.byref(event), ctypes.byref(timer))
    if created or library.timer_settime(timer, 0, ctypes.byref(times), None):
        raise OSError(ctypes.get_errno(), "the kernel set no timer")


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
