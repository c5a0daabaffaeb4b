"""The effect protocol: the only door through which eraforge changes the outer world.

    (none) → intended → sent → (answer) ─ yes ─▶ confirmed
                          │              └ no, before any change ▶ refused
                          └ time-out, 5xx, cut, crash ▶ unknown ─ settle, read back ─┬ same digest  ▶ confirmed
                                                                                     ├ other digest ▶ held
                                                                                     └ absent, window open ▶ intended

`sent` is on disk before the first byte that can change the round. A Writer is never called twice for one key without a
read-back in between; only reads are retried.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from eraforge.arenas.addresses import is_real_tournament
from eraforge.arenas.credentials import Credentials
from eraforge.arenas.gateway_write import NumeraiWriter
from eraforge.arenas.submission_file import submission_file
from eraforge.arenas.wire.transport import Patience
from eraforge.core.clock import Clock
from eraforge.core.configuration import SubmitTable
from eraforge.core.digest import digest_bytes
from eraforge.core.errors import Ambiguous, Broken, Held, Refused, Transient, UserError
from eraforge.core.ports import Reader, Submission, Ticket, Writer
from eraforge.core.words import Arena, Effect, EffectKind, Phase, Predictions, Round
from eraforge.store.ledger import Ledger


@dataclass(frozen=True, slots=True)
class Receipt:
    """A confirmed submission: what the server holds equals what was decided (`digest` of the file's bytes)."""

    submission_id: str
    filename: str
    digest: str
    effect: str

    def as_dict(self) -> dict[str, str]:
        """The same facts for the ledger and for machines."""
        return {
            "submission_id": self.submission_id,
            "filename": self.filename,
            "digest": self.digest,
            "effect": self.effect,
        }


@dataclass(frozen=True, slots=True)
class Delivery:
    """One submission on its way: the effect and everything needed to send it."""

    effect: Effect
    arena: Arena
    round: Round
    model_id: str
    data: bytes


class Effects:
    """Sends effects and finds out what became of them.

    Args:
        server: address of the tournament; made-up data never goes to the real one.
        ledger: where intents and phases are kept.
        reader, writer: the gateway, reading and writing apart.
        clock: the server's clock; deadlines go by it.
        settings: margins and settle time.
    """

    def __init__(
        self, server: str, ledger: Ledger, reader: Reader, writer: Writer, clock: Clock, settings: SubmitTable
    ) -> None:
        self._server = server
        self._ledger = ledger
        self._reader = reader
        self._writer = writer
        self._clock = clock
        self._settings = settings

    def submit(
        self, predictions: Predictions, arena: Arena, round: Round, model_id: str, supersedes: str = ""
    ) -> Receipt:
        """Make the server hold these predictions for their slot, once.

        Args:
            predictions: checked predictions of the slot.
            supersedes: key of the confirmed effect that a person asked to replace.

        Raises:
            Refused: `synthetic-to-real`, `window-closed`, `window-not-open`, or the server's own no.
            Held: `server-holds-another-answer`, `effect-held`.
            Transient: `submission-not-through`, or what kept the server from being asked.
            UserError: `already-submitted` when another answer was confirmed for the slot.
        """
        if predictions.synthetic is not None and is_real_tournament(self._server):
            raise Refused(
                "synthetic-to-real",
                f"These predictions come from made-up data ({predictions.synthetic}).",
                "The real tournament never gets them: predict on real data, or play in the local tournament.",
            )
        data = predictions.csv(arena.id_column, arena.prediction_column)
        replaced = self._ledger.effect(supersedes) if supersedes else None
        if replaced is not None and replaced.phase is Phase.CONFIRMED and replaced.effect.payload == digest_bytes(data):
            supersedes = replaced.effect.supersedes  # the same answer is already there: nothing to replace
        effect = self._choose(Effect(EffectKind.SUBMIT, predictions.slot, digest_bytes(data), supersedes))
        if self._ledger.effect(effect.key) is None:
            self._ledger.intend(effect, {"model_id": model_id}, self._clock.now())
        return self._drive(Delivery(effect, arena, round, model_id, data))

    def _choose(self, effect: Effect) -> Effect:
        """The effect to drive: this one, or its successor where an earlier payload never reached the round."""
        record = self._ledger.effect(effect.key)
        while record is not None and record.effect.payload != effect.payload:
            if record.phase not in (Phase.INTENDED, Phase.REFUSED):
                raise UserError(
                    "already-submitted",
                    f"{effect.slot.key} already holds another answer ({record.effect.payload[:12]}, {record.phase}).",
                    "Ask for a replacement (`eraforge submit --replace`) if this one should take its place.",
                )
            if record.phase is Phase.INTENDED:
                self._ledger.advance(record.key, Phase.REFUSED, {"reason": "superseded"}, self._clock.now())
            effect = replace(effect, supersedes=record.key)
            record = self._ledger.effect(effect.key)
        return effect

    def _drive(self, delivery: Delivery) -> Receipt:
        for _ in range(self._settings.read_backs):
            record = self._ledger.effect(delivery.effect.key)
            if record is None:
                raise Broken("effect-vanished", "An intended effect is not in the ledger.", "Run `eraforge doctor`.")
            if record.phase is Phase.CONFIRMED:
                return _receipt(record.facts, delivery)
            if record.phase is Phase.REFUSED:
                reason = str(record.facts.get("reason", "no reason given"))
                raise Refused(
                    "submission-refused",
                    f"The answer of {delivery.effect.slot.key} was refused: {reason}.",
                    "Correct it if the round is still open; otherwise wait for the next round.",
                )
            if record.phase is Phase.HELD:
                reason = str(record.facts.get("reason", "unknown"))
                raise Held("effect-held", f"{delivery.effect.slot.key} waits for a person: {reason}.", "See `status`.")
            if record.phase in (Phase.SENT, Phase.UNKNOWN):
                receipt = self._read_back(delivery, str(record.facts.get("filename", "")))
                if receipt is not None:
                    return receipt
            try:
                return self._send(delivery)
            except Ambiguous:
                self._doubt(delivery)
        raise Transient(
            "submission-not-through",
            f"{delivery.effect.slot.key} is not confirmed after {self._settings.read_backs} tries.",
            "Run the same command again; nothing is sent twice without reading back first.",
        )

    def _send(self, delivery: Delivery) -> Receipt:
        self._require_open_window(delivery)
        slot = delivery.effect.slot
        name = submission_file(slot.model, slot.round, delivery.effect.payload).name()
        ticket = self._writer.authorise(delivery.arena, delivery.model_id, name)
        self._writer.put(ticket, delivery.data)
        self._require_open_window(delivery)
        latest = self._clock.now() + timedelta(seconds=self._settings.call_seconds)
        facts = {"filename": ticket.filename, "closes": delivery.round.closes.isoformat()}
        self._ledger.advance(delivery.effect.key, Phase.SENT, facts, self._clock.now(), deadline=latest)
        try:
            submission_id = self._writer.create(delivery.arena, delivery.model_id, ticket)
        except Refused as error:
            self._advance(delivery, Phase.REFUSED, reason=error.sentence)
            raise
        except (Transient, UserError) as error:
            # Both say that nothing happened on the other side: the same effect may be sent again later.
            self._advance(delivery, Phase.UNKNOWN, reason=error.sentence)
            self._advance(delivery, Phase.INTENDED, reason="nothing happened on the server")
            raise
        return self._confirm(delivery, ticket, submission_id)

    def _confirm(self, delivery: Delivery, ticket: Ticket, submission_id: str) -> Receipt:
        found = self._look(delivery, ticket.filename)
        if found is None:
            raise Ambiguous(
                "created-but-not-listed",
                f"The server answered submission {submission_id} but does not list {ticket.filename}.",
                "It is read back again before anything else is sent.",
            )
        return self._compare(delivery, found)

    def _read_back(self, delivery: Delivery, filename: str) -> Receipt | None:
        self._doubt(delivery)
        found = self._look(delivery, filename)
        if found is not None:
            return self._compare(delivery, found)
        self._advance(delivery, Phase.INTENDED, reason="absent after the settle time")
        return None

    def _doubt(self, delivery: Delivery) -> None:
        """What was sent and not answered is unknown until a read-back settles it."""
        record = self._ledger.effect(delivery.effect.key)
        if record is not None and record.phase is Phase.SENT:
            self._advance(delivery, Phase.UNKNOWN, reason="no answer was recorded")

    def _look(self, delivery: Delivery, filename: str) -> Submission | None:
        for attempt in range(self._settings.read_backs):
            if attempt:
                self._clock.sleep(self._settings.settle_seconds)
            listed = self._reader.submissions(delivery.model_id)
            found = [one for one in listed if one.filename == filename]
            if found:
                return found[0]
        return None

    def _compare(self, delivery: Delivery, found: Submission) -> Receipt:
        held = digest_bytes(self._reader.submission_bytes(found.id))
        if held != delivery.effect.payload:
            reason = f"the server holds {held[:12]} under {found.filename}, decided was {delivery.effect.payload[:12]}"
            self._doubt(delivery)
            self._advance(delivery, Phase.HELD, reason=reason)
            raise Held(
                "server-holds-another-answer",
                f"{delivery.effect.slot.key}: {reason}.",
                "Download it, compare, and replace it with `eraforge submit --replace` if it is wrong.",
            )
        receipt = Receipt(found.id, found.filename, held, delivery.effect.key)
        self._ledger.remember_submission(
            delivery.effect.slot, found, held, self._clock.now(), effect=delivery.effect.key
        )
        self._advance(delivery, Phase.CONFIRMED, **receipt.as_dict())
        return receipt

    def _require_open_window(self, delivery: Delivery) -> None:
        now = self._clock.now()
        latest = delivery.round.closes - timedelta(seconds=self._settings.margin_seconds)
        if now >= latest:
            # Given up: nothing of it reached the round, and nothing will.
            self._advance(delivery, Phase.REFUSED, reason="the window closed before it was sent")
            raise Refused(
                "window-closed",
                f"Round {delivery.round.number} takes no submission after {latest:%Y-%m-%d %H:%M:%S} UTC; "
                f"it is {now:%Y-%m-%d %H:%M:%S}.",
                "Wait for the next round: `eraforge round` shows when it opens.",
            )
        if now < delivery.round.opens:
            raise Refused(
                "window-not-open",
                f"Round {delivery.round.number} opens at {delivery.round.opens:%Y-%m-%d %H:%M} UTC.",
                "Wait until it opens; a submission sent now would be queued.",
            )

    def _advance(self, delivery: Delivery, phase: Phase, **facts: Any) -> None:
        self._ledger.advance(delivery.effect.key, phase, facts, self._clock.now())


@contextmanager
def open_effects(
    server: str,
    keys: Credentials,
    ledger: Ledger,
    reader: Reader,
    clock: Clock,
    settings: SubmitTable,
    patience: Patience,
) -> Iterator[Effects]:
    """The door outward for one account, closed afterwards. No other module builds a gateway that writes."""
    writer = NumeraiWriter(server, keys, clock, patience)
    try:
        yield Effects(server, ledger, reader, writer, clock, settings)
    finally:
        writer.close()


def _receipt(facts: Any, delivery: Delivery) -> Receipt:
    return Receipt(
        str(facts.get("submission_id", "")),
        str(facts.get("filename", "")),
        delivery.effect.payload,
        delivery.effect.key,
    )
