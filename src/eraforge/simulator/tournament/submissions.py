"""Which submission counts for a round: on time, late, or queued from before the window opened.

The latest accepted on-time submission is selected; without one, the latest accepted late one. An upload while no
window is open is late for the round that closed last and queued for the next, whose ids the server maps it to.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from eraforge.simulator.tournament.identities import derived_uuid
from eraforge.simulator.tournament.records import Records, SubmissionRecord
from eraforge.simulator.tournament.rounds import Rounds


@dataclass(frozen=True, slots=True)
class Standing:
    """A submission seen at some moment: `on-time`, `late` or `queued`, and whether it is the selected one."""

    submission: SubmissionRecord
    status: str
    selected: bool


class SubmissionBook:
    """The submissions of the accounts (not of the field), seen at a moment of virtual time."""

    def __init__(self, records: Records, rounds: Rounds, now: Callable[[], datetime]) -> None:
        self._records, self._rounds, self._now = records, rounds, now
        self._seen: dict[str, tuple[tuple[int, int], list[Standing]]] = {}

    def of_model(self, model_id: str) -> list[Standing]:
        """Every submission of a model, newest first, queued ones for the round they wait for or went into."""
        made = self._records.by_model.get(model_id, [])
        opened = self._rounds.current_number(self._now())
        version = (len(made), opened)
        if model_id not in self._seen or self._seen[model_id][0] != version:
            self._seen[model_id] = version, self._standings(made, opened)
        return self._seen[model_id][1]

    def selected(self, model_id: str, number: int) -> Standing | None:
        """The submission that counts for the model in that round."""
        standings = self.of_model(model_id) if model_id in self._records.by_model else []
        return next((one for one in standings if one.selected and one.submission.round == number), None)

    def find(self, identifier: str) -> SubmissionRecord | None:
        """The submission of that identifier, queued twins included."""
        if identifier in self._records.submissions:
            return self._records.submissions[identifier]
        twins = (twin for one in self._records.submissions.values() if one.queued for twin in _twins(one))
        return next((twin for twin in twins if twin.id == identifier), None)

    def _standings(self, made: list[str], opened: int) -> list[Standing]:
        seen = [twin for key in made for twin in _twins(self._records.submissions[key])]
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
