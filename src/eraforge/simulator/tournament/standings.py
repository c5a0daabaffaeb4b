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

from eraforge.core.words import PayoutPolicy
from eraforge.simulator.tournament.records import Records
from eraforge.simulator.tournament.rounds import FIRST_ROUND, Rounds
from eraforge.simulator.tournament.rules.payouts import split_payout, with_factor
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
    """The final values of one score: a row a round in the order they came out in; NaN for models without a part.

    Args:
        places: round to the place of its row.
        moments: when each row came out.
    """

    places: dict[int, int] = field(default_factory=dict)
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
    """What the scores add up to, seen at a moment of virtual time. What is final is added up once and kept.

    Args:
        stake: NMR that a model has staked now.
        churn: mean neutral churn of a model's submission for a round, where the world tells it.
    """

    def __init__(
        self,
        records: Records,
        rounds: Rounds,
        scores: ScoreBook,
        now: Callable[[], datetime],
        stake: Callable[[str], Decimal],
        churn: Callable[[int, str], float | None],
    ) -> None:
        self._records, self._rounds, self._scores, self._now = records, rounds, scores, now
        self._stake, self._churn = stake, churn
        self._finals: dict[int, Finals] = {}
        self._revisions = 0
        self._payouts: dict[tuple[int, str, int, int, Decimal | None], Payout] = {}
        self._settled: dict[str, Settled] = {}
        self._settled_rounds: set[int] = set()

    def models(self) -> list[str]:
        """Every model of the tournament, in order of creation."""
        return self._records.models_of(self._rounds.arena.tournament)

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
        policy = self._policy_of(table)
        key = (table.number, member.submission_id, day, len(table.revisions), policy.factor)
        if key not in self._payouts:
            values = {rule.display_name: table.days[day][row, place] for row, rule in enumerate(self._rounds.rules)}
            scores = {name: float(value) for name, value in values.items() if not np.isnan(value)}
            penalised = policy.churn_penalty is not None
            churn = self._churn(table.number, member.model_id) if penalised else None
            parts = split_payout(member.risk, scores, policy, churn)
            moment = self._rounds.score_moments(table.number)[day - 1]
            total, settled = sum(parts.values(), Decimal(0)), day == self._rounds.score_days
            self._payouts[key] = Payout(table.number, member.model_id, member.risk, parts, total, settled, moment)
        return self._payouts[key]

    def final_scores(self, number: int, model_id: str) -> dict[str, Decimal]:
        """Display name to final value in a resolved round; 0 where a score has none."""
        table = self._scores.table(number, {rule.days for rule in self._rounds.rules})
        place = table.column(model_id)
        values = {rule.display_name: 0.0 for rule in self._rounds.rules}
        for row, rule in enumerate(self._rounds.rules):
            if place is not None and not np.isnan(table.days[rule.days][row, place]):
                values[rule.display_name] = float(table.days[rule.days][row, place])
        return {name: Decimal(repr(value)) for name, value in values.items()}

    def policy(self, number: int) -> PayoutPolicy:
        """How a closed round pays, its factor included."""
        found = self._rounds.policy(number)
        return found if found.factor is not None else self._policy_of(self._scores.table(number, ()))

    def _policy_of(self, table: RoundScores) -> PayoutPolicy:
        found = self._rounds.policy(table.number)
        return found if found.factor is not None else with_factor(found, table.at_risk)

    def settled_of(self, model_id: str) -> list[Payout]:
        """Settled payouts of a model, oldest round first."""
        return sorted(self._settled_by(model_id).payouts, key=lambda payout: payout.number)

    def _settled_by(self, model_id: str) -> Settled:
        """The settled payouts of a model, once those of rounds that resolved since the last call are added."""
        fresh = [one for one in self.round_numbers() if one not in self._settled_rounds and self._is_resolved(one)]
        for number in sorted(fresh, key=lambda one: self._rounds.score_moments(one)[-1]):
            table = self._scores.table(number, [self._rounds.score_days])
            for place, member in enumerate(table.members):
                payout = self._payout_of(table, place, self._rounds.score_days)
                self._settled.setdefault(member.model_id, Settled()).add(payout)
        self._settled_rounds.update(fresh)
        return self._settled.get(model_id, Settled())

    def pending_of(self, model_id: str) -> list[Payout]:
        """Payouts of a model as they stand in rounds that have not resolved, oldest first."""
        running = [one for one in self.round_numbers() if not self._is_resolved(one)]
        found = (self.payout(number, model_id) for number in running)
        return [payout for payout in found if payout is not None]

    def _is_resolved(self, number: int) -> bool:
        return self._rounds.published(number, self._now()) == self._rounds.score_days

    def reputations(self, at: datetime | None = None) -> dict[str, dict[str, float]]:
        """Model -> display name -> reputation; `season_score` is the payout-weighted one. Only finals by then count."""
        models = self.models()
        means: dict[str, dict[str, float]] = {}
        for row, rule in enumerate(self._rounds.rules):
            finals = self._finals_of(row)
            count = bisect_right(finals.moments, at or self._now())
            block = finals.values(len(models))[max(0, count - TRAILING_ROUNDS) : count]
            played = (~np.isnan(block)).sum(axis=0)
            sums = np.nansum(block, axis=0)
            for place in np.flatnonzero(played):
                means.setdefault(models[place], {})[rule.display_name] = float(sums[place] / played[place])
        for scores in means.values():
            scores[SEASON] = self._weighted(scores)
        return means

    def _finals_of(self, row: int) -> Finals:
        """The finals of one score, once those that came out since the last call are added."""
        now, days = self._now(), self._rounds.rules[row].days
        revisions = self._records.disturbances.revisions_by(now)
        if revisions != self._revisions:
            self._finals.clear()
            self._revisions = revisions
        finals = self._finals.setdefault(row, Finals())
        fresh = [
            one for one in self.round_numbers() if one not in finals.places and self._rounds.published(one, now) >= days
        ]
        models = self.models() if fresh else []
        places = {model: place for place, model in enumerate(models)}
        for number in sorted(fresh, key=lambda one: self._rounds.score_moments(one)[days - 1]):
            table = self._scores.table(number, [days])
            line = np.full(len(models), np.nan)
            line[[places[member.model_id] for member in table.members]] = table.days[days][row]
            finals.places[number] = len(finals.rows)
            finals.rows.append(line)
            finals.moments.append(self._rounds.score_moments(number)[days - 1])
        return finals

    def ranks(self, reputations: Mapping[str, Mapping[str, float]], name: str) -> dict[str, int]:
        """Model -> rank (from 1) by one reputation; models without it come last, by stake and name."""

        def order(model_id: str) -> tuple[bool, float, Decimal, str]:
            value = reputations.get(model_id, {}).get(name)
            model = self._records.models[model_id]
            return (value is None, -(value or 0.0), -self._stake(model_id), model.name)

        return {model_id: place for place, model_id in enumerate(sorted(self.models(), key=order), start=1)}

    def returned(self, model_id: str, window: timedelta | None) -> tuple[Decimal, float | None]:
        """NMR settled within the window (None: ever), and the same in percent of the stake."""
        settled = self._settled_by(model_id)
        before = 0 if window is None else bisect_right(settled.moments, self._now() - window)
        profit = settled.sums[-1] - settled.sums[before]
        stake = self._stake(model_id)
        return profit, (float(100 * profit / stake) if stake else None)

    def today(self, model_id: str) -> float | None:
        """What the scores of the newest scored round would pay per NMR, or None where the model has none."""
        for number in reversed(self.round_numbers()):
            payout = self.payout(number, model_id)
            if payout is not None:
                return float(payout.total / payout.at_risk) if payout.at_risk else 0.0
        return None

    def sharpe(self, model_id: str) -> float | None:
        """Mean over standard deviation of the model's final payout-weighted scores; None with fewer than two."""
        place = self.models().index(model_id)
        values = self.weighted_finals()[1][:, place]
        values = values[~np.isnan(values)]
        if len(values) < 2 or values.std() == 0:
            return None
        return float(values.mean() / values.std())

    def weighted_finals(self) -> tuple[list[int], np.ndarray]:
        """Resolved rounds and their (rounds, models) payout-weighted final scores; NaN for no part."""
        resolved = [number for number in self.round_numbers() if self._is_resolved(number)]
        total = np.full((len(resolved), len(self.models())), np.nan)
        for row, rule in enumerate(self._rounds.rules):
            found = self._finals_of(row)
            finals = found.values(total.shape[1])[[found.places[one] for one in resolved]]
            weights = [float(self._rounds.policy(one).weights.get(rule.display_name) or 0) for one in resolved]
            added = np.where(np.isnan(finals), 0.0, finals) * np.array(weights).reshape(-1, 1)
            total = np.where(np.isnan(finals), total, np.nan_to_num(total) + added)
        return resolved, total

    def _weighted(self, scores: Mapping[str, float]) -> float:
        configs = self._rounds.get(max(FIRST_ROUND, self._rounds.current_number(self._now()))).score_configs
        return sum(float(one.multiplier) * scores.get(one.display_name, 0.0) for one in configs if one.is_payout)
