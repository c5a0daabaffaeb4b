"""A process that has imported the store and forks a child per line it reads: `task address root`.

Children write one line per thing that the store has acknowledged to them; the tests kill them and look what is left.
"""

from __future__ import annotations

import os
import signal
import sys
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

from eraforge.core.words import Effect, EffectKind, Phase, Slot
from eraforge.store.ledger import Ledger
from eraforge.store.objects import Objects

AT = datetime(2026, 9, 1, 12, 0, tzinfo=UTC)


def say(*words: object) -> None:
    os.write(1, (" ".join(map(str, words)) + "\n").encode())


def work(address: str, root: Path) -> None:
    """Events, objects and effects without end."""
    own = os.getpid()
    ledger, objects = Ledger.open(address), Objects(root)
    for number in count():
        say("event", ledger.record("work", str(own), {"number": number}, AT), own, number)
        digest = objects.put(f"{own} {number} ".encode() * 20_000)
        say("object", digest)
        effect = Effect(EffectKind.SUBMIT, Slot("main", str(own), "classic", number), digest)
        say("effect", effect.key, ledger.intend(effect, {}, AT).phase)
        for phase in (Phase.SENT, Phase.UNKNOWN, Phase.CONFIRMED):
            record = ledger.advance(effect.key, phase, {"try": 1}, AT, deadline=AT + timedelta(seconds=9))
            say("effect", effect.key, record.phase)


def append(address: str, root: Path) -> None:
    """Twenty events, and the same effect that every other child wants to send."""
    own = os.getpid()
    effect = Effect(EffectKind.SUBMIT, Slot("main", "model", "classic", 1345), "a" * 64)
    with Ledger.open(address) as ledger:
        for number in range(20):
            ledger.record("append", str(own), {"number": number}, AT)
        if ledger.intend(effect, {}, AT).phase is Phase.INTENDED:
            ledger.advance(effect.key, Phase.SENT, {"by": own}, AT, deadline=AT)
            say("sent", own)


def main() -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # children are buried at once
    for line in sys.stdin:
        task, address, root = line.split()
        if task == "mark":
            say("mark", address)
            continue
        child = os.fork()
        if child:
            say("started", child)
            continue
        try:
            {"work": work, "append": append}[task](address, Path(root))
        finally:
            say("ended", os.getpid())
            os._exit(0)


if __name__ == "__main__":
    main()
