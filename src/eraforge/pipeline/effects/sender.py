"""Who sends: a process, named so that another one can tell whether it may still be running."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_busy: set[str] = set()
_changed = threading.Condition()


def this_process() -> str:
    """Host, process number and start of this process."""
    return f"{socket.gethostname()}:{os.getpid()}:{_start(os.getpid())}"


def may_be_running(sender: str) -> bool:
    """Whether a call that `sender` began may still be under way: not when it is this process, or one that is gone.

    Calls of this process are over, because `alone` lets only one of them at a key. Of another host nothing is known.
    """
    if not sender or sender == this_process():
        return False
    host, number, start = sender.rsplit(":", 2)
    if host != socket.gethostname():
        return True
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return start == _start(int(number))


@contextmanager
def alone(name: str) -> Iterator[None]:
    """Let one thread of this process at a time into what bears that name."""
    with _changed:
        _changed.wait_for(lambda: name not in _busy)
        _busy.add(name)
    try:
        yield
    finally:
        with _changed:
            _busy.discard(name)
            _changed.notify_all()


def _start(number: int) -> str:
    """When the process began, in ticks since the machine did; "" where the system does not tell.

    A dead process that its parent has not noticed yet is "dead".
    """
    try:
        fields = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()
        return "dead" if fields[0] in "ZX" else fields[19]
    except (OSError, IndexError):
        return ""
