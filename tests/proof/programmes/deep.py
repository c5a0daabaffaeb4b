"""Every crash point of a submission, and every one of its recovery: exhaustively two deep, in one process.

Points are counted at the ports: before and after each write of the ledger, before and after each call that writes.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import numpy as np

from eraforge.arenas.classic import CLASSIC
from eraforge.core.digest import digest_bytes
from programmes.figures import Figure, Proof
from programmes.histories import ANSWER, DIGEST, OPENS, ROUND, door, settle_the_rest
from programmes.memory_ledger import MemoryLedger
from programmes.tournament import Crash, FaultyTournament, Rates, VirtualClock

FULL = 2  # levels
CALM = dict.fromkeys(Rates.__dataclass_fields__, 0.0)
CALLS = ("authorise", "put", "create")


class Doomed:
    """Counts points and dies at the one it was given."""

    def __init__(self) -> None:
        self.fatal = self.count = 0

    def reach(self, name: str = "") -> None:
        self.count += 1
        if self.count == self.fatal:
            raise Crash

    def next_life(self, fatal: int) -> None:
        self.fatal, self.count = fatal, 0


class DoomedTournament(FaultyTournament):
    """A sound tournament whose callers may die before or after each call that writes."""

    doom: Doomed

    def __getattribute__(self, name: str) -> Any:
        found = super().__getattribute__(name)
        if name not in CALLS:
            return found
        doom = super().__getattribute__("doom")

        def call(*given: Any) -> Any:
            doom.reach()
            result = found(*given)
            doom.reach()
            return result

        return call


def play(*fatal: int) -> tuple[list[bool], int, dict[str, Any]]:
    """One turn in as many lives as there are points to die at, and one more: which were reached, points, the end."""
    doom, clock = Doomed(), VirtualClock(OPENS + timedelta(minutes=5))
    tournament = DoomedTournament(clock, np.random.default_rng(1), Rates(**CALM), most_lag=0.0)
    tournament.doom = doom
    ledger = MemoryLedger(doom.reach)
    reached = []
    for point in (*fatal, 0):
        doom.next_life(point)
        try:
            door(ledger, tournament, clock).submit(ANSWER, CLASSIC, ROUND, "m1")
            reached.append(False)
        except Crash:
            reached.append(True)
    points = doom.count
    doom.next_life(0)
    settle_the_rest(ledger, tournament, clock)
    end = {
        "created": len(tournament.created),
        "held": [digest_bytes(tournament.objects[one.filename]) for one in tournament.created],
        "confirmed": len(list(ledger.events(kind="effect.confirmed"))),
        "open": len(ledger.open_effects()),
    }
    return reached, points, end


def prove(scale: int, first: int = 0) -> Proof:
    """Die at every point (`scale` 1), and at every point of what follows (`scale` 2)."""
    _, points, wanted = play()
    assert wanted == {"created": 1, "held": [DIGEST], "confirmed": 1, "open": 0}
    seen: Counter[str] = Counter()
    for once in range(1, points + 1):
        seen["hit"] += play(once)[0][0]
        twice = 0
        while True:
            twice += 1
            reached, _, end = play(once, twice)
            seen["unequal"] += end != wanted
            seen["doubles"] += end["created"] > 1
            if not reached[1]:
                break
            seen["deep"] += 1
            if scale < 2:
                break
    figures = (
        Figure("P5", "crash points of a submission hit", seen["hit"], "== whole", points),
        Figure("P5", "pairs of crash points hit, one in the other's recovery", seen["deep"], ">= 1"),
        Figure("P5", "ends unlike the undisturbed one", seen["unequal"], "== 0", seen["deep"]),
        Figure("P1", "turns with two submissions", seen["doubles"], "== 0", seen["deep"]),
    )
    about = "a submission through ledger and writer, dead at each point and again at each point of its recovery"
    return Proof("deep", about, scale, FULL, "none: every point is tried", figures)
