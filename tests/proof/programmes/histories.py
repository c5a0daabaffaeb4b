"""Simulated histories of one submission each: faults, crashes and restarts as they fall, on virtual time."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl

from eraforge.arenas.classic import CLASSIC
from eraforge.core.configuration import SubmitTable
from eraforge.core.digest import digest_bytes
from eraforge.core.errors import Held, Refused, Transient
from eraforge.core.words import Phase, Predictions, Round, Slot
from eraforge.pipeline.effects import Effects
from eraforge.pipeline.effects.conduct import Conduct
from eraforge.pipeline.effects.driver import Driver
from programmes.figures import Figure, Proof
from programmes.memory_ledger import MemoryLedger
from programmes.tournament import Crash, FaultyTournament, VirtualClock

FULL = 100_000
OPENS = datetime(2026, 9, 1, 12, tzinfo=UTC)
ROUND = Round("classic", 1345, OPENS, OPENS + timedelta(hours=1))
SLOT = Slot("main", "alpha", "classic", 1345)
ANSWER = Predictions(SLOT, pl.DataFrame({"id": ["a", "b", "c"], "prediction": [0.1, 0.5, 0.7]}))
DIGEST = digest_bytes(ANSWER.csv("id", "prediction"))
TABLE = SubmitTable()
ENOUGH = timedelta(minutes=15)


class Blind(Driver):
    """The control: no answer is taken for nothing happened."""

    def resolve(self, conduct: Conduct) -> None:
        self._doubt(conduct)
        self.advance(conduct, Phase.INTENDED, reason="assumed lost")


@dataclass(frozen=True)
class Ending:
    """How one history ended."""

    created: int
    late: int
    owed: bool
    confirmed: bool
    agrees: bool
    held: bool
    commands: int


def play(seed: int, met: Counter[str], blind: bool = False, most_lag: float = 6.5) -> Ending:
    """One history: the same command again after each crash or trouble, until it is through or the window is closed."""
    generator = np.random.default_rng(seed)
    left = generator.uniform(15, 60) if generator.random() < 0.85 else generator.uniform(0, 4)
    clock = VirtualClock(ROUND.closes - timedelta(minutes=float(left)))
    owed = ROUND.closes - clock.now() >= ENOUGH
    tournament = FaultyTournament(clock, generator, most_lag=most_lag)
    ledger = MemoryLedger(tournament.step)
    held, commands = False, 0
    while clock.now() < ROUND.closes + timedelta(minutes=2):
        commands += 1
        try:
            door(ledger, tournament, clock, blind).submit(ANSWER, CLASSIC, ROUND, "m1")
            break
        except Crash:
            clock.sleep(float(generator.uniform(1, 30)))
        except Transient:
            clock.sleep(10.0)
        except Refused:
            break
        except Held:
            held = True
            break
    settle_the_rest(ledger, tournament, clock)
    met.update(tournament.met)
    late = sum(one.arrived >= ROUND.closes for one in tournament.created)
    confirmed = any(True for _ in ledger.events(kind="effect.confirmed"))
    agrees = confirmed == bool(tournament.created) and not ledger.open_effects()
    agrees &= all(digest_bytes(tournament.objects[one.filename]) == DIGEST for one in tournament.created)
    return Ending(len(tournament.created), late, owed, confirmed, agrees, held, commands)


def door(ledger: Any, tournament: Any, clock: Any, blind: bool = False) -> Effects:
    """The door outward of a process that has just begun."""
    effects = Effects("http://127.0.0.1:1", ledger, tournament, tournament, clock, TABLE)
    if blind:
        effects._driver = Blind(ledger, clock, TABLE, effects.settling)
    return effects


def settle_the_rest(ledger: Any, tournament: FaultyTournament, clock: VirtualClock) -> None:
    """What a restart after the window does: every open effect is read back."""
    tournament.rates.crash_step = tournament.rates.read = 0.0
    effects = door(ledger, tournament, clock)
    for record in ledger.open_effects():
        conduct = effects.trace(record, CLASSIC, ROUND)
        if conduct is not None and record.phase is not Phase.HELD:
            effects.resolve(conduct)


def prove(scale: int, first: int = 1) -> Proof:
    """Play `scale` histories, and a hundredth of them (at least 200) by the controls."""
    met: Counter[str] = Counter()
    ends = [play(seed, met) for seed in range(first, first + scale)]
    some = max(scale // 100, 200)
    blind = [play(seed, Counter(), blind=True) for seed in range(first, first + some)]
    slow = [play(seed, Counter(), most_lag=30.0) for seed in range(first, first + some)]
    figures = (
        Figure("P1", "histories with two submissions", sum(one.created > 1 for one in ends), "== 0", scale),
        Figure("P1", "lost though 15 minutes were left", sum(one.owed and not one.created for one in ends), "== 0"),
        Figure("P4", "submissions that arrived late", sum(one.late for one in ends), "== 0", scale),
        Figure("P2", "ends where ledger and tournament disagree", sum(not one.agrees for one in ends), "== 0", scale),
        Figure("P1", "waiting for a person at the end", sum(one.held for one in ends)),
        Figure("P1", "commands given", sum(one.commands for one in ends)),
        Figure("P1", "crashes", crashes(met)),
        Figure("P1", "calls that failed otherwise", sum(met.values()) - met["none"] - crashes(met)),
        Figure("P1", "control, resent blindly: doubles", sum(one.created > 1 for one in blind), ">= 1", some),
        Figure("P1", "limit, shown up to 4 settle times late: doubles", sum(one.created > 1 for one in slow), "", some),
    )
    about = (
        "one submission each, with lost, unanswered, hanging and refused calls, late visibility, crashes at every step"
    )
    return Proof("histories", about, scale, FULL, f"{first}-{first + scale - 1}", figures)


def crashes(met: Counter[str]) -> int:
    """How often a process died."""
    return sum(count for kind, count in met.items() if kind.startswith("crash"))
