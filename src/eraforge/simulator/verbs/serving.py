"""`eraforge simulator serve`: the server as a verb of the desk."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from eraforge.simulator.faults.plan import read_plan
from eraforge.simulator.server.serve import serve
from eraforge.simulator.tournament.rules.assumptions import parse_assumptions


class Visitor(Protocol):
    """What a verb needs to know of who asks."""

    @property
    def as_json(self) -> bool: ...

    @property
    def say(self) -> Callable[[str], None] | None: ...


def serve_verb(
    visit: Visitor,
    port: int,
    seed: int,
    scale: str,
    state: str,
    speed: float,
    faults: str,
    assume: str,
    attached: bool,
) -> dict[str, object]:
    """Serve until told to stop.

    Args:
        state: folder that keeps everything; a temporary one, removed at the end, when empty.
        speed: virtual seconds per real second; 0 stands still until advanced.
        faults: a fault plan in TOML; the folder's own plan goes on when empty.
        assume: figures in place of the assumptions about what no source settles, as `name=value,...`.
        attached: also stop when standard input closes, so that the server never outlives who started it.

    Raises:
        UserError: `port-in-use`, `state-in-use`, `state-of-another-world`, `state-of-other-assumptions`,
            `assumption-not-understood`, and what is wrong with the fault plan.
    """
    plan = (lambda of_seed: read_plan(Path(faults), of_seed)) if faults else None
    if plan is not None:
        plan(seed)  # a plan with a mistake is refused before anything starts
    if attached:
        threading.Thread(target=_stop_at_end_of_input, daemon=True).start()
    assumptions = parse_assumptions(assume) if assume else None
    say = visit.say
    write = (lambda text: say(text.rstrip("\n"))) if say else None

    def serve_in(folder: Path) -> None:
        pace = speed or None
        serve(port, seed, scale, folder, visit.as_json, pace, assumptions=assumptions, write=write, faults=plan)

    if state:
        serve_in(Path(state))
    else:
        with tempfile.TemporaryDirectory(prefix="eraforge-") as folder:
            serve_in(Path(folder))
    return {}


def _stop_at_end_of_input() -> None:
    # Read below Python's own buffer: a thread waiting there would hold its lock, and abort the interpreter's exit.
    while os.read(sys.stdin.fileno(), 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
