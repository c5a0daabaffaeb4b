"""The ledger's contract kept in memory, for many thousand histories; a test compares it with the real one.

What may follow what is decided by `store.effects.allowed`, facts pass through the same canonical text. Every write
calls `step` before and after it is done: there a process may die.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

from eraforge.core.errors import Broken
from eraforge.core.words import Effect, Phase, Slot
from eraforge.store.effects import CLOSED, SETTLED, allowed
from eraforge.store.leases import Lease
from eraforge.store.records import EffectRecord, Event, SubmissionRecord, TurnRecord, facts_of, facts_text


def nothing(name: str) -> None:
    """Nobody dies here."""


class MemoryLedger:
    """As much of `store.ledger.Ledger` as effects and the daemon use."""

    def __init__(self, step: Callable[[str], None] = nothing) -> None:
        self.step = step
        self.sequence = 0
        self._every: list[Event] = []
        self._by: dict[tuple[str | None, str | None], list[Event]] = defaultdict(list)
        self._effects: dict[str, EffectRecord] = {}
        self._submissions: dict[str, SubmissionRecord] = {}
        self._by_slot: dict[str, list[str]] = defaultdict(list)
        self._turns: dict[str, TurnRecord] = {}
        self._leases: dict[str, Lease] = {}

    # Events

    def record(self, kind: str, subject: str, facts: Any, at: datetime) -> int:
        self.step("before record")
        sequence = self._append(kind, subject, facts, at)
        self.step("after record")
        return sequence

    def events(self, kind: str | None = None, subject: str | None = None, after: int = 0) -> Iterator[Event]:
        found = self._every if kind is None and subject is None else self._by[kind, subject]
        return iter([event for event in found if event.sequence > after] if after else list(found))

    def last_event(self, kind: str | None = None, subject: str | None = None) -> Event | None:
        found = self._every if kind is None and subject is None else self._by[kind, subject]
        return found[-1] if found else None

    def _append(self, kind: str, subject: str, facts: Any, at: datetime) -> int:
        self.sequence += 1
        event = Event(self.sequence, kind, subject, facts_of(facts_text(facts)), at, "", "")
        self._every.append(event)
        for key in ((kind, subject), (kind, None), (None, subject)):
            self._by[key].append(event)
        return self.sequence

    # Effects

    def intend(self, effect: Effect, facts: Any, at: datetime) -> EffectRecord:
        known = self._effects.get(effect.key)
        if known is not None:
            if known.effect.payload != effect.payload:
                raise Broken("effect-payload-changed", "It has another payload.", "Supersede it.")
            return known
        former = self._effects.get(effect.supersedes) if effect.supersedes else None
        if effect.supersedes and (former is None or former.phase not in CLOSED):
            raise Broken("superseded-open", "The former is not closed.", "Wait.")
        self.step("before intend")
        record = EffectRecord(effect, Phase.INTENDED, None, 0, facts_of(facts_text(facts)), at, at)
        self._keep(record, at)
        self.step("after intend")
        return record

    def advance(
        self, key: str, phase: Phase, facts: Any, at: datetime, *, deadline: datetime | None = None
    ) -> EffectRecord:
        known = self._effects[key]
        if not allowed(known.effect.kind, known.phase, phase):
            raise Broken("effect-phase", f"It cannot go from {known.phase} to {phase}.", "Read it again.")
        if phase is Phase.SENT and deadline is None:
            raise Broken("sent-without-deadline", "It was sent without a deadline.", "Give one.")
        self.step(f"before {phase}")
        record = replace(
            known,
            phase=phase,
            deadline=deadline or known.deadline,
            attempts=known.attempts + (phase is Phase.SENT),
            facts={**known.facts, **facts_of(facts_text(facts))},
            changed_at=at,
        )
        self._keep(record, at)
        self.step(f"after {phase}")
        return record

    def effect(self, key: str) -> EffectRecord | None:
        return self._effects.get(key)

    def open_effects(self) -> list[EffectRecord]:
        later = {one.effect.supersedes for one in self._effects.values()}
        return [one for key, one in self._effects.items() if one.phase not in SETTLED and key not in later]

    def _keep(self, record: EffectRecord, at: datetime) -> None:
        self._effects[record.key] = record
        facts = {"key": record.key, "attempts": record.attempts}
        self._append(f"effect.{record.phase}", record.effect.slot.key, facts, at)

    # What stands

    def remember_submission(self, slot: Slot, submission: Any, digest: str, at: datetime, *, effect: str = "") -> bool:
        known = self._submissions.get(submission.id)
        if known is not None and (known.submission, known.digest, known.effect) == (submission, digest, effect):
            return False
        self.step("before submission")
        self._submissions[submission.id] = SubmissionRecord(slot, submission, digest, effect, at)
        if submission.id not in self._by_slot[slot.key]:
            self._by_slot[slot.key].append(submission.id)
        self._append("submission", slot.key, {"id": submission.id}, at)
        self.step("after submission")
        return True

    def submissions(
        self, slot: Slot | None = None, arena: str | None = None, round_number: int | None = None
    ) -> list[SubmissionRecord]:
        if slot is not None:
            return [self._submissions[one] for one in self._by_slot[slot.key]]
        found = self._submissions.values()
        return [one for one in found if round_number in (None, one.slot.round) and arena in (None, one.slot.arena)]

    def remember_turn(self, slot: Slot, entry: str, state: str, facts: Any, at: datetime) -> None:
        self._turns[slot.key] = TurnRecord(slot, entry, state, facts, at)

    def turns(self, entry: str | None = None, **where: Any) -> list[TurnRecord]:
        return [one for one in self._turns.values() if entry in (None, one.entry)]

    def remember_scores(self, rows: Any, at: datetime) -> Any:
        from eraforge.store.records import ScoreChanges

        return ScoreChanges(0, 0, 0)

    def scores(self, *given: Any, **named: Any) -> list[Any]:
        return []

    def unresolved_since(self, *given: Any) -> None:
        return None

    def payouts(self, *given: Any, **named: Any) -> list[Any]:
        return []

    # Leases

    def take_lease(self, name: str, holder: str, now: datetime, until: datetime) -> bool:
        known = self._leases.get(name)
        if known is not None and known.holder != holder and known.until > now:
            return False
        self._leases[name] = Lease(name, holder, until)
        return True

    def release_lease(self, name: str, holder: str) -> bool:
        if name in self._leases and self._leases[name].holder == holder:
            del self._leases[name]
            return True
        return False

    def leases(self) -> list[Lease]:
        return [self._leases[name] for name in sorted(self._leases)]
