"""A local tournament as a process of its own: started, asked for its time, moved on, stopped."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx

from eraforge.core.clock import SystemClock
from eraforge.core.errors import SEVEN, Transient, UserError
from eraforge.data.trust import trusted

STOP_SECONDS = 2.0
CALL_SECONDS = 120.0


@dataclass(frozen=True)
class LocalTournament:
    """A running local tournament: its address and the keys of its ready account; it is also the Clock of its time."""

    url: str
    public_id: str
    secret_key: str
    client: httpx.Client

    def now(self) -> datetime:
        """Its virtual time."""
        return datetime.fromisoformat(self._control("GET", "clock")["now"])

    def sleep(self, seconds: float) -> None:
        """Let that many real seconds pass."""
        SystemClock().sleep(seconds)

    def advance_to(self, moment: datetime) -> datetime:
        """Move its clock forward to that moment; a moment already past changes nothing. Returns its new time."""
        now = self.now()
        if moment <= now:
            return now
        return datetime.fromisoformat(self._control("POST", "advance", {"to": moment.isoformat()})["now"])

    def _control(self, method: str, what: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        try:
            answer = self.client.request(method, f"{self.url}/control/{what}", json=body)
            answer.raise_for_status()
        except httpx.HTTPError as error:
            raise Transient(
                "local-tournament-gone",
                f"The local tournament does not answer ({type(error).__name__}).",
                "Run the same command again; it continues where it stopped.",
            ) from error
        facts: dict[str, Any] = answer.json()
        return facts


@contextmanager
def running(state: Path, seed: int, scale: str, port: int = 0) -> Iterator[LocalTournament]:
    """Start the simulator on `state` (which keeps everything that happens in it) and stop it afterwards.

    Raises:
        EraforgeError: what it said; UserError: `local-tournament-did-not-start` when it said nothing of the kind.
    """
    words = ["simulator", "serve", "--json", "--attached", "--port", str(port), "--seed", str(seed), "--scale", scale]
    # Standard input is the leash: should this process die in any way, the pipe closes and the server stops itself.
    # A session of its own keeps Ctrl-C from reaching it, so that what is under way here can end first.
    process = subprocess.Popen(
        [sys.executable, "-m", "eraforge", *words, "--state", str(state)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        ready = _first_line(process)
        with httpx.Client(timeout=CALL_SECONDS, verify=trusted()) as client:
            yield LocalTournament(ready["url"], ready["public_id"], ready["secret_key"], client)
    finally:
        _stop(process)


def _first_line(process: subprocess.Popen[str]) -> dict[str, Any]:
    line = process.stdout.readline() if process.stdout else ""
    try:
        ready: dict[str, Any] = json.loads(line)
    except ValueError:
        ready = {}
    if "url" not in ready:
        said = ready.get("error", {})
        rest = process.stderr.read() if process.stderr and not said else ""
        kind = {one.__name__: one for one in SEVEN}.get(said.get("kind", ""), UserError)
        raise kind(
            said.get("code", "local-tournament-did-not-start"),
            said.get("sentence", f"The local tournament did not start: {(line + rest).strip()[-300:]}"),
            said.get("next_step", "Run `eraforge simulator serve` to see why."),
        )
    return ready


def _stop(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream is not None:
            stream.close()
