"""One slot in its window: fallback first, then the turn, again while there is time, and the fallback at the last."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from eraforge.core.errors import EraforgeError, Held, Transient
from eraforge.core.words import Effect, EffectKind, Entry, Phase, Round
from eraforge.pipeline.daemon import durations, quarantine
from eraforge.pipeline.engine import Engine, Standing
from eraforge.pipeline.notices.office import Office
from eraforge.pipeline.steps.ahead import fallback, training
from eraforge.pipeline.tools import Tools
from eraforge.store.records import EffectRecord

KEYS = ("keys-refused", "no-keys", "permission-missing", "half-a-key")  # no fault of the entry, and it may pass
LONGEST_PAUSE = 300.0
FIRST_PAUSE = 10.0
LEFT_SHARE = 0.1  # no pause takes more of what is left of the window: what was late may come at the last


@dataclass
class Slots:
    """Looks after the slots of open windows.

    Args:
        tools, engine, office: what plays, and what tells.
    """

    tools: Tools
    engine: Engine
    office: Office

    def __post_init__(self) -> None:
        self._failed_at: dict[str, datetime] = {}
        self._held: dict[str, datetime] = {}  # slots the tournament holds an answer of: that never changes again
        self._told: dict[str, datetime] = {}

    def is_filled(self, entry: Entry, number: int) -> bool:
        """Whether the tournament holds a confirmed answer for the slot."""
        slot = fallback.slot_of(entry, number)
        if slot.key not in self._held:
            for one in self.tools.ledger.submissions(slot):
                if one.effect:
                    self._held[slot.key] = one.at
        return slot.key in self._held

    def ready_fallback(self, entry: Entry, played: Round, now: datetime) -> None:
        """Put the fallback into the queue, before anything else of the round; again while its data are late."""
        if self.is_filled(entry, played.number) or fallback.ready(self.tools, entry, played.number) is not None:
            return
        if fallback.last_good(self.tools, entry.name) is None:
            return
        standing = self.engine.standing("fallback", entry, played.number)
        if standing is not None and standing.state == "failed":
            self._failed_at.setdefault(_attempt("fallback", entry, played, standing), now)
        if standing is None or self._may_retry("fallback", entry, played, standing, now):
            self.engine.enqueue("fallback", entry, played.number, played.opens)  # before any turn of the window

    def play(self, entry: Entry, played: Round, now: datetime) -> None:
        """Have the entry's turn played, and again after a failure while there is time."""
        standing = self.engine.standing("turn", entry, played.number)
        if standing is not None and standing.state == "failed" and standing.error is not None:
            self._failed(entry, played, standing, standing.error, now)
        if quarantine.is_quarantined(self.tools, entry) or self.held(entry, played.number):
            return
        if standing is None or self._may_retry("turn", entry, played, standing, now):
            self.engine.enqueue("turn", entry, played.number, self._priority(entry, played))

    def due_for_rescue(self, entry: Entry, played: Round, now: datetime) -> Mapping[str, Any] | None:
        """The fallback to answer with now, or None while there is time or nothing to answer with.

        An entry in quarantine brings no answer of its own: for it nothing is gained by waiting.
        """
        early = now < durations.rescue_moment(self.tools, entry, played)
        if (early and not quarantine.is_quarantined(self.tools, entry)) or self.held(entry, played.number):
            return None
        made = fallback.ready(self.tools, entry, played.number)
        if made is None and not early:
            slot = fallback.slot_of(entry, played.number).key
            told = "There is no answer yet, and no fallback lies ready."
            self.office.tell("fallback-failed", slot, told, now)
        return made

    def filled(self, entry: Entry, played: Round, now: datetime) -> None:
        """Say once that the slot is filled, and stop what is no longer needed."""
        slot = fallback.slot_of(entry, played.number)
        if slot.key in self._told:
            return
        by_fallback = fallback.used(self.tools, entry, played.number)
        if by_fallback:
            sentence = f"Round {played.number} was answered with the last good model; the real one was not ready."
            self.office.tell("fallback-used", slot.key, sentence, now)
        else:
            held = self.tools.ledger.submissions(slot)[-1]
            margin = int((played.closes - held.at).total_seconds() // 60)
            sentence = f"Round {played.number} is answered, {margin} minutes before it closes."
            if self.office.tell("answer-confirmed", slot.key, sentence, now):
                quarantine.note_played(self.tools, entry, played.number)
        self._told[slot.key] = now

    def missed(self, entry: Entry, played: Round, now: datetime) -> None:
        """Say once that a window that was watched went by unfilled, and why."""
        slot = fallback.slot_of(entry, played.number)
        standing = self.engine.standing("turn", entry, played.number)
        cause = "its turn never ended" if standing is None or standing.error is None else standing.error.sentence
        self.office.tell("window-missed", slot.key, f"Round {played.number} closed without an answer: {cause}", now)

    def held(self, entry: Entry, number: int) -> EffectRecord | None:
        """The effect of the slot that waits for a person."""
        effect = Effect(EffectKind.SUBMIT, fallback.slot_of(entry, number), "")
        while (record := self.tools.ledger.effect(effect.key)) is not None:
            if record.phase is Phase.HELD:
                return record
            effect = Effect(EffectKind.SUBMIT, record.effect.slot, "", record.key)
        return None

    def _failed(self, entry: Entry, played: Round, standing: Standing, error: EraforgeError, now: datetime) -> None:
        slot = fallback.slot_of(entry, played.number).key
        self._failed_at.setdefault(_attempt("turn", entry, played, standing), now)
        if isinstance(error, Held):
            self.office.tell("effect-held", slot, error.sentence, now, error.next_step)
            return
        if error.code in KEYS:
            self.office.tell("keys-refused", entry.account, error.sentence, now, error.next_step)
            return
        self.office.tell("turn-failed", f"{slot}/{error.code}", error.sentence, now, error.next_step)
        if isinstance(error, Transient):
            return  # the world's fault, not the entry's
        if error.code == "stage-too-slow" and training.last_trained(self.tools, entry) is None:
            return  # a first training may take longer than a window; it is done before the next one
        if quarantine.note_failure(self.tools, entry, played.number, standing.attempt, error):
            told = f"It failed {self._failures()} times in a row, the last time so: {error.sentence}"
            self.office.tell("entry-quarantined", f"{entry.name}/{played.number}", told, now)

    def _may_retry(self, work: str, entry: Entry, played: Round, standing: Standing, now: datetime) -> bool:
        if standing.state != "failed":
            return False
        passing = isinstance(standing.error, Transient) or (standing.error is not None and standing.error.code in KEYS)
        if not passing and standing.attempt >= self._failures():
            return False
        failed = self._failed_at.get(_attempt(work, entry, played, standing), now)
        left = (played.closes - failed).total_seconds()
        pause = min(FIRST_PAUSE * 2.0 ** (standing.attempt - 1), LONGEST_PAUSE, max(FIRST_PAUSE, left * LEFT_SHARE))
        return now >= failed + timedelta(seconds=pause)

    def _priority(self, entry: Entry, played: Round) -> datetime:
        """Nearest deadline first; of one window those that failed before come last."""
        late = quarantine.failures_in_a_row(self.tools, entry)
        return played.closes + timedelta(minutes=late)

    def _failures(self) -> int:
        return self.tools.configuration.run.failures

    def forget(self, before: datetime) -> None:
        """Drop what was remembered of windows long past."""
        for known in (self._failed_at, self._held, self._told):
            for key in [key for key, at in known.items() if at < before]:
                del known[key]


def _attempt(work: str, entry: Entry, played: Round, standing: Standing) -> str:
    return f"{work} {fallback.slot_of(entry, played.number).key}#{standing.attempt}"
