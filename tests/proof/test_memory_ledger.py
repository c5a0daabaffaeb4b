"""The ledger in memory behaves as the real one: the same histories leave the same phases, events and submissions."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from programmes import histories
from programmes.memory_ledger import MemoryLedger
from programmes.tournament import Crash, FaultyTournament, Rates, VirtualClock

from eraforge.arenas.classic import CLASSIC
from eraforge.core.errors import Broken, EraforgeError
from eraforge.core.words import Effect, EffectKind, Phase
from eraforge.store.ledger import Ledger

NO_STEPS = {"crash_step": 1e-12}


def left(ledger: Any, seed: int) -> dict[str, Any]:
    """What a history with faults leaves behind; no process dies inside the ledger here."""
    clock = VirtualClock(histories.ROUND.closes - timedelta(minutes=40))
    tournament = FaultyTournament(clock, np.random.default_rng(seed), Rates(**NO_STEPS))
    for _ in range(30):
        try:
            histories.door(ledger, tournament, clock).submit(histories.ANSWER, CLASSIC, histories.ROUND, "m1")
            break
        except (Crash, EraforgeError):
            clock.sleep(5)
    events = [(event.kind, event.subject, event.at) for event in ledger.events() if event.kind != "ledger.created"]
    kept = [(one.submission.id, one.digest, one.effect, one.at) for one in ledger.submissions(histories.SLOT)]
    return {"events": events, "submissions": kept, "open": len(ledger.open_effects())}


@pytest.mark.parametrize("seed", range(6))
def test_the_same_history_leaves_the_same(tmp_path: Path, seed: int) -> None:
    with Ledger.open(tmp_path / "ledger.sqlite") as real:
        kept = left(real, seed)
    assert kept == left(MemoryLedger(), seed)
    assert len(kept["events"]) > 4


def refusals(ledger: Any) -> list[str]:
    """The codes of steps that the protocol does not know."""
    at = histories.OPENS
    effect = Effect(EffectKind.SUBMIT, histories.SLOT, "a" * 64)
    ledger.intend(effect, {}, at)
    steps: list[Callable[[], Any]] = [
        lambda: ledger.intend(Effect(EffectKind.SUBMIT, histories.SLOT, "b" * 64), {}, at),
        lambda: ledger.advance(effect.key, Phase.CONFIRMED, {}, at),
        lambda: ledger.advance(effect.key, Phase.SENT, {}, at),
        lambda: ledger.intend(Effect(EffectKind.SUBMIT, histories.SLOT, "c" * 64, effect.key), {}, at),
    ]
    codes = []
    for step in steps:
        with pytest.raises(Broken) as caught:
            step()
        codes.append(caught.value.code)
    return codes


def test_the_same_steps_are_refused(tmp_path: Path) -> None:
    with Ledger.open(tmp_path / "ledger.sqlite") as real:
        codes = refusals(real)
    assert refusals(MemoryLedger()) == codes
    assert codes == ["effect-payload-changed", "effect-phase", "sent-without-deadline", "superseded-open"]
