"""Which submission counts for a round: on time, late, or queued from before the window opened.

The latest accepted on-time submission is selected; without one, the latest accepted late one. An upload while no
window is open is late for the round that closed last and queued for the next, whose ids the server maps it to.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from typing import TypeAlias

from eraforge.simulator.tournament.identities import derived_uuid
from eraforge.simulator.tournament.records import Records, SubmissionRecord
from eraforge.simulator.tournament.rounds import Rounds

Candidate: TypeAlias = tuple[SubmissionRecord, str]  # a submission or its queued twin, and what it came from


@dataclass(frozen=True, slots=True)
class Standing:
    """A submission seen at some moment: `on-time`, `late` or `queued`, and whether it is the selected one."""

    submission: SubmissionRecord
    status: str
    selected: bool


class SubmissionBook:
    """The submissions of the accounts (not of the field) to one tournament, seen at a moment of virtual time."""

    def __init__(self, records: Records, rounds: Rounds, now: Callable[[], datetime]) -> None:
        self._records, self._rounds, self._now = records, rounds, now
        self._seen: dict[str, tuple[tuple[int, int, int], list[Standing]]] = {}
        self._of_round: defaultdict[int, dict[str, list[Candidate]]] = defaultdict(dict)
        self._indexed = 0
        self.hidden: set[str] = set()
        self.passed_over: set[str] = set()

    def of_model(self, model_id: str) -> list[Standing]:
        """What can be seen of a model's submissions, newest first; queued ones for the round they wait for or are in.

        `hidden` names the files of those that cannot be seen yet; the ones left out are noted in `passed_over`.
        """
        standings = self._all_of(model_id)
        if not self.hidden:
            return standings
        hidden = {one.submission.filename for one in standings} & self.hidden
        self.passed_over |= hidden
        return [one for one in standings if one.submission.filename not in hidden] if hidden else standings

    def _all_of(self, model_id: str) -> list[Standing]:
        made = self._records.by_model.get(model_id, [])
        now = self._now()
        opened, rejected = self._rounds.current_number(now), self._records.disturbances.rejected(now)
        version = (len(made), opened, len(rejected))
        if model_id not in self._seen or self._seen[model_id][0] != version:
            self._seen[model_id] = version, self._standings(made, opened, rejected)
        return self._seen[model_id][1]

    def selected(self, model_id: str, number: int, at: datetime | None = None) -> Standing | None:
        """The submission that counts for the model in that round.

        Args:
            at: by whose rejections; now when left out.
        """
        self._index()
        if number > self._rounds.current_number(self._now()):
            return None
        rejected = self._records.disturbances.rejected(at or self._now())
        made = self._of_round[number].get(model_id, ())
        accepted = [one for one, origin in made if one.error is None and origin not in rejected]
        if not accepted:
            return None
        chosen = next((one for one in reversed(accepted) if not one.late), accepted[-1])
        return Standing(chosen, "late" if chosen.late else "on-time", True)

    def entrants(self, number: int) -> tuple[str, ...]:
        """The models with any submission for that round, in the order of their first one ever."""
        self._index()
        made = self._of_round[number]
        return tuple(model_id for model_id in self._records.by_model if model_id in made)

    def version(self, number: int) -> tuple[int, int]:
        """Differs whenever what is selected in that round may differ."""
        self._index()
        rejected = self._records.disturbances.rejected(self._now())
        return sum(map(len, self._of_round[number].values())), len(rejected)

    def find(self, identifier: str) -> SubmissionRecord | None:
        """The submission of that identifier, queued twins included."""
        if identifier in self._records.submissions:
            return self._records.submissions[identifier]
        twins = (twin for one in self._records.submissions.values() if one.queued for twin in _twins(one))
        return next((twin for twin in twins if twin.id == identifier), None)

    def _index(self) -> None:
        """Take the submissions made since the last call into the index by round and model."""
        made = self._records.submissions
        fresh = list(islice(reversed(made.values()), len(made) - self._indexed))
        tournament = self._rounds.arena.tournament
        own = [one for one in reversed(fresh) if self._records.models[one.model_id].tournament == tournament]
        for record in own:
            for twin in _twins(record):
                self._of_round[twin.round].setdefault(twin.model_id, []).append((twin, record.id))
        self._indexed = len(made)

    def _standings(self, made: list[str], opened: int, rejected: Mapping[str, str]) -> list[Standing]:
        records = (self._records.submissions[key] for key in made)
        judged = [replace(one, error=rejected[one.id]) if one.id in rejected else one for one in records]
        seen = [twin for one in judged for twin in _twins(one)]
        chosen: dict[int, SubmissionRecord] = {}
        for submission in sorted(seen, key=lambda one: not one.late):
            if submission.error is None and submission.round <= opened:
                chosen[submission.round] = submission
        selected = {submission.id for submission in chosen.values()}
        return [Standing(one, _status(one, opened), one.id in selected) for one in reversed(seen)]


def _status(submission: SubmissionRecord, opened: int) -> str:
    if submission.round > opened:
        return "queued"
    return "late" if submission.late else "on-time"


def _twins(submission: SubmissionRecord) -> list[SubmissionRecord]:
    """The submission itself and, when it was queued, what it becomes when the next round opens."""
    if not submission.queued or submission.error is not None:
        return [submission]
    number = submission.round + 1
    identifier = derived_uuid("queued", submission.id, number)
    return [submission, replace(submission, id=identifier, round=number, late=False, queued=False)]
