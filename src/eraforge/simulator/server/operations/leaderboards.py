"""Model and account leaderboards, reputations and daily performances."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

from eraforge.simulator.server.context import Context, Info, iso, money
from eraforge.simulator.tournament.rounds import FIRST_ROUND, SCORE_RULES
from eraforge.simulator.tournament.standings import SEASON

DAY, QUARTER, YEAR = timedelta(days=1), timedelta(weeks=13), timedelta(weeks=52)
DEFAULT_LIMIT = 500


def _model_leaderboard(
    _root: None, info: Info, limit: int | None = None, offset: int | None = None, **_: Any
) -> list[dict[str, Any]]:
    context: Context = info.context
    standings, now = context.tournament.standings, context.tournament.now()
    reputations = standings.reputations()
    ranks = standings.ranks(reputations, SEASON)
    order = sorted(ranks, key=ranks.__getitem__)
    first = offset or 0
    page = order[first : first + (DEFAULT_LIMIT if limit is None else limit)]
    by_name = {rule.display_name: standings.ranks(reputations, rule.display_name) for rule in SCORE_RULES}
    rows = []
    for model_id in page:
        model, scores = context.tournament.records.models[model_id], reputations.get(model_id, {})
        rows.append(
            {
                **_reputation_fields(scores, {name: ranked[model_id] for name, ranked in by_name.items()}),
                "nmrStaked": money(model.stake_at(now)),
                "rank": ranks[model_id],
                "return13Weeks": standings.returned(model_id, QUARTER)[1],
                "return1Day": standings.returned(model_id, DAY)[1],
                "return52Weeks": standings.returned(model_id, YEAR)[1],
                "team": False,
                "username": model.name,
            }
        )
    return rows


def _reputation_fields(scores: Mapping[str, float], ranks: Mapping[str, int]) -> dict[str, Any]:
    return {
        "bmcRank": ranks["bmc"],
        "bmcRep": scores.get("bmc"),
        "corr20Rank": ranks["v2_corr20"],
        "corr20Rep": scores.get("v2_corr20"),
        "corr20V2Rank": ranks["v2_corr20"],
        "corr20V2Rep": scores.get("v2_corr20"),
        "corr60Rank": ranks["corr60"],
        "corr60Rep": scores.get("corr60"),
        "mmc60Rank": ranks["mmc60"],
        "mmc60Rep": scores.get("mmc60"),
        "mmcRank": ranks["mmc"],
        "mmcRep": scores.get("mmc"),
        "seasonScore": scores.get(SEASON),
    }


def _account_leaderboard(
    _root: None,
    info: Info,
    limit: int | None = None,
    offset: int | None = None,
    tournament: int | None = None,
    **_: Any,
) -> list[dict[str, Any]]:
    context: Context = info.context
    engine = context.tournament
    engine.check_tournament(tournament)
    reputations = engine.standings.reputations()
    rows = [_account_row(context, username, reputations) for username in engine.records.accounts]
    rows.sort(key=lambda row: (row["score"] is None, -(row["score"] or 0.0), -row["stake"], row["username"]))
    for place, row in enumerate(rows, start=1):
        row["rank"] = place
    first = offset or 0
    return rows[first : first + (DEFAULT_LIMIT if limit is None else limit)]


def _account_row(context: Context, username: str, reputations: Mapping[str, Mapping[str, float]]) -> dict[str, Any]:
    engine = context.tournament
    models = engine.records.accounts[username].models
    stakes = {model: engine.records.models[model].stake_at(engine.now()) for model in models}
    total = sum(stakes.values(), Decimal(0))
    weights = {model: float(stake) for model, stake in stakes.items()} if total else dict.fromkeys(models, 1.0)

    def average(name: str) -> float | None:
        scored = [(reputations[one][name], weights[one]) for one in models if name in reputations.get(one, {})]
        weight = sum(share for _, share in scored)
        return sum(value * share for value, share in scored) / weight if weight else None

    def profit(window: timedelta | None) -> tuple[str | None, float | None]:
        earned = sum((engine.standings.returned(model, window)[0] for model in models), Decimal(0))
        return money(earned), (float(100 * earned / total) if total else None)

    quarter, year, ever = profit(QUARTER), profit(YEAR), profit(None)
    return {
        "displayName": username,
        "mmc": average("mmc"),
        "nmrStaked": money(total),
        "return1y": year[1],
        "return1yNmr": year[0],
        "return3m": quarter[1],
        "return3mNmr": quarter[0],
        "returnAllTime": ever[1],
        "returnAllTimeNmr": ever[0],
        "score": average(SEASON),
        "stake": total,
        "username": username,
        "v2Corr20": average("v2_corr20"),
    }


def user_scores(context: Context, model_id: str) -> list[dict[str, Any]]:
    """Reputation and rank of a model in every score, by display name."""
    standings = context.tournament.standings
    reputations = standings.reputations()
    return [
        {
            "displayName": rule.display_name,
            "rank": standings.ranks(reputations, rule.display_name)[model_id],
            "reputation": reputations.get(model_id, {}).get(rule.display_name),
        }
        for rule in SCORE_RULES
    ]


def daily_performances(context: Context, model_id: str) -> list[dict[str, Any]]:
    """Reputations and ranks of a model after every score day on which some score had become final, newest first."""
    rounds, standings, now = context.tournament.rounds, context.tournament.standings, context.tournament.now()
    shortest = min(rule.days for rule in SCORE_RULES)
    first = rounds.score_moments(FIRST_ROUND)[shortest - 1]
    moments = [event["at"] for event in rounds.events(first - DAY, now) if event["event"] == "scores-published"]
    rows = []
    for moment in reversed(moments):
        reputations = standings.reputations(moment)
        scores = reputations.get(model_id, {})
        rows.append(
            {
                "corrRank": standings.ranks(reputations, "v2_corr20")[model_id],
                "corrRep": scores.get("v2_corr20"),
                "date": iso(moment),
                "mmcRank": standings.ranks(reputations, "mmc")[model_id],
                "mmcRep": scores.get("mmc"),
            }
        )
    return rows


RESOLVERS = {"Query": {"accountLeaderboard": _account_leaderboard, "v2Leaderboard": _model_leaderboard}}
