"""Runs a model upload in a process of its own and tells how it ended, in the words of the live service."""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

MEMORY = 4 << 30
SECONDS = 600
CHILD = Path(__file__).with_name("child.py")
SUCCESS, FAILED, ERROR = "success", "failed", "error"
LONGEST_LOG = 200


@dataclass(frozen=True, slots=True)
class Limits:
    """What a run may use: bytes of memory, and seconds of time (of the processor, and twice that on the wall)."""

    memory: int = MEMORY
    seconds: int = SECONDS


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended: `success` with an answer, `failed` (the upload's fault) or `error` (ours)."""

    status: str
    description: str | None
    logs: tuple[str, ...]
    answer: bytes | None = None


def run(pickle: Path, live: Path, benchmarks: Path | None, limits: Limits) -> Outcome:
    """Run an upload once, without its environment, in an empty folder, in a session of its own.

    Args:
        pickle: the uploaded file; live, benchmarks: what it predicts from.
    """
    with tempfile.TemporaryDirectory(prefix="eraforge-upload-") as folder:
        answer = Path(folder) / "predictions.csv"
        words = [str(pickle), str(live), str(benchmarks or ""), str(answer), str(limits.memory), str(limits.seconds)]
        process = subprocess.Popen(
            [sys.executable, "-I", str(CHILD), *words],
            cwd=folder,
            env={"HOME": folder, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "LC_ALL": "C.UTF-8"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            said, _ = process.communicate(timeout=2 * limits.seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            said, _ = process.communicate()
            return Outcome(FAILED, f"Timed out after {limits.seconds} seconds", _lines(said))
        data = answer.read_bytes() if answer.exists() else None
        return _outcome(process.returncode, _lines(said), data, limits)


def _outcome(code: int, logs: tuple[str, ...], data: bytes | None, limits: Limits) -> Outcome:
    if code == 0 and data is not None:
        return Outcome(SUCCESS, None, logs, data)
    if code == 1:
        said = logs[-1] if logs else "Exception"
        return Outcome(FAILED, "Out of memory" if said.startswith("MemoryError") else said, logs)
    if code == -signal.SIGSEGV:
        message = "Segmentation fault! Ensure python and library versions match our environment."
        return Outcome(FAILED, message, logs)
    if code in (-signal.SIGXCPU, -signal.SIGKILL):
        return Outcome(FAILED, f"Timed out after {limits.seconds} seconds", logs)
    return Outcome(ERROR, f"The run ended with code {code}", logs)


def _lines(said: bytes) -> tuple[str, ...]:
    return tuple(said.decode(errors="replace").splitlines()[-LONGEST_LOG:])
