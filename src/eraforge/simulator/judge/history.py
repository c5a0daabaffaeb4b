"""A history read from its lines: what was sent, staked and changed, and which windows there were."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from eraforge.arenas.classic import CLASSIC
from eraforge.arenas.crypto import CRYPTO
from eraforge.arenas.signals import SIGNALS
from eraforge.core.words import Arena
from eraforge.simulator.disturbances.changes import Disturbances
from eraforge.simulator.tournament.identities import derived_uuid
from eraforge.simulator.tournament.records import READY_STAKES
from eraforge.simulator.tournament.rounds import FIRST_ROUND, Rounds

ARENAS: Mapping[int, Arena] = {arena.tournament: arena for arena in (CLASSIC, SIGNALS, CRYPTO)}
Line = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Sent:
    """A submission as the journal has it. `sequence` is the number of its line; `held` the digest of the file."""

    sequence: int
    at: datetime
    id: str
    tournament: int
    model: str
    round: int
    filename: str
    held: str
    late: bool
    error: str | None


@dataclass(frozen=True, slots=True)
class StakeChange:
    """A change of stake: by how much (`value`), in which direction (`kind`), and what is staked after it."""

    sequence: int
    at: datetime
    model: str
    kind: str
    value: Decimal
    stake: Decimal


@dataclass(slots=True)
class History:
    """Everything the checks look at.

    Args:
        sent: submissions, oldest first.
        stakes: changes of stakes, oldest first.
        stored: the digest of every upload, by file name.
        names: of models, by identifier; `staked` what each was created with, where the lines say it.
        rounds: the calendar of each tournament, disturbed as the lines say.
        first, last: the virtual moments between which the history lies.
        requests: the requests, oldest first; none where their file is not there.
    """

    sent: list[Sent] = field(default_factory=list)
    stakes: list[StakeChange] = field(default_factory=list)
    stored: dict[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    staked: dict[str, Decimal] = field(default_factory=dict)
    disturbances: Disturbances = field(default_factory=Disturbances)
    rounds: dict[int, Rounds] = field(default_factory=dict)
    first: datetime | None = None
    last: datetime | None = None
    changes: int = 0
    requests: list[Line] = field(default_factory=list)

    def name(self, model: str) -> str:
        """The name of a model, or its identifier where the lines do not tell."""
        return self.names.get(model, model)

    def accepted(self) -> list[Sent]:
        """Submissions the server accepted, those it rejected later included."""
        return [one for one in self.sent if one.error is None]

    def rejected_by(self, sent: Sent, moment: datetime) -> bool:
        """Whether the server had taken back its acceptance by that moment."""
        rejection = self.disturbances.rejections.get(sent.id)
        return rejection is not None and rejection.since <= moment

    def closed_rounds(self, tournament: int) -> list[int]:
        """The rounds of a tournament whose windows opened and closed within the history."""
        first, last, rounds = self.first, self.last, self.rounds.get(tournament)
        if first is None or last is None or rounds is None:
            return []
        numbers = range(max(FIRST_ROUND, rounds.current_number(first)), rounds.current_number(last) + 1)
        return [one for one in numbers if rounds.get(one).opens >= first and rounds.get(one).closes <= last]


def read_history(lines: Iterable[Line], requests: Iterable[Line] = ()) -> History:
    """The history in these lines.

    Args:
        lines: of a journal: `sequence`, `virtual`, `change`, `facts`.
        requests: of the file of requests.
    """
    history = History(requests=list(requests))
    disturb = history.disturbances.appliers()
    for line in lines:
        at, facts = datetime.fromisoformat(line["virtual"]), line["facts"]
        history.changes += 1
        history.first = at if history.first is None else history.first
        reached = datetime.fromisoformat(facts["to"]) if line["change"] == "clock-moved" else at
        history.last = reached if history.last is None else max(history.last, reached)
        if line["change"] in disturb:
            disturb[line["change"]](at, facts)
        elif line["change"] in _READERS:
            _READERS[line["change"]](history, line)
    return history


def _started(history: History, line: Line) -> None:
    for name, stake in READY_STAKES.items():
        model = derived_uuid("model", line["facts"]["seed"], name)
        history.names[model], history.staked[model] = name, stake


def _model_created(history: History, line: Line) -> None:
    facts = line["facts"]
    history.names[facts["id"]], history.staked[facts["id"]] = facts["name"], Decimal(facts["stake"])


def _object_stored(history: History, line: Line) -> None:
    history.stored[line["facts"]["filename"]] = line["facts"]["digest"]


def _stake_changed(history: History, line: Line) -> None:
    at, facts = datetime.fromisoformat(line["virtual"]), line["facts"]
    amounts = Decimal(facts["value"]), Decimal(facts["stake"])
    history.stakes.append(StakeChange(line["sequence"], at, facts["model"], facts["kind"], *amounts))


def _submission_created(history: History, line: Line) -> None:
    facts = line["facts"]
    tournament = facts.get("tournament", CLASSIC.tournament)
    history.rounds.setdefault(tournament, Rounds(ARENAS[tournament], history.disturbances))
    history.sent.append(
        Sent(
            sequence=line["sequence"],
            at=datetime.fromisoformat(line["virtual"]),
            id=facts["id"],
            tournament=tournament,
            model=facts["model_id"],
            round=facts["round"],
            filename=facts["filename"],
            held=facts["digest"],
            late=facts["late"],
            error=facts["error"],
        )
    )


_READERS = {
    "started": _started,
    "model-created": _model_created,
    "object-stored": _object_stored,
    "stake-changed": _stake_changed,
    "submission-created": _submission_created,
}
