"""Daily scores of every submission of a round, computed when asked for and kept.

Each block of days is one vectorised call over the whole field. The meta model is the mean of the tie-kept ranks of
the on-time staked submissions, weighted by stake or plain as the rules say; benchmarks enter as the mean of their
ranks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import TypeAlias

import numpy as np

from eraforge.core.digest import digest_value
from eraforge.evaluation.kernels.primitives import clean
from eraforge.simulator.disturbances.changes import Revision
from eraforge.simulator.port import World
from eraforge.simulator.tournament.records import Records
from eraforge.simulator.tournament.rounds import Rounds
from eraforge.simulator.tournament.rules.kernels import ReadyRound, ready, score
from eraforge.simulator.tournament.rules.payouts import at_risk
from eraforge.simulator.tournament.submissions import Standing, SubmissionBook

REMEMBERED_ROUNDS = 72
REMEMBERED_FIELDS = 8  # an answer is compared with those of the rounds before
PLAIN_MEAN_STAKE = Decimal(1)
Risk = Callable[[int, str], Decimal]


@dataclass(frozen=True, slots=True)
class Member:
    """One scored submission of a round: whose, since when, on time or late, and what it has at risk."""

    model_id: str
    submission_id: str
    inserted: datetime
    on_time: bool
    risk: Decimal


Membership: TypeAlias = tuple[tuple[Member, ...], list[Standing | int]]


@dataclass(slots=True)
class RoundScores:
    """The members of a round and their scores: per day a (rules, members) array; NaN where a score has no such day."""

    number: int
    members: tuple[Member, ...]
    revisions: tuple[Revision, ...] = ()
    days: dict[int, np.ndarray] = field(default_factory=dict)
    _places: dict[str, int] = field(default_factory=dict)
    _at_risk: Decimal | None = None
    _percentiles: dict[int, np.ndarray] = field(default_factory=dict)

    @property
    def at_risk(self) -> Decimal:
        """NMR that all members together have at risk."""
        if self._at_risk is None:
            self._at_risk = sum((one.risk for one in self.members), Decimal(0))
        return self._at_risk

    def column(self, model_id: str) -> int | None:
        """Which column is the model's."""
        if not self._places:
            self._places = {member.model_id: place for place, member in enumerate(self.members)}
        return self._places.get(model_id)

    def percentiles(self, day: int) -> np.ndarray:
        """(rules, members) share of on-time members below, in 0..1."""
        if day not in self._percentiles:
            self._percentiles[day] = self._percentiles_of(self.days[day])
        return self._percentiles[day]

    def _percentiles_of(self, values: np.ndarray) -> np.ndarray:
        on_time = np.array([member.on_time for member in self.members])
        result = np.full(values.shape, np.nan)
        for row, scores in enumerate(values):
            ranked = np.flatnonzero(on_time & ~np.isnan(scores))
            if len(ranked):
                ordered, own = np.sort(scores[ranked]), scores[ranked]
                below, up_to = (np.searchsorted(ordered, own, side) for side in ("left", "right"))
                result[row, ranked] = (below + up_to - 1) / 2 / max(len(ranked) - 1, 1)  # ties share their mean place
            for late in np.flatnonzero(~on_time & ~np.isnan(scores)):
                result[row, late] = float(np.mean(scores[ranked] < scores[late])) if len(ranked) else 0.0
        return result


class ScoreBook:
    """The scores of all rounds.

    Args:
        load: gives the (n,) predictions of a submission in the order of the round's live ids.
        risk: gives what an account's model has at risk in a closed round in which it took part on time.
    """

    def __init__(
        self,
        world: World,
        records: Records,
        rounds: Rounds,
        book: SubmissionBook,
        load: Callable[[Standing], np.ndarray],
        risk: Risk,
        now: Callable[[], datetime],
    ) -> None:
        self._world, self._records, self._rounds, self._book = world, records, rounds, book
        self._load, self._risk, self._now = load, risk, now
        self._tables: dict[int, RoundScores] = {}
        self._kept_members: dict[int, tuple[object, Membership]] = {}
        self._prepared: dict[int, tuple[tuple[Member, ...], ReadyRound]] = {}
        self._presence: dict[int, list[int]] = {}
        self._field = lru_cache(maxsize=REMEMBERED_FIELDS)(self._draw_field)

    def table(self, number: int, wanted: Iterable[int]) -> RoundScores:
        """Scores of a closed round on the wanted days (from 1); other days may be there as well."""
        members, columns = self._members(number)
        revisions = self._records.disturbances.revised(self._world.arena.tournament, number, self._now())
        table = self._tables.get(number)
        if table is None or table.members is not members or table.revisions != revisions:
            table = self._tables[number] = RoundScores(number, members, revisions)
        missing = sorted(set(wanted) - table.days.keys())
        if missing:
            scores = self._scores(number, self._prepare(number, members, columns), missing)
            for revision in revisions:
                if revision.day in missing:
                    self._revise(number, revision, scores[missing.index(revision.day)])
            table.days.update(zip(missing, scores, strict=True))
        return table

    def _revise(self, number: int, revision: Revision, scores: np.ndarray) -> None:
        """Put the revised scores of a day in the place of those published first."""
        seed = int(digest_value(self._world.synthetic, "revision", number, revision.day)[:16], 16)
        scores += np.random.default_rng(seed).normal(0.0, revision.size, scores.shape)

    def meta_model(self, number: int) -> np.ndarray:
        """(n,) the stake-weighted meta model of a closed round."""
        return self._prepare(number, *self._members(number)).field.meta_model

    def answer(self, number: int, model_id: str) -> np.ndarray | None:
        """(n,) the predictions that count for a model in a closed round, or None when it took no part."""
        members, columns = self._members(number)
        for member, one in zip(members, columns, strict=True):
            if member.model_id == model_id:
                return np.asarray(self._field(number)[:, one] if isinstance(one, int) else self._load(one))
        return None

    def _members(self, number: int) -> Membership:
        """Who is scored, and where each one's predictions come from: a column of the field, or a submission."""
        version = (self._book.version(number), self._rounds.get(number).closes)
        kept = self._kept_members.get(number)
        if kept is not None and kept[0] == version:
            return kept[1]
        membership = self._membership(number)
        if self._rounds.get(number).closes <= self._now():
            self._kept_members[number] = version, membership
        return membership

    def _membership(self, number: int) -> Membership:
        found, policy = self._rounds.get(number), self._rounds.policy(number)
        members: list[Member] = []
        columns: list[Standing | int] = []
        for place in self._present(number):
            player = self._world.competitors[place]
            name = f"{player.model_id}/{number}"
            members.append(Member(player.model_id, name, found.opens, True, at_risk(player.stake, policy)))
            columns.append(place)
        for model_id in self._book.entrants(number):
            standing = self._book.selected(model_id, number)
            if standing is None:
                continue
            on_time = standing.status == "on-time"
            risk = self._risk(number, model_id) if on_time else Decimal(0)
            one = standing.submission
            members.append(Member(model_id, one.id, one.inserted, on_time, risk))
            columns.append(standing)
        return tuple(members), columns

    def _present(self, number: int) -> list[int]:
        """Places of the competitors who took part."""
        kept = self._presence.get(number)
        if kept is None:
            kept = self._presence[number] = np.flatnonzero(self._world.present(self._rounds.day(number))).tolist()
        return kept

    def _draw_field(self, number: int) -> np.ndarray:
        return self._world.field(self._rounds.day(number))

    def _prepare(self, number: int, members: tuple[Member, ...], columns: list[Standing | int]) -> ReadyRound:
        """The round's predictions made ready, kept for the rounds that are scored daily."""
        kept = self._prepared.get(number)
        if kept is not None and kept[0] is members:
            return kept[1]
        field_columns, day = self._field(number), self._rounds.day(number)
        matrix = [field_columns[:, one] if isinstance(one, int) else self._load(one) for one in columns]
        risks = np.array([float(member.risk) for member in members])
        shares = self._plain_shares(number, members) if self._rounds.book.plain_meta_model else risks
        made = ready(
            clean(np.column_stack(matrix)) if self._rounds.arena.minimum_rows else np.column_stack(matrix),
            risks,
            shares,
            self._world.benchmarks(day)[1],
            self._world.neutralizers(day),
            self._world.weights(day),
        )
        self._prepared[number] = members, made
        while len(self._prepared) > REMEMBERED_ROUNDS:
            self._prepared.pop(next(iter(self._prepared)))
        return made

    def _plain_shares(self, number: int, members: tuple[Member, ...]) -> np.ndarray:
        """1 for every member whose stake over all rounds is large enough, 0 for the others."""
        least = at_risk(PLAIN_MEAN_STAKE, self._rounds.policy(number))
        return np.array([float(member.risk >= least) for member in members])

    def _scores(self, number: int, made: ReadyRound, wanted: list[int]) -> list[np.ndarray]:
        """(rules, members) for each wanted day."""
        day = self._rounds.day(number)
        rules = self._rounds.rules
        result = [np.full((len(rules), made.predictions.shape[1]), np.nan) for _ in wanted]
        truths: dict[tuple[str, int], np.ndarray] = {}
        for row, rule in enumerate(rules):
            scored = [place for place, score_day in enumerate(wanted) if score_day <= rule.days]
            if not scored:
                continue
            if (rule.target, rule.days) not in truths:
                columns = [self._world.truth(day, rule.target, wanted[place]) for place in scored]
                truths[rule.target, rule.days] = np.column_stack(columns)
            for place, scores in zip(scored, score(rule.kernel, made, truths[rule.target, rule.days]), strict=True):
                result[place][row] = scores
        return result
