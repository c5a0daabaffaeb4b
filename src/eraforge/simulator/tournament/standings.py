"""Leaderboards: reputations, ranks, returns and payouts, from final scores alone.

A reputation is the mean of a score over the rounds in which it became final, at most the last 252 of them. The model
rank orders the mean of the payout-weighted scores; models without a final score follow by stake.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

import numpy as np

from eraforge.simulator.tournament.payouts import split_payout
from eraforge.simulator.tournament.records import Records
from eraforge.simulator.tournament.rounds import FIRST_ROUND, SCORE_DAYS, SCORE_RULES, Rounds
from eraforge.simulator.tournament.scoring import RoundScores, ScoreBook

TRAILING_ROUNDS = 252
SEASON = "season_score"


@dataclass(frozen=True, slots=True)
class Payout:
    """What one submission earns (or burns, negative) in one round; `settled` once the round has resolved.

    Args:
        total: NMR of the whole round, the sum of the `parts`.
        moment: of the score day by which it stands so.
    """

    number: int
    model_id: str
    at_risk: Decimal
    parts: Mapping[str, Decimal]
    total: Decimal
    settled: bool
    moment: datetime


@dataclass(slots=True)
class Settled:
    """The settled payouts of one model, in the order in which they were settled, and their running sum."""

    payouts: list[Payout] = field(default_factory=list)
    moments: list[datetime] = field(default_factory=list)
    sums: list[Decimal] = field(default_factory=lambda: [Decimal(0)])

    def add(self, payout: Payout) -> None:
        """Take one more into account; it was settled last."""
        self.payouts.append(payout)
        self.moments.append(payout.moment)
        self.sums.append(self.sums[-1] + payout.total)


@dataclass(slots=True)
class Finals:
    """The final values of one score: a row a round in the order they came out in; NaN for models without a part."""

    rounds: set[int] = field(default_factory=set)
    moments: list[datetime] = field(default_factory=list)
    rows: list[np.ndarray] = field(default_factory=list)
    stacked: np.ndarray | None = None

    def values(self, models: int) -> np.ndarray:
        """(rounds, models); models that came later have NaN in earlier rounds."""
        if self.stacked is None or self.stacked.shape != (len(self.rows), models):
            padded = [np.concatenate([row, np.full(models - len(row), np.nan)]) for row in self.rows]
            self.stacked = np.stack(padded) if padded else np.empty((0, models))
        return self.stacked


class Standings:
    """What the scores add up to, seen at a moment of virtual time. What is final is added up once and kept."""

    def __init__(self, records: Records, rounds: Rounds, scores: ScoreBook, now: Callable[[], datetime]) -> None:
        self._records, self._rounds, self._scores, self._now = records, rounds, scores, now
        self._finals: dict[int, Finals] = {}
        self._revisions = 0
        self._payouts: dict[tuple[int, str, int, int], Payout] = {}
        self._settled: dict[str, Settled] = {}
        self._settled_rounds: set[int] = set()

    def round_numbers(self) -> range:
        """The rounds with at least one published score, oldest first."""
        last = self._rounds.current_number(self._now())
        while last >= FIRST_ROUND and not self._rounds.published(last, self._now()):
            last -= 1
        return range(FIRST_ROUND, last + 1)

    def payout(self, number: int, model_id: str, day: int | None = None) -> Payout | None:
        """What the model earns in a round as it stood on a score day (the latest one by default).

        None where the model took no part or nothing is published yet.
        """
        day = day or self._rounds.published(number, self._now())
        table = self._scores.table(number, [day] if day else ())
        place = table.column(model_id)
        return None if not day or place is None else self._payout_of(table, place, day)

    def _payout_of(self, table: RoundScores, place: int, day: int) -> Payout:
        member = table.members[place]
        key = (table.number, member.submission_id, day, len(table.revisions))
        if key not in self._payouts:
            values = {rule.display_name: table.days[day][row, place] for row, rule in enumerate(SCORE_RULES)}
            scores = {name: float(value) for name, value in values.items() if not np.isnan(value)}
            parts = split_payout(member.risk, scores, self._rounds.get(table.number).score_configs)
            moment = self._rounds.score_moments(table.number)[day - 1]
            total = sum(parts.values(), Decimal(0))
            model, settled = member.model_id, day == SCORE_DAYS
            self._payouts[key] = Payout(table.number, model, member.risk, parts, total, settled, moment)
        return self._payouts[key]

    def settled_of(self, model_id: str) -> list[Payout]:
        """Settled payouts of a model, oldest round first."""
        return sorted(self._settled_by(model_id).payouts, key=lambda payout: payout.number)

    def _settled_by(self, model_id: str) -> Settled:
        """The settled payouts of a model, once those of rounds that resolved since the last call are added."""
        fresh = [one for one in self.round_numbers() if one not in self._settled_rounds and self._is_resolved(one)]
        for number in sorted(fresh, key=lambda one: self._rounds.score_moments(one)[-1]):
            table = self._scores.table(number, [SCORE_DAYS])
            for place, member in enumerate(table.members):
                payout = self._payout_of(table, place, SCORE_DAYS)
                self._settled.setdefault(member.model_id, Settled()).add(payout)
        self._settled_rounds.update(fresh)
        return self._settled.get(model_id, Settled())

    def _is_resolved(self, number: int) -> bool:
        return self._rounds.published(number, self._now()) == SCORE_DAYS

    def pending_of(self, model_id: str) -> list[Payout]:
        """Payouts of a model as they stand in rounds that have not resolved, oldest first."""
        running = [one for one in self.round_numbers() if not self._is_resolved(one)]
        found = (self.payout(number, model_id) for number in running)
        return [payout for payout in found if payout is not None]

    def reputations(self, at: datetime | None = None) -> dict[str, dict[str, float]]:
        """Model -> display name -> reputation; `season_score` is the payout-weighted one. Only finals by then count."""
        models = list(self._records.models)
        means: dict[str, dict[str, float]] = {}
        for row, rule in enumerate(SCORE_RULES):
            finals = self._finals_of(row, models)
            count = bisect_right(finals.moments, at or self._now())
            block = finals.values(len(models))[max(0, count - TRAILING_ROUNDS) : count]
            played = (~np.isnan(block)).sum(axis=0)
            sums = np.nansum(block, axis=0)
            for place in np.flatnonzero(played):
                means.setdefault(models[place], {})[rule.display_name] = float(sums[place] / played[place])
        for scores in means.values():
            scores[SEASON] = self._weighted(scores)
        return means

    def _finals_of(self, row: int, models: list[str]) -> Finals:
        """The finals of one score, once those that came out since the last call are added."""
        now, days = self._now(), SCORE_RULES[row].days
        revisions = self._records.disturbances.revisions_by(now)
        if revisions != self._revisions:
            self._finals.clear()
            self._revisions = revisions
        finals = self._finals.setdefault(row, Finals())
        fresh = [
            one for one in self.round_numbers() if one not in finals.rounds and self._rounds.published(one, now) >= days
        ]
        places = {model: place for place, model in enumerate(models)} if fresh else {}
        for number in sorted(fresh, key=lambda one: self._rounds.score_moments(one)[days - 1]):
            table = self._scores.table(number, [days])
            line = np.full(len(models), np.nan)
            line[[places[member.model_id] for member in table.members]] = table.days[days][row]
            finals.rows.append(line)
            finals.moments.append(self._rounds.score_moments(number)[days - 1])
            finals.rounds.add(number)
        return finals

    def ranks(self, reputations: Mapping[str, Mapping[str, float]], name: str) -> dict[str, int]:
        """Model -> rank (from 1) by one reputation; models without it come last, by stake and name."""

        def order(model_id: str) -> tuple[bool, float, Decimal, str]:
            value = reputations.get(model_id, {}).get(name)
            model = self._records.models[model_id]
            return (value is None, -(value or 0.0), -model.stake_at(self._now()), model.name)

        return {model_id: place for place, model_id in enumerate(sorted(self._records.models, key=order), start=1)}

    def returned(self, model_id: str, window: timedelta | None) -> tuple[Decimal, float | None]:
        """NMR settled within the window (None: ever), and the same in percent of the stake."""
        settled = self._settled_by(model_id)
        before = 0 if window is None else bisect_right(settled.moments, self._now() - window)
        profit = settled.sums[-1] - settled.sums[before]
        stake = self._records.models[model_id].stake_at(self._now())
        return profit, (float(100 * profit / stake) if stake else None)

    def _weighted(self, scores: Mapping[str, float]) -> float:
        configs = self._rounds.get(max(FIRST_ROUND, self._rounds.current_number(self._now()))).score_configs
        return sum(float(one.multiplier) * scores.get(one.display_name, 0.0) for one in configs if one.is_payout)
