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
from eraforge.simulator.tournament.records import MONEY, READY_ACCOUNT, READY_STAKES, model_identifier
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
    """A change of stake: by how much (`value`), in which direction (`kind`), and what is staked after it.

    `before` is what was staked until then, where the line says it.
    """

    sequence: int
    at: datetime
    tournament: int
    model: str
    kind: str
    value: Decimal
    stake: Decimal
    before: Decimal | None = None


@dataclass(slots=True)
class History:
    """Everything the checks look at.

    Args:
        sent: submissions, oldest first.
        stakes: changes of stakes, oldest first.
        stored: the digest of every upload, by file name.
        moved: when else the stake of a model was moved: positions of a round, releases taken back.
        names: of models, by identifier; `staked` when and with what each was created, where the lines say it;
            `tournaments` where each plays.
        seed, origin: of the simulator, and the number of its first tournament.
        rounds: the calendar of each tournament, disturbed as the lines say.
        first, last: the virtual moments between which the history lies.
        requests: the requests, oldest first; none where their file is not there.
    """

    sent: list[Sent] = field(default_factory=list)
    stakes: list[StakeChange] = field(default_factory=list)
    stored: dict[str, str] = field(default_factory=dict)
    moved: dict[str, list[datetime]] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    staked: dict[str, tuple[datetime, Decimal]] = field(default_factory=dict)
    tournaments: dict[str, int] = field(default_factory=dict)
    seed: int = 0
    origin: int = CLASSIC.tournament
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

    def tournament(self, model: str) -> int:
        """The number of the tournament in which a model plays; the first one where the lines do not tell."""
        return self.tournaments.get(model, self.origin)

    def calendar(self, tournament: int) -> Rounds:
        """The rounds of a tournament, disturbed as the lines say."""
        return self.rounds.setdefault(tournament, Rounds(ARENAS[tournament], disturbances=self.disturbances))

    def settled_between(self, change: StakeChange, since: datetime) -> bool:
        """Whether the stake may have changed by itself since that moment, or was moved otherwise."""
        if any(since <= moment <= change.at for moment in self.moved.get(change.model, ())):
            return True
        rounds = self.calendar(change.tournament)
        numbers = range(FIRST_ROUND, rounds.current_number(change.at) + 1)
        return any(since < rounds.score_moments(one)[-1] <= change.at for one in numbers)

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
    history.seed = line["facts"]["seed"]
    history.origin = line["facts"].get("tournament", CLASSIC.tournament)
    _ready_models(history, line, READY_ACCOUNT, history.origin)


def _tournament_opened(history: History, line: Line) -> None:
    _ready_models(history, line, f"{READY_ACCOUNT}_{line['facts']['name']}", line["facts"]["tournament"])


def _ready_models(history: History, line: Line, stem: str, tournament: int) -> None:
    for letter, stake in READY_STAKES.items():
        name = f"{stem}_{letter}"
        _enter(history, line, model_identifier(history.seed, name, tournament, history.origin), name, stake, tournament)


def _model_created(history: History, line: Line) -> None:
    facts = line["facts"]
    tournament = facts.get("tournament", history.origin)
    _enter(history, line, facts["id"], facts["name"], Decimal(facts["stake"]), tournament)


def _enter(history: History, line: Line, model: str, name: str, stake: Decimal, tournament: int) -> None:
    history.names[model], history.tournaments[model] = name, tournament
    history.staked[model] = datetime.fromisoformat(line["virtual"]), stake


def _model_renamed(history: History, line: Line) -> None:
    history.names[line["facts"]["model"]] = line["facts"]["name"]


def _object_stored(history: History, line: Line) -> None:
    history.stored[line["facts"]["filename"]] = line["facts"]["digest"]


def _stake_changed(history: History, line: Line) -> None:
    at, facts = datetime.fromisoformat(line["virtual"]), line["facts"]
    before = Decimal(facts["before"]) if "before" in facts else None
    amounts = Decimal(facts["value"]), Decimal(facts["stake"]), before
    model = facts["model"]
    history.stakes.append(StakeChange(line["sequence"], at, history.tournament(model), model, facts["kind"], *amounts))


def _stake_moved(history: History, line: Line) -> None:
    history.moved.setdefault(line["facts"]["model"], []).append(datetime.fromisoformat(line["virtual"]))


def _submission_created(history: History, line: Line) -> None:
    facts = line["facts"]
    tournament = facts.get("tournament") or history.tournament(facts["model_id"])
    history.calendar(tournament)
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
    **dict.fromkeys(MONEY - {"stake-changed", "payout-selected"}, _stake_moved),
    "started": _started,
    "tournament-opened": _tournament_opened,
    "model-created": _model_created,
    "model-renamed": _model_renamed,
    "object-stored": _object_stored,
    "stake-changed": _stake_changed,
    "submission-created": _submission_created,
}
