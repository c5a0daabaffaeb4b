"""Submissions: leave to upload, the file, the creation of the submission; read back by name, round and bytes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from eraforge.arenas.submission_file import submission_file
from eraforge.core.configuration import SubmitTable
from eraforge.core.digest import digest_bytes
from eraforge.core.errors import Broken, Held, Refused
from eraforge.core.ports import Reader, Submission, Ticket, Writer
from eraforge.core.words import Arena, Effect, Round
from eraforge.pipeline.effects.conduct import Facts, Note, Objection, Sighting
from eraforge.store.ledger import Ledger


class Timing(StrEnum):
    """When a person lets a submission be sent: inside the window, or on purpose outside of it."""

    WINDOW = "window"
    LATE = "late"
    QUEUE = "queue"


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


@dataclass(frozen=True)
class SubmissionConduct:
    """One submission on its way.

    Args:
        data: the file; None where it is only to be found out what became of it.
        round: the round it is for.
        timing: whether a person asked for it outside the window.
    """

    effect: Effect
    arena: Arena
    round: Round
    model_id: str
    data: bytes | None
    timing: Timing
    settings: SubmitTable
    reader: Reader
    writer: Writer
    ledger: Ledger
    what: str = "answer"
    remedy: str = "Download it, compare, and replace it with `eraforge submit --replace` if it is wrong."
    reads_back: bool = True

    def mismatch(self, told: str) -> Held:
        """Somebody must look before anything else is done."""
        return Held("server-holds-another-answer", f"{self.effect.slot.key}: {told}.", self.remedy)

    def objection(self, now: datetime) -> Objection | None:
        """Outside the window nothing is sent by accident."""
        latest = self.round.closes - timedelta(seconds=self.settings.margin_seconds)
        if self.timing is Timing.WINDOW and now >= latest:
            return Objection(
                Refused(
                    "window-closed",
                    f"Round {self.round.number} takes no submission after {latest:%Y-%m-%d %H:%M:%S} UTC; "
                    f"it is {now:%Y-%m-%d %H:%M:%S}.",
                    "Wait for the next round: `eraforge round` shows when it opens.",
                ),
                given_up="the window closed before it was sent",
            )
        if self.timing is not Timing.QUEUE and now < self.round.opens:
            return Objection(
                Refused(
                    "window-not-open",
                    f"Round {self.round.number} opens at {self.round.opens:%Y-%m-%d %H:%M} UTC.",
                    "Wait until it opens, or queue the answer on purpose with `eraforge submit --queue`.",
                )
            )
        return None

    def prepare(self, note: Note) -> Facts:
        """Leave to upload and the file itself: the round does not change yet."""
        if self.data is None:
            raise Broken(
                "nothing-to-send", f"The file of {self.effect.slot.key} is not at hand.", "Play the turn again."
            )
        slot = self.effect.slot
        name = submission_file(slot.model, slot.round, self.effect.payload).name()
        ticket = self.writer.authorise(self.arena, self.model_id, name)
        note("authorised", {"filename": ticket.filename})
        self.writer.put(ticket, self.data)
        note("put", {"filename": ticket.filename, "bytes": len(self.data)})
        return {
            "filename": ticket.filename,
            "model_id": self.model_id,
            "timing": str(self.timing),
            "closes": self.round.closes.isoformat(),
        }

    def send(self, prepared: Facts) -> Facts:
        """Make the uploaded file the model's submission."""
        ticket = Ticket(str(prepared["filename"]), "")  # creation goes by the name; the address is not kept
        return {"submission_id": self.writer.create(self.arena, self.model_id, ticket)}

    def look(self, facts: Mapping[str, Any]) -> Sighting | None:
        """The submission of that file name: its round, and the bytes the server holds."""
        name = str(facts.get("filename", ""))
        found = next((one for one in self.reader.submissions(self.model_id) if one.filename == name), None)
        if found is None:
            return None
        held = digest_bytes(self.reader.submission_bytes(found.id))
        decided = self.effect.payload
        receipt = Receipt(found.id, found.filename, held, self.effect.key)
        told = f"the server holds {held[:12]} under {found.filename}, decided was {decided[:12]}"
        if not self._of_round(found):
            held, told = "", f"the server filed {found.filename} under round {found.round}"
        return Sighting(held, told, {**receipt.as_dict(), "selected": found.selected}, found)

    def keep(self, sighting: Sighting, at: datetime) -> None:
        """The submission stands in the ledger's own table."""
        self.ledger.remember_submission(self.effect.slot, sighting.seen, sighting.payload, at, effect=self.effect.key)

    def _of_round(self, found: Submission) -> bool:
        """A queued answer is filed under the round that has just closed until the one it waits for opens."""
        wanted = self.effect.slot.round
        return found.round == wanted or (self.timing is Timing.QUEUE and found.round == wanted - 1)
