"""The table of a season.

An account's score in a round is the mean of its models' payout-weighted final scores, weighted by what each had at
risk; its season score is the mean over all resolved rounds of the season, a round without an answer or a stake
counting 0. Source: the published rules of seasons.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from eraforge.simulator.tournament.contest import Contest

QUALIFYING_ROUNDS = 20
# Places that earn a title, then shares of the ranked accounts.
TITLES = (("Grandmaster", 1), ("Master", 10), ("Expert", 100))
SHARES = (("Researcher", 1 / 3), ("Contributor", 2 / 3), ("Apprentice", 1.0))


@dataclass(frozen=True, slots=True)
class SeasonRow:
    """One account in a season; `rank` and titles other than Novice need 20 qualified rounds."""

    username: str
    score: float
    rounds: int
    qualified: int
    rank: int | None
    title: str


def season_table(contest: Contest, owners: Mapping[str, str], year: int) -> list[SeasonRow]:
    """Every account with a model in the tournament, the best first; accounts without enough rounds come last.

    Args:
        owners: model to account.
        year: the calendar year in which the rounds opened.
    """
    models = contest.standings.models()
    places = {model: place for place, model in enumerate(models)}
    numbers, finals = contest.standings.weighted_finals()
    season = [place for place, one in enumerate(numbers) if contest.rounds.day(one).year == year]
    sums: defaultdict[str, float] = defaultdict(float)
    qualified: defaultdict[str, int] = defaultdict(int)
    least = contest.book.qualifying_stake
    for place in season:
        weighted: defaultdict[str, float] = defaultdict(float)
        risks: defaultdict[str, Decimal] = defaultdict(Decimal)
        for member in contest.scores.table(numbers[place], ()).members:
            value = finals[place, places[member.model_id]]
            if member.risk and not np.isnan(value):
                owner = owners[member.model_id]
                weighted[owner] += value * float(member.risk)
                risks[owner] += member.risk
        for owner, risk in risks.items():
            sums[owner] += weighted[owner] / float(risk)
            qualified[owner] += risk >= least
    accounts = sorted({owners[model] for model in models})
    return _ranked({one: (sums[one] / max(len(season), 1), qualified[one]) for one in accounts}, len(season))


def _ranked(found: Mapping[str, tuple[float, int]], rounds: int) -> list[SeasonRow]:
    order = sorted(found, key=lambda one: (found[one][1] < QUALIFYING_ROUNDS, -found[one][0], one))
    count = sum(held >= QUALIFYING_ROUNDS for _, held in found.values())
    rows = []
    for place, username in enumerate(order, start=1):
        score, held = found[username]
        title = _title(place, count) if place <= count else "Novice"
        rows.append(SeasonRow(username, score, rounds, held, place if place <= count else None, title))
    return rows


def _title(place: int, count: int) -> str:
    for title, last in TITLES:
        if place <= last:
            return title
    return next(title for title, share in SHARES if place <= share * count)
