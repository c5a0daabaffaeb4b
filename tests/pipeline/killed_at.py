"""Runs an `eraforge` command and kills its process (SIGKILL) at the n-th durable step, before or after it is done.

Steps are counted where something lasting happens: objects stored, ledger commits, calls of the writing gateway.
Usage: python killed_at.py N -- eraforge arguments. N = 0 kills nothing; ERAFORGE_STEPS names a file for the steps.
"""

from __future__ import annotations

import functools
import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from eraforge.arenas.gateway_write import NumeraiWriter
from eraforge.interfaces.cli.main import main
from eraforge.store.ledger import Ledger
from eraforge.store.objects import Objects

STEPS = (
    (Objects, "put"),
    (Objects, "put_file"),
    (Ledger, "_commit"),
    (NumeraiWriter, "authorise"),
    (NumeraiWriter, "put"),
    (NumeraiWriter, "create"),
)


def install(fatal: int) -> list[str]:
    """Count every step, and die at number `fatal` (odd: before it, even: after it)."""
    seen: list[str] = []
    lock = threading.Lock()

    def reach(name: str) -> None:
        with lock:
            seen.append(name)
            if len(seen) == fatal:
                os.kill(os.getpid(), signal.SIGKILL)

    def wrapped(work: Callable[..., Any], name: str) -> Callable[..., Any]:
        @functools.wraps(work)
        def step(*given: Any, **named: Any) -> Any:
            reach(f"before {name}")
            result = work(*given, **named)
            reach(f"after {name}")
            return result

        return step

    for kind, name in STEPS:
        setattr(kind, name, wrapped(getattr(kind, name), f"{kind.__name__}.{name}"))
    return seen


if __name__ == "__main__":
    steps = install(int(sys.argv[1]))
    sys.argv = ["eraforge", *sys.argv[3:]]
    try:
        main()
    finally:
        if "ERAFORGE_STEPS" in os.environ:
            Path(os.environ["ERAFORGE_STEPS"]).write_text("\n".join(steps))
