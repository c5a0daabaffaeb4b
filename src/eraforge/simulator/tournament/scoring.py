"""Daily scores of every submission of a round, computed when asked for and kept.

Each block of days is one vectorised call over the whole field. The meta model is the stake-weighted mean of the
tie-kept ranks of the on-time staked submissions; benchmarks enter as the mean of their ranks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

import numpy as np

from eraforge.evaluation.scores import corr_each, corr_with_meta_model, mmc_each
from eraforge.simulator.port import World
from eraforge.simulator.tournament.payouts import at_risk
from eraforge.simulator.tournament.records import Records
from eraforge.simulator.tournament.rounds import SCORE_RULES, Rounds, ScoreRule
from eraforge.simulator.tournament.submissions import Standing, SubmissionBook


@dataclass(frozen=True, slots=True)
class Member:
    """One scored submission of a round: whose, since when, on time or late, and what it has at risk."""

    model_id: str
    submission_id: str
    inserted: datetime
    on_time: bool
    risk: Decimal


@dataclass(slots=True)
class RoundScores:
    """The members of a round and their scores: per day a (rules, members) array; NaN where a score has no such day."""

    number: int
    members: tuple[Member, ...]
    days: dict[int, np.ndarray] = field(default_factory=dict)

    def column(self, model_id: str) -> int | None:
        """Which column is the model's."""
        return next((place for place, member in enumerate(self.members) if member.model_id == model_id), None)

    def percentiles(self, day: int) -> np.ndarray:
        """(rules, members) share of on-time members below, in 0..1."""
        from scipy.stats import rankdata

        values = self.days[day]
        on_time = np.array([member.on_time for member in self.members])
        result = np.full(values.shape, np.nan)
        for row, scores in enumerate(values):
            for_rank = np.flatnonzero(on_time & ~np.isnan(scores))
            if len(for_rank):
                ranks = rankdata(scores[for_rank])
                result[row, for_rank] = (ranks - 1) / max(len(for_rank) - 1, 1)
            for late in np.flatnonzero(~on_time & ~np.isnan(scores)):
                result[row, late] = float(np.mean(scores[for_rank] < scores[late])) if len(for_rank) else 0.0
        return result


class ScoreBook:
    """The scores of all rounds.

    Args:
        load: gives the (n,) predictions of a submission in the order of the round's live ids.
    """

    def __init__(
        self,
        world: World,
        records: Records,
        rounds: Rounds,
        book: SubmissionBook,
        load: Callable[[Standing], np.ndarray],
    ) -> None:
        self._world, self._records, self._rounds, self._book, self._load = world, records, rounds, book, load
        self._tables: dict[int, RoundScores] = {}
        self._presence: dict[int, list[int]] = {}

    def table(self, number: int, wanted: Iterable[int]) -> RoundScores:
        """Scores of a closed round on the wanted days (1..60); other days may be there as well."""
        members, columns = self._members(number)
        table = self._tables.get(number)
        if table is None or table.members != members:
            table = self._tables[number] = RoundScores(number, members)
        missing = sorted(set(wanted) - table.days.keys())
        if missing:
            scores = self._scores(number, members, self._matrix(number, columns), missing)
            table.days.update(zip(missing, scores, strict=True))
        return table

    def meta_model(self, number: int) -> np.ndarray:
        """(n,) the stake-weighted meta model of a closed round."""
        members, columns = self._members(number)
        return self._meta_model(members, self._matrix(number, columns))

    def _members(self, number: int) -> tuple[tuple[Member, ...], list[Standing | int]]:
        """Who is scored, and where each one's predictions come from: a column of the field, or a submission."""
        found = self._rounds.get(number)
        members: list[Member] = []
        columns: list[Standing | int] = []
        for place in self._present(number):
            player = self._world.competitors[place]
            name = f"{player.model_id}/{number}"
            members.append(Member(player.model_id, name, found.opens, True, at_risk(player.stake)))
            columns.append(place)
        for model_id in self._records.by_model:
            standing = self._book.selected(model_id, number)
            if standing is None:
                continue
            on_time = standing.status == "on-time"
            stake = self._records.models[model_id].stake_at(found.closes) if on_time else Decimal(0)
            one = standing.submission
            members.append(Member(model_id, one.id, one.inserted, on_time, at_risk(stake)))
            columns.append(standing)
        return tuple(members), columns

    def _present(self, number: int) -> list[int]:
        kept = self._presence.get(number)
        if kept is None:
            predictions = self._world.field(self._rounds.day(number))
            kept = self._presence[number] = np.flatnonzero(~np.isnan(predictions).any(axis=0)).tolist()
        return kept

    def _matrix(self, number: int, columns: list[Standing | int]) -> np.ndarray:
        day = self._rounds.day(number)
        predictions = self._world.field(day)
        return np.column_stack([predictions[:, one] if isinstance(one, int) else self._load(one) for one in columns])

    def _meta_model(self, members: tuple[Member, ...], matrix: np.ndarray) -> np.ndarray:
        weights = np.array([float(member.risk) for member in members])
        meta: np.ndarray = _ranked(matrix) @ (weights / weights.sum())
        return meta

    def _scores(
        self, number: int, members: tuple[Member, ...], matrix: np.ndarray, wanted: list[int]
    ) -> list[np.ndarray]:
        """(rules, members) for each wanted day."""
        day = self._rounds.day(number)
        references = {
            "mmc": self._meta_model(members, matrix),
            "bmc": _ranked(self._world.benchmarks(day)[1]).mean(axis=1),
        }
        result = [np.full((len(SCORE_RULES), matrix.shape[1]), np.nan) for _ in wanted]
        truths: dict[tuple[str, int], np.ndarray] = {}
        for row, rule in enumerate(SCORE_RULES):
            scored = [place for place, score_day in enumerate(wanted) if score_day <= rule.days]
            if not scored:
                continue
            if (rule.target, rule.days) not in truths:
                columns = [self._world.truth(day, rule.target, wanted[place]) for place in scored]
                truths[rule.target, rule.days] = np.column_stack(columns)
            for place, scores in zip(
                scored, _kernel(rule, matrix, references, truths[rule.target, rule.days]), strict=True
            ):
                result[place][row] = scores
        return result


def _kernel(rule: ScoreRule, matrix: np.ndarray, references: dict[str, np.ndarray], truths: np.ndarray) -> np.ndarray:
    if rule.kernel == "corr":
        return corr_each(matrix, truths)
    if rule.kernel == "meta":
        return np.tile(corr_with_meta_model(matrix, references["mmc"]), (truths.shape[1], 1))
    return mmc_each(matrix, references[rule.kernel], truths)


def _ranked(matrix: np.ndarray) -> np.ndarray:
    from scipy.stats import rankdata

    ranks: np.ndarray = (rankdata(matrix, axis=0) - 0.5) / len(matrix)
    return ranks
