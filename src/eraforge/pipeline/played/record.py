"""What a turn leaves behind so that it can be played again.

Every stage leaves its moment, the digest of its output, and the output itself where it is short. The first one adds the
entry as it was configured, and the versions it was computed with.
"""

from __future__ import annotations

import platform
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from functools import lru_cache
from importlib import metadata
from typing import Any

from eraforge.core.digest import digest_bytes
from eraforge.core.words import Entry, Slot
from eraforge.pipeline.stage_cache import as_json
from eraforge.pipeline.tools import Tools
from eraforge.store.ledger import Ledger
from eraforge.store.records import Event

TURN = "turn"
FIRST, LAST = "fetch", "submit"
SHORT = 4_000  # characters of an output that stands in the ledger itself: digests do, names of features do not
LIBRARIES = (
    "eraforge",
    "numpy",
    "scipy",
    "polars",
    "pyarrow",
    "numba",
    "scikit-learn",
    "lightgbm",
    "xgboost",
    "catboost",
    "torch",
)


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage as it was recorded: when it began, and what it gave (`output` only where that is short)."""

    name: str
    began: datetime
    digest: str
    output: Any = None


@dataclass
class Attempt:
    """One time an entry played a round, from its first stage on.

    Args:
        entry: as it was configured then, its data version named.
        number: the round whose live data it read; that of `slot`, unless the answer was queued for a later one.
        before, until: sequences of the ledger's events before its first stage ended, and of its last one.
        made_with: names to versions of what computed it.
    """

    slot: Slot
    entry: Entry
    number: int
    before: int
    until: int
    made_with: Mapping[str, str]
    stages: dict[str, Stage] = field(default_factory=dict)

    @property
    def submitted(self) -> bool:
        """Whether its answer was confirmed."""
        return LAST in self.stages


def note(tools: Tools, entry: Entry, slot: Slot, number: int, name: str, began: datetime, output: Any) -> None:
    """Write down what a stage gave.

    Args:
        number: the round whose live data the turn reads.
        began: when the stage began; what was known then is what it knew.
    """
    told = as_json({"output": output})
    facts: dict[str, Any] = {"began": began, "digest": digest_of(output)}
    if len(told) <= SHORT:
        facts["output"] = output
    if name == FIRST:
        version = tools.arena(entry).version
        facts |= {"slot": asdict(slot), "number": number, "made_with": dict(made_with())}
        facts["entry"] = {**asdict(entry), "version": version}
    tools.ledger.remember_turn(slot, entry.name, name, facts, tools.clock.now())


def digest_of(output: Any) -> str:
    """Digest of what a stage gave: of its JSON, in which the order of names does not count."""
    return digest_bytes(as_json({"output": output}))


def attempts(ledger: Ledger, entry: str = "") -> Iterator[Attempt]:
    """Every recorded attempt of the entry, or of all of them, in the order in which they began."""
    running: dict[tuple[str, str], Attempt] = {}
    for event in ledger.events(kind=TURN):
        name, stage, facts = str(event.facts["entry"]), str(event.facts["state"]), event.facts["facts"]
        if (entry and name != entry) or "digest" not in facts:
            continue  # another's, or of a release that kept nothing to play again
        place = (event.subject, name)
        if stage == FIRST:
            if place in running:
                yield running[place]
            running[place] = _begun(event, facts)
        elif place in running:
            running[place].until = event.sequence
        else:
            continue
        began = datetime.fromisoformat(str(facts["began"]))
        running[place].stages[stage] = Stage(stage, began, str(facts["digest"]), facts.get("output"))
    yield from running.values()


def entry_of(facts: Mapping[str, Any]) -> Entry:
    """The entry behind its plain facts: lists are tuples again."""
    plain: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in facts.items()}
    return Entry(**plain)


@lru_cache(maxsize=1)
def made_with() -> Mapping[str, str]:
    """Names to versions of what computes here: Python, the machine, and the libraries that are installed."""
    found = {"python": platform.python_version(), "machine": f"{platform.system()} {platform.machine()}"}
    for name in LIBRARIES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def _begun(event: Event, facts: Mapping[str, Any]) -> Attempt:
    slot, entry = Slot(**facts["slot"]), entry_of(facts["entry"])
    return Attempt(slot, entry, int(facts["number"]), event.sequence - 1, event.sequence, facts["made_with"])
