"""SIGKILL for the process that asks for it, sent by a timer of the kernel.

Such a timer waits for no lock of the interpreter: the end comes in the middle of compiled code, of a system call or of
a wait as in anything else.
"""

from __future__ import annotations

import ctypes
import signal
from time import CLOCK_MONOTONIC


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
