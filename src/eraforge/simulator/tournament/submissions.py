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

    def of_model(self, model_id: str) -> list[Standing]:
        """Every submission of a model, newest first, queued ones for the round they wait for or went into."""
        made = [self._records.submissions[key] for key in self._records.by_model.get(model_id, [])]
        seen = [twin for submission in made for twin in self._twins(submission)]
        chosen: dict[int, SubmissionRecord] = {}
        for submission in sorted(seen, key=lambda one: (not one.late, one.inserted)):
            if submission.error is None and submission.inserted <= self._now():
                chosen[submission.round] = submission
        selected = {submission.id for submission in chosen.values()}
        standings = [Standing(one, self._status(one), one.id in selected) for one in seen]
        standings.reverse()
        return sorted(standings, key=lambda standing: standing.submission.inserted, reverse=True)

    def selected(self, model_id: str, number: int) -> Standing | None:
        """The submission that counts for the model in that round."""
        standings = self.of_model(model_id) if model_id in self._records.by_model else []
        return next((one for one in standings if one.selected and one.submission.round == number), None)

    def find(self, identifier: str) -> SubmissionRecord | None:
        """The submission of that identifier, queued twins included."""
        if identifier in self._records.submissions:
            return self._records.submissions[identifier]
        twins = (twin for one in self._records.submissions.values() if one.queued for twin in self._twins(one))
        return next((twin for twin in twins if twin.id == identifier), None)

    def _twins(self, submission: SubmissionRecord) -> list[SubmissionRecord]:
        """The submission itself and, when it was queued, what it becomes when the next round opens."""
        if not submission.queued or submission.error is not None:
            return [submission]
        number = submission.round + 1
        opens = self._rounds.get(number).opens
        identifier = derived_uuid("queued", submission.id, number)
        return [submission, replace(submission, id=identifier, round=number, inserted=opens, late=False, queued=False)]

    def _status(self, submission: SubmissionRecord) -> str:
        if submission.inserted > self._now():
            return "queued"
        return "late" if submission.late else "on-time"
