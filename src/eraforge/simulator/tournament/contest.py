"""One tournament as it is played here: its world and rounds, its submissions, their scores, and the standings."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from functools import lru_cache

import numpy as np

from eraforge.core.errors import DataError, Refused
from eraforge.evaluation.neutral.churn import (
    Answer,
    max_churn_and_turnover,
    mean_residual_churn,
    neutral_residual,
)
from eraforge.simulator.disturbances.universe import ChangingUniverse
from eraforge.simulator.port import World
from eraforge.simulator.tournament.records import Records, SubmissionRecord
from eraforge.simulator.tournament.rounds import FIRST_ROUND, Rounds
from eraforge.simulator.tournament.rules.assumptions import Assumptions
from eraforge.simulator.tournament.scoring import ScoreBook
from eraforge.simulator.tournament.standings import Standings
from eraforge.simulator.tournament.submissions import Standing, SubmissionBook
from eraforge.simulator.tournament.validation import read_submission, validate
from eraforge.store.objects import Objects

CHURN_ROUNDS = 5


class Contest:
    """A tournament by its number.

    Args:
        world: its data, truths and competitors.
        records, objects, now: of the simulator.
        stake: NMR that a model has staked now.
        risk: what an account's model has at risk in a closed round.
        assumptions: figures in place of those that the policies leave open.
    """

    def __init__(
        self,
        world: World,
        records: Records,
        objects: Objects,
        now: Callable[[], datetime],
        stake: Callable[[str], Decimal],
        risk: Callable[[int, str], Decimal],
        assumptions: Assumptions,
    ) -> None:
        self.planned, changing = world, ChangingUniverse(world, records.disturbances)
        self.world: World = changing
        self.published = changing.published
        self.arena, self.number = world.arena, world.arena.tournament
        self._records, self._objects, self.stake = records, objects, stake
        self.rounds = Rounds(world.arena, assumptions, records.disturbances)
        self.book = self.rounds.book
        self.live_ids = lru_cache(maxsize=8)(self._live_ids)
        self._loaded = lru_cache(maxsize=1024)(self._load)
        self.submissions = SubmissionBook(records, self.rounds, now)
        self.scores = ScoreBook(self.world, records, self.rounds, self.submissions, self.predictions, risk, now)
        self._churn_as_of = lru_cache(maxsize=4096)(self._churn)
        self._residual_as_of = lru_cache(maxsize=512)(self._residual)
        self.standings = Standings(records, self.rounds, self.scores, now, stake, self.churn)

    def model_ids(self) -> list[str]:
        """Every model of the tournament, in order of creation."""
        return self._records.models_of(self.number)

    def listed(self, number: int) -> list[str]:
        """Names of the dataset files that are listed in a round."""
        return [name for name in self.world.filenames() if self.published.is_listed(name, number)]

    def predictions(self, standing: Standing) -> np.ndarray:
        """(n,) predictions of an accepted submission in the order of its round's live ids; NaN where one is missing."""
        one = standing.submission
        return self._loaded(one.digest, one.filename, one.based_on, one.round)

    def verdict(self, record: SubmissionRecord) -> str | None:
        """Why a submission is rejected, in the official words, or None when it is accepted."""
        try:
            self._loaded(record.digest, record.filename, record.based_on, record.round)
        except Refused as error:
            return error.sentence
        return None

    def based_on(self, number: int, datestamp: int | None) -> int:
        """The round whose ids a submission holds.

        Raises:
            Refused: `datestamp-unknown`.
        """
        for candidate in (number, number - 1):
            if datestamp in (None, self.rounds.datestamp(candidate)):
                return candidate
        raise Refused(
            "datestamp-unknown",
            f"dataDatestamp {datestamp} is not that of a recent round.",
            f"Send {self.rounds.datestamp(number)}, or nothing.",
        )

    def _live_ids(self, number: int) -> np.ndarray:
        return self.world.live_ids(self.rounds.day(number))

    def _load(self, digest: str, filename: str, based_on: int, number: int) -> np.ndarray:
        table = read_submission(self._objects.get(digest), filename, self.arena)
        values = validate(table, self.live_ids(based_on), self.arena, dated=self.book.dated)
        if based_on == number:
            return values
        if self.arena.ids_persist:
            return _carried(values, self.live_ids(based_on), self.live_ids(number))
        return _mapped(values, len(self.live_ids(number)))

    def churn(self, number: int, model_id: str) -> float | None:
        """Mean neutral churn against the model's answers of the five rounds before; None without neutralisers."""
        earlier = range(max(FIRST_ROUND, number - CHURN_ROUNDS), number + 1)
        return self._churn_as_of(number, model_id, tuple(self.submissions.version(one) for one in earlier))

    def _churn(self, number: int, model_id: str, versions: tuple[object, ...]) -> float | None:
        *earlier, current = (
            self._residual_as_of(one, model_id, version)
            for one, version in zip(range(number + 1 - len(versions), number + 1), versions, strict=True)
        )
        if current is None:
            return None
        try:
            return mean_residual_churn(current, [one for one in earlier if one is not None])
        except DataError as error:
            if error.code != "constant-predictions":
                raise
            return None

    def _residual(self, number: int, model_id: str, _version: object) -> tuple[np.ndarray, np.ndarray] | None:
        answer = self._answer(number, model_id)
        return None if answer is None else neutral_residual(answer)

    def counts(self, number: int, model_id: str) -> bool:
        """Whether the stake of a model is at risk in a round it answered.

        Where answers are compared from round to round, one of the five rounds before must have been answered; where
        changes have limits instead of a penalty, the answer must keep below them.
        """
        arena, closes = self.arena, self.rounds.get(number).closes
        if not arena.churn_rounds:
            return True
        answers = {
            one: self.submissions.selected(model_id, one, closes)
            for one in range(max(FIRST_ROUND, number - CHURN_ROUNDS), number + 1)
        }
        current = answers.pop(number)
        earlier = {one: standing for one, standing in answers.items() if standing is not None}
        if current is None or not earlier:
            return False
        if arena.churn_limit is None or self.rounds.policy(number).churn_penalty is not None:
            return True
        held = [self._with_neutralisers(one, self.predictions(standing)) for one, standing in earlier.items()]
        mine = self._with_neutralisers(number, self.predictions(current))
        churn, turnover = max_churn_and_turnover(mine, held)
        return churn < arena.churn_limit and (arena.turnover_limit is None or turnover < arena.turnover_limit)

    def _answer(self, number: int, model_id: str) -> Answer | None:
        values = self.scores.answer(number, model_id)
        if values is None or self.world.neutralizers(self.rounds.day(number)) is None:
            return None
        return self._with_neutralisers(number, values)

    def _with_neutralisers(self, number: int, values: np.ndarray) -> Answer:
        day = self.rounds.day(number)
        neutralisers = self.world.neutralizers(day)
        return Answer(
            self.live_ids(number),
            values,
            np.empty((len(values), 0)) if neutralisers is None else neutralisers,
            self.world.weights(day),
        )


def _mapped(values: np.ndarray, rows: int) -> np.ndarray:
    """Predictions on one round's ids carried to the next round's, by place; ids without a partner get the middle."""
    mapped = np.full(rows, 0.5)
    kept = min(rows, len(values))
    mapped[:kept] = values[:kept]
    return mapped


def _carried(values: np.ndarray, ids: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Predictions carried to another round by id, where ids persist; NaN for ids that were not there."""
    carried = np.full(len(wanted), np.nan)
    _, here, there = np.intersect1d(ids, wanted, assume_unique=True, return_indices=True)
    carried[there] = values[here]
    return carried
