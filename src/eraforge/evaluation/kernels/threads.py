"""Threads that never change a result: work is cut into pieces that do not depend on how many threads take them.

The number of threads is numba's (`NUMBA_NUM_THREADS`, else the cores this process may use). The linear algebra library
runs on one thread inside these scores, because its own threads change the order of its sums.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from typing import Any

_inside = threading.local()
_limit_lock = threading.Lock()
_limit_depth = 0
_limit: Any = None


def thread_count() -> int:
    """How many threads a score uses."""
    from numba import config

    return int(config.NUMBA_NUM_THREADS)


def spread(task: Callable[[int], None], pieces: int, alone: bool = False) -> None:
    """Run `task(0)` to `task(pieces - 1)`, each writing to its own place, on `thread_count` threads.

    Runs in the calling thread when `alone`, or when it is itself a piece of a spread call.
    """
    threads = min(thread_count(), pieces)
    if alone or threads < 2 or getattr(_inside, "piece", False):
        for piece in range(pieces):
            task(piece)
        return

    def one(piece: int) -> None:
        _inside.piece = True
        task(piece)

    with ThreadPoolExecutor(threads) as pool:
        for _ in pool.map(one, range(pieces)):
            pass


@cache
def _controller() -> Any:
    import scipy.linalg  # noqa: F401  its own copy of the library must be loaded before it can be limited
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


@contextmanager
def one_algebra_thread() -> Iterator[None]:
    """Hold the linear algebra libraries of this process to one thread, until the last holder leaves."""
    global _limit_depth, _limit
    with _limit_lock:
        if _limit_depth == 0:
            _limit = _controller().limit(limits=1, user_api="blas")
            _limit.__enter__()
        _limit_depth += 1
    try:
        yield
    finally:
        with _limit_lock:
            _limit_depth -= 1
            if _limit_depth == 0:
                _limit.__exit__(None, None, None)
