"""Stages in processes of their own, with limits of time and memory: what a model does to itself harms nobody else."""

from __future__ import annotations

import json
import os
import pickle
import select
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from eraforge.core.clock import monotonic
from eraforge.core.errors import SEVEN, DataError, EraforgeError
from eraforge.core.ports import Progress
from eraforge.core.words import Entry
from eraforge.pipeline.steps import stages
from eraforge.pipeline.steps.ahead import fallback
from eraforge.pipeline.steps.preflight import preflight
from eraforge.pipeline.tools import Tools
from eraforge.pipeline.verb import Visit

LOOK_SECONDS = 0.05
GIGABYTE = 1e9
ACTING = (stages.submit, preflight, fallback.keep_model, fallback.remember)  # these ask, act or record: in this process
SECRETS = ("PUBLIC_ID", "SECRET_KEY", "PASSWORD", "PASSPHRASE", "TOKEN", "WEBHOOK")


@dataclass(frozen=True, slots=True)
class Limits:
    """What one stage may take: seconds, and bytes of memory."""

    seconds: float
    memory: float


LimitsOf = Callable[[Entry | None, str], Limits]


class Worker:
    """One process, doing one stage at a time; `idle` until it is given one, and again once that has answered."""

    def __init__(self, visit: Visit, at: datetime) -> None:
        self.said = tempfile.TemporaryFile()  # noqa: SIM115  closed with the process
        self.process = subprocess.Popen(
            [sys.executable, "-m", "eraforge.pipeline.daemon.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.said,
            env=without_secrets(os.environ),
            start_new_session=True,
        )
        self.left = b""
        self.idle = True
        kept = without_secrets(visit.environment)
        self.send({"folder": str(visit.folder.resolve()), "environment": kept, "flags": dict(visit.flags), "at": at})

    def send(self, message: Any) -> None:
        """Hand over a message; a process that died is noticed when its answer is read."""
        with suppress(BrokenPipeError):
            _pipe(self.process.stdin).write(pickle.dumps(message))
            _pipe(self.process.stdin).flush()

    def answer(self, limits: Limits, progress: Progress, label: str) -> Any:
        """What the stage gave.

        Raises:
            DataError: `stage-too-slow`, `stage-too-large`, `stage-crashed`; EraforgeError: what the stage raised.
        """
        self.idle = False
        ends = monotonic() + limits.seconds
        output = _pipe(self.process.stdout)
        os.set_blocking(output.fileno(), False)
        while True:
            ready, _, _ = select.select([output], [], [], LOOK_SECONDS)
            if ready:
                message = self._read(output.fileno(), label)
                while message is not None:
                    self.idle = message[0] in ("done", "error")
                    if message[0] == "done":
                        return message[1]
                    if message[0] == "error":
                        raise _error_of(message[1])
                    if message[0] == "progress":
                        progress(*message[1:])
                    message = self._parse()
            if monotonic() > ends:
                raise DataError(
                    "stage-too-slow",
                    f"{label} took more than {limits.seconds:g} seconds and was stopped.",
                    "Make the model faster, or raise `run.stage_seconds`.",
                )
            if memory_of(self.process.pid) > limits.memory:
                raise DataError(
                    "stage-too-large",
                    f"{label} took more than {limits.memory / GIGABYTE:g} GB of memory and was stopped.",
                    "Use fewer features or a smaller model, or raise `run.memory_gigabytes`.",
                )

    def stop(self) -> None:
        """Kill the process and everything it started."""
        _kill(self.process)
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout, self.said):
            if stream is not None:
                with suppress(BrokenPipeError):
                    stream.close()

    def _read(self, handle: int, label: str) -> Any:
        data = os.read(handle, 1 << 20)
        if not data:
            raise DataError(
                "stage-crashed", f"{label} ended its process: {self._last_words()}.", "Correct the model and try again."
            )
        self.left += data
        return self._parse()

    def _parse(self) -> Any:
        """The next whole message of what has arrived."""
        line, end, rest = self.left.partition(b"\n")
        if not end:
            return None
        self.left = rest
        return json.loads(line)

    def _last_words(self) -> str:
        self.process.wait()
        self.said.seek(0)
        lines = self.said.read().decode(errors="replace").strip().splitlines()
        told = lines[-1].strip().rstrip(".") if lines else "it said nothing"
        return f"{told} (exit {self.process.returncode})"


@dataclass
class Workers:
    """A Compute that gives each stage to a limited process; idle ones are used again.

    Args:
        visit: the workspace; of its variables those that hold secrets are not passed on.
        limits: of an entry's stage, by its name.
    """

    visit: Visit
    limits: LimitsOf
    _acting: int = 0
    _closing: bool = False
    _idle: list[Worker] = field(default_factory=list)
    _busy: dict[str, Worker] = field(default_factory=dict)
    _lock: threading.Condition = field(default_factory=threading.Condition)

    def __enter__(self) -> Workers:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End every process. Work that is cut off is no failure: its thread ends, and the work is resumed later."""
        with self._lock:
            self._closing = True
            idle, busy = self._idle, list(self._busy.values())
            self._idle = []
        for worker in idle:
            worker.stop()
        for worker in busy:
            _kill(worker.process)  # its own thread sees the end

    def __call__(self, tools: Tools, work: Callable[..., Any], inputs: Sequence[Any]) -> Any:
        """Do the work: in a limited process where it computes, here where it acts.

        Raises:
            DataError: `stage-too-slow`, `stage-too-large`, `stage-crashed`; EraforgeError: what the work raised.
        """
        if self._closing:
            raise SystemExit  # of this thread
        if work in ACTING:
            return self._act(tools, work, inputs)
        whose = next((one for one in inputs if isinstance(one, Entry)), None)
        entry = whose.name if whose else ""
        label = f"{work.__name__} of entry {entry!r}"
        limits = self.limits(whose, work.__name__)
        worker = self._take(tools, entry)
        try:
            job = {"work": f"{work.__module__}:{work.__qualname__}", "inputs": tuple(inputs), "at": tools.clock.now()}
            worker.send(job)
            return worker.answer(limits, tools.progress, label)
        except DataError:
            if self._closing:
                raise SystemExit from None
            raise
        finally:
            self._give(entry, worker)

    def rest(self, seconds: float) -> None:
        """Wait until nothing acts on the outer world, for so long at most."""
        with self._lock:
            self._lock.wait_for(lambda: self._acting == 0, seconds)

    def _act(self, tools: Tools, work: Callable[..., Any], inputs: Sequence[Any]) -> Any:
        with self._lock:
            self._acting += 1
        try:
            return work(tools, *inputs)
        finally:
            with self._lock:
                self._acting -= 1
                self._lock.notify_all()

    def stop(self, entry: str) -> None:
        """Kill what computes for that entry now."""
        with self._lock:
            worker = self._busy.pop(entry, None)
        if worker is not None:
            _kill(worker.process)  # its own thread sees the end and reports it

    def _take(self, tools: Tools, entry: str) -> Worker:
        with self._lock:
            worker = self._idle.pop() if self._idle else None
        if worker is None or worker.process.poll() is not None:
            worker = Worker(self.visit, tools.clock.now())
        with self._lock:
            self._busy[entry] = worker
        return worker

    def _give(self, entry: str, worker: Worker) -> None:
        """Keep the process for the next stage, also after an error it told; one that was stopped or cut off ends."""
        with self._lock:
            kept = self._busy.pop(entry, None) is worker and worker.idle
            if kept:
                self._idle.append(worker)
        if not kept:
            worker.stop()


def without_secrets(variables: Mapping[str, str]) -> dict[str, str]:
    """The variables that a model may see: none whose name says that it holds a secret."""
    return {name: value for name, value in variables.items() if not name.upper().endswith(SECRETS)}


def _error_of(told: dict[str, Any]) -> EraforgeError:
    """The error a worker told, as one of the seven."""
    kind = {one.__name__: one for one in SEVEN}.get(str(told["kind"]), DataError)
    return kind(str(told["code"]), str(told["sentence"]), str(told["next_step"]))


def _kill(process: subprocess.Popen[bytes]) -> None:
    """The process and everything it started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, 9)


def memory_of(process: int) -> float:
    """Bytes of memory a process holds; 0 where the system does not tell."""
    try:
        pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    except (OSError, IndexError, ValueError):
        return 0.0
    return float(pages * os.sysconf("SC_PAGE_SIZE"))


def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
    assert stream is not None  # noqa: S101  both were asked for
    return stream
