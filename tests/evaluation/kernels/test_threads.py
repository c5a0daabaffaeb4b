"""The number of threads, and where the work is done, never change a bit of a score."""

from __future__ import annotations

import os
import subprocess
import sys
import threading

import numpy as np
import pytest
from threadpoolctl import threadpool_info

from eraforge.evaluation.kernels.threads import one_algebra_thread, spread

PROGRAM = """
import hashlib
import numpy as np
from eraforge.evaluation.eras import score_eras
from eraforge.evaluation.kernels.threads import thread_count
from eraforge.evaluation.neutral.scores import feature_correlations, fnc, neutral_mmc
from eraforge.evaluation.scores import corr, mmc
rng = np.random.default_rng(0)
state = hashlib.sha256()
p, t, m = rng.random((3001, 20)), rng.integers(0, 5, 3001) / 4, rng.random(3001)
eras = np.repeat(["1", "2", "3"], [1000, 1001, 1000])
for table in (rng.integers(0, 5, (3001, 310)).astype(np.int8), rng.normal(size=(3001, 301)), np.ones((3001, 2))):
    for found in (fnc(p, table, t), neutral_mmc(p, m, table, t), feature_correlations(p, table)):
        state.update(np.ascontiguousarray(found).tobytes())
near = rng.normal(size=(3001, 40)) * 10.0 ** np.linspace(0, 6, 40)
state.update(fnc(p, near, t).tobytes())
for score, rest in ((corr, (t,)), (mmc, (m, t)), (fnc, (near, t))):
    state.update(score(p, *rest).tobytes())
    state.update(score_eras(score, eras, p, *rest)[1].tobytes())
print(thread_count(), state.hexdigest())
"""


def test_one_and_two_threads_give_the_same_bytes() -> None:
    seen = []
    for threads in ("1", "2"):
        names = ("NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")
        environment = os.environ | dict.fromkeys(names, threads)
        run = subprocess.run(
            [sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, check=True, timeout=100
        )
        count, digest = run.stdout.split()
        assert count == threads
        seen.append(digest)
    assert seen[0] == seen[1]


def test_a_failing_piece_is_heard() -> None:
    def task(piece: int) -> None:
        if piece == 5:
            raise LookupError(str(piece))

    with pytest.raises(LookupError):
        spread(task, 9)


def test_pieces_of_pieces_stay_in_their_thread() -> None:
    inner: list[set[int]] = [set(), set()]

    def task(piece: int) -> None:
        spread(lambda _: inner[piece].add(threading.get_ident()), 4)

    spread(task, 2)
    assert [len(names) for names in inner] == [1, 1]


def test_the_algebra_threads_come_back() -> None:
    def blas() -> list[int]:
        return [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]

    np.ones((2, 2)) @ np.ones((2, 2))
    with one_algebra_thread():
        pass
    before = blas()
    with one_algebra_thread(), one_algebra_thread():
        assert set(blas()) == {1}
    assert blas() == before
