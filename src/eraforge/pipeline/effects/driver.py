"""The one driver of every effect: intent, send, settle, read back, decide."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from eraforge.core.clock import Clock
from eraforge.core.configuration import SubmitTable
from eraforge.core.errors import Ambiguous, Broken, Held, Refused, Transient, UserError
from eraforge.core.words import Phase
from eraforge.pipeline.effects.conduct import Conduct, Facts, Sighting
from eraforge.pipeline.effects.sender import may_be_running, this_process
from eraforge.pipeline.effects.settling import Settling
from eraforge.store.ledger import Ledger
from eraforge.store.records import EffectRecord

STEP = "step"
WATCH_SECONDS = 0.5


class Driver:
    """Takes an intended effect to its end, from whatever phase a crash left it in.

    Args:
        ledger: where every phase is written down before it is relied on.
        clock: the server's clock.
        settings: how often and how long is read back.
        settling: the measured settle time of the gateway.
    """

    def __init__(self, ledger: Ledger, clock: Clock, settings: SubmitTable, settling: Settling) -> None:
        self._ledger = ledger
        self._clock = clock
        self._settings = settings
        self._settling = settling

    def drive(self, conduct: Conduct) -> Facts:
        """Have the outer world hold the effect, once; the facts of its confirmation.

        Raises:
            Refused: an objection, or the other side's no. Held: a person decides. Transient: `effect-not-through`.
        """
        for _ in range(self._settings.read_backs):
            record = self.record(conduct)
            if record.phase is Phase.CONFIRMED:
                return dict(record.facts)
            self._require_undecided(conduct, record)
            if record.phase in (Phase.SENT, Phase.UNKNOWN):
                found = self.resolve(conduct)
                if found is not None:
                    return found
            try:
                return self._send(conduct)
            except Ambiguous:
                self._doubt(conduct)
            except Broken as error:
                if error.code != "effect-phase":
                    raise  # another process took it further: look again
        raise Transient(
            "effect-not-through",
            f"The {conduct.what} of {conduct.effect.slot.key} is not confirmed "
            f"after {self._settings.read_backs} tries.",
            "Run the same command again; nothing is sent twice without reading back first.",
        )

    def resolve(self, conduct: Conduct) -> Facts | None:
        """What became of an effect that was sent: its facts when confirmed, None when it may be sent again.

        Raises:
            Held: the outer world holds something else, or nothing where money is concerned.
        """
        if self._another_sends(conduct):
            return dict(self.record(conduct).facts) if self.record(conduct).phase is Phase.CONFIRMED else None
        self._doubt(conduct)
        found = self._look(conduct, self.record(conduct).facts) if conduct.reads_back else None
        if found is not None:
            return self._compare(conduct, found, self.record(conduct).facts)
        if conduct.effect.kind.moves_money:
            reason = "it was sent, was not answered, and is not there after the settle time"
            raise self._hold(
                conduct, reason, Held("effect-absent", f"{conduct.effect.slot.key}: {reason}.", conduct.remedy)
            )
        self.advance(conduct, Phase.INTENDED, reason="absent after the settle time")
        return None

    def record(self, conduct: Conduct) -> EffectRecord:
        """The effect as the ledger holds it now."""
        record = self._ledger.effect(conduct.effect.key)
        if record is None:
            raise Broken("effect-vanished", "An intended effect is not in the ledger.", "Run `eraforge doctor`.")
        return record

    def advance(self, conduct: Conduct, phase: Phase, **facts: Any) -> None:
        """One step further."""
        self._ledger.advance(conduct.effect.key, phase, facts, self._clock.now())

    def _require_undecided(self, conduct: Conduct, record: EffectRecord) -> None:
        reason = str(record.facts.get("reason", "no reason given"))
        if record.phase is Phase.REFUSED:
            raise Refused(
                "effect-refused",
                f"The {conduct.what} of {conduct.effect.slot.key} was refused: {reason}.",
                "Correct it if there is still time; otherwise wait for the next round.",
            )
        if record.phase is Phase.HELD:
            raise Held("effect-held", f"{conduct.effect.slot.key} waits for a person: {reason}.", conduct.remedy)

    def _send(self, conduct: Conduct) -> Facts:
        self._require_leave(conduct)
        prepared = self._prepare(conduct)
        self._require_leave(conduct)
        latest = self._clock.now() + timedelta(seconds=self._settings.call_seconds)
        facts = {**prepared, "sender": this_process()}
        self._ledger.advance(conduct.effect.key, Phase.SENT, facts, self._clock.now(), deadline=latest)
        if self._clock.now() >= latest:
            raise Ambiguous("sender-slept", "This process stood still before it sent.", "It is read back first.")
        try:
            answer = conduct.send(prepared)
        except Refused as error:
            self.advance(conduct, Phase.REFUSED, reason=error.sentence)
            raise
        except (Transient, UserError) as error:
            self._nothing_happened(conduct, error.sentence)
            raise
        return self._confirm(conduct, {**prepared, **answer})

    def _prepare(self, conduct: Conduct) -> Facts:
        """Everything before the change. A no ends what would have moved money; predictions are tried again."""
        tries = 1 if conduct.effect.kind.moves_money else self._settings.read_backs
        while True:
            tries -= 1
            try:
                return conduct.prepare(lambda step, facts: self._note(conduct, step, facts))
            except Refused as error:
                if conduct.effect.kind.moves_money:
                    self.advance(conduct, Phase.REFUSED, reason=error.sentence)
                raise
            except Transient:
                if not tries:
                    raise
            self._clock.sleep(max(self._settings.settle_seconds, self._pause()))
            self._require_leave(conduct)

    def _nothing_happened(self, conduct: Conduct, reason: str) -> None:
        """The gateway is certain of it. Predictions may be sent again later; money waits for a new decision."""
        if conduct.effect.kind.moves_money:
            self.advance(conduct, Phase.REFUSED, reason=reason)
            return
        self.advance(conduct, Phase.UNKNOWN, reason=reason)
        self.advance(conduct, Phase.INTENDED, reason="nothing happened on the server")

    def _confirm(self, conduct: Conduct, facts: Facts) -> Facts:
        self._note(conduct, "answered", facts)
        if not conduct.reads_back:
            return self._settle(conduct, Sighting(conduct.effect.payload, "", facts))
        answered = self._clock.now()
        found = self._look(conduct, facts)
        if found is None:
            raise Ambiguous(
                "created-but-not-listed",
                f"The server answered the {conduct.what} of {conduct.effect.slot.key} but does not show it.",
                "It is read back again before anything else is sent.",
            )
        self._settling.note(str(conduct.effect.kind), (self._clock.now() - answered).total_seconds(), answered)
        return self._compare(conduct, found, facts)

    def _look(self, conduct: Conduct, facts: Mapping[str, Any]) -> Sighting | None:
        for attempt in range(self._settings.read_backs):
            if attempt:
                self._clock.sleep(self._pause())
            found = conduct.look(facts)
            if found is not None:
                return found
        return None

    def _pause(self) -> float:
        """Seconds between two looks, so that all of them take the settle time."""
        return self._settling.seconds() / max(self._settings.read_backs - 1, 1)

    def _compare(self, conduct: Conduct, found: Sighting, facts: Mapping[str, Any]) -> Facts:
        if found.payload != conduct.effect.payload:
            found = self._look_again(conduct, found, facts)
        if found.payload != conduct.effect.payload:
            raise self._hold(conduct, found.told, conduct.mismatch(found.told))
        return self._settle(conduct, found)

    def _look_again(self, conduct: Conduct, found: Sighting, facts: Mapping[str, Any]) -> Sighting:
        """One reading that is ours proves that ours is held: what is cut on its way here may be cut alike again."""
        for _ in range(self._settings.read_backs):
            self._clock.sleep(self._pause())
            found = conduct.look(facts) or found
            if found.payload == conduct.effect.payload:
                return found
        return found

    def _settle(self, conduct: Conduct, found: Sighting) -> Facts:
        conduct.keep(found, self._clock.now())
        self.advance(conduct, Phase.CONFIRMED, **found.facts)
        return dict(self.record(conduct).facts)

    def _hold(self, conduct: Conduct, reason: str, error: Held) -> Held:
        self._doubt(conduct)
        self.advance(conduct, Phase.HELD, reason=reason, code=error.code)
        return error

    def _doubt(self, conduct: Conduct) -> None:
        """What was sent and not answered is unknown until a read-back settles it."""
        if self.record(conduct).phase is Phase.SENT:
            self.advance(conduct, Phase.UNKNOWN, reason="no answer was recorded")

    def _another_sends(self, conduct: Conduct) -> bool:
        """Wait while another process may be in the middle of its call; whether the effect went on meanwhile."""
        first = self.record(conduct)
        for _ in range(math.ceil(self._settings.call_seconds / WATCH_SECONDS)):
            record = self.record(conduct)
            if (record.phase, record.attempts) != (first.phase, first.attempts):
                return record.phase is not Phase.UNKNOWN
            over = record.deadline is None or self._clock.now() >= record.deadline
            if record.phase is not Phase.SENT or over or not may_be_running(str(record.facts.get("sender", ""))):
                return False
            self._clock.sleep(WATCH_SECONDS)
        return False

    def _require_leave(self, conduct: Conduct) -> None:
        objection = conduct.objection(self._clock.now())
        if objection is None:
            return
        if objection.given_up and self.record(conduct).phase is Phase.INTENDED:
            self.advance(conduct, Phase.REFUSED, reason=objection.given_up)
        raise objection.error

    def _note(self, conduct: Conduct, step: str, facts: Mapping[str, Any]) -> None:
        """A phase that changes nothing in the outer world, as an event of its own."""
        told = {"key": conduct.effect.key, "step": step, "facts": dict(facts)}
        self._ledger.record(STEP, conduct.effect.slot.key, told, self._clock.now())
