"""Leaderboards: reputations, ranks, returns and payouts, from final scores alone.

A reputation is the mean of a score over the rounds in which it became final, at most the last 252 of them. The model
rank orders the mean of the payout-weighted scores; models without a final score follow by stake.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

import numpy as np

from eraforge.core.words import PayoutPolicy
from eraforge.simulator.tournament.records import Records
from eraforge.simulator.tournament.rounds import FIRST_ROUND, Rounds
from eraforge.simulator.tournament.rules.payouts import split_payout, with_factor
from eraforge.simulator.tournament.scoring import ScoreBook

TRAILING_ROUNDS = 252
SEASON = "season_score"


@dataclass(frozen=True, slots=True)
class Payout:
    """What one submission earns (or burns, negative) in one round; `settled` once the round has resolved."""

    number: int
    model_id: str
    at_risk: Decimal
    parts: Mapping[str, Decimal]
    settled: bool
    moment: datetime

    @property
    def total(self) -> Decimal:
        """NMR of the whole round."""
        return sum(self.parts.values(), Decimal(0))


class Standings:
    """What the scores add up to, seen at a moment of virtual time.

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
        self._kept_finals: dict[int, tuple[list[datetime], np.ndarray]] = {}
        self._payouts: dict[tuple[int, str, int], Payout] = {}

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
        if not day or place is None:
            return None
        member = table.members[place]
        key = (number, member.submission_id, day)
        if key not in self._payouts:
            values = {rule.display_name: table.days[day][row, place] for row, rule in enumerate(self._rounds.rules)}
            scores = {name: float(value) for name, value in values.items() if not np.isnan(value)}
            churn = None if self._rounds.policy(number).churn_penalty is None else self._churn(number, model_id)
            parts = split_payout(member.risk, scores, self.policy(number), churn)
            moment = self._rounds.score_moments(number)[day - 1]
            self._payouts[key] = Payout(number, model_id, member.risk, parts, day == self._rounds.score_days, moment)
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
        if found.factor is not None:
            return found
        return with_factor(found, sum((one.risk for one in self._scores.table(number, ()).members), Decimal(0)))

    def settled_of(self, model_id: str) -> list[Payout]:
        """Settled payouts of a model, oldest round first."""
        resolved = [one for one in self.round_numbers() if self._is_resolved(one)]
        found = (self.payout(number, model_id) for number in resolved)
        return [payout for payout in found if payout is not None]

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
            moments, finals = self._finals(row)
            count = bisect_right(moments, at or self._now())
            block = finals[max(0, count - TRAILING_ROUNDS) : count]
            played = (~np.isnan(block)).sum(axis=0)
            sums = np.nansum(block, axis=0)
            for place in np.flatnonzero(played):
                means.setdefault(models[place], {})[rule.display_name] = float(sums[place] / played[place])
        for scores in means.values():
            scores[SEASON] = self._weighted(scores)
        return means

    def _finals(self, row: int) -> tuple[list[datetime], np.ndarray]:
        """When each round's final value of a score came out, and the values: (rounds, models), NaN for no part."""
        days, models = self._rounds.rules[row].days, self.models()
        numbers = [one for one in self.round_numbers() if self._rounds.published(one, self._now()) >= days]
        kept = self._kept_finals.get(row)
        if kept is None or kept[1].shape != (len(numbers), len(models)):
            places = {model: place for place, model in enumerate(models)}
            finals = np.full((len(numbers), len(models)), np.nan)
            for line, number in zip(finals, numbers, strict=True):
                table = self._scores.table(number, [days])
                line[[places[member.model_id] for member in table.members]] = table.days[days][row]
            moments = [self._rounds.score_moments(number)[days - 1] for number in numbers]
            kept = self._kept_finals[row] = moments, finals
        return kept

    def ranks(self, reputations: Mapping[str, Mapping[str, float]], name: str) -> dict[str, int]:
        """Model -> rank (from 1) by one reputation; models without it come last, by stake and name."""

        def order(model_id: str) -> tuple[bool, float, Decimal, str]:
            value = reputations.get(model_id, {}).get(name)
            model = self._records.models[model_id]
            return (value is None, -(value or 0.0), -self._stake(model_id), model.name)

        return {model_id: place for place, model_id in enumerate(sorted(self.models(), key=order), start=1)}

    def returned(self, model_id: str, window: timedelta | None) -> tuple[Decimal, float | None]:
        """NMR settled within the window (None: ever), and the same in percent of the stake."""
        since = None if window is None else self._now() - window
        settled = [one for one in self.settled_of(model_id) if since is None or one.moment > since]
        profit = sum((one.total for one in settled), Decimal(0))
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
            finals = self._finals(row)[1][: len(resolved)]
            weights = [float(self._rounds.policy(one).weights.get(rule.display_name) or 0) for one in resolved]
            added = np.where(np.isnan(finals), 0.0, finals) * np.array(weights).reshape(-1, 1)
            total = np.where(np.isnan(finals), total, np.nan_to_num(total) + added)
        return resolved, total

    def _weighted(self, scores: Mapping[str, float]) -> float:
        configs = self._rounds.get(max(FIRST_ROUND, self._rounds.current_number(self._now()))).score_configs
        return sum(float(one.multiplier) * scores.get(one.display_name, 0.0) for one in configs if one.is_payout)
