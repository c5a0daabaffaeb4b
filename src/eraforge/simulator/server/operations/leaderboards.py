"""Model and account leaderboards, reputations and daily performances."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

from eraforge.simulator.server.context import Context, Info, iso, money
from eraforge.simulator.tournament.contest import Contest
from eraforge.simulator.tournament.rounds import FIRST_ROUND
from eraforge.simulator.tournament.standings import SEASON

DAY, QUARTER, YEAR = timedelta(days=1), timedelta(weeks=13), timedelta(weeks=52)
DEFAULT_LIMIT = 500


# Field stem -> display names, the first that the tournament has wins. A stem gives `<stem>Rep` and `<stem>Rank`.
STEMS: Mapping[str, tuple[str, ...]] = {
    "alpha": ("alpha",),
    "bmc": ("bmc",),
    "corr": ("v2_corr20", "corr", "neutral_corr"),
    "corr20": ("v2_corr20",),
    "corr20V2": ("v2_corr20",),
    "corr60": ("corr60",),
    "mmc": ("mmc", "neutral_mmc"),
    "mmc60": ("mmc60",),
    "mpc": ("mpc",),
    "neutralCorr": ("neutral_corr",),
    "neutralMmc": ("neutral_mmc",),
}


def _board(number: int) -> Callable[..., list[dict[str, Any]]]:
    """The model leaderboard of one tournament."""

    def rows(
        _root: None, info: Info, limit: int | None = None, offset: int | None = None, **_: Any
    ) -> list[dict[str, Any]]:
        context: Context = info.context
        return _model_rows(context, context.tournament.contest(number), limit, offset or 0)

    return rows


def _model_rows(context: Context, contest: Contest, limit: int | None, first: int) -> list[dict[str, Any]]:
    standings, now = contest.standings, context.tournament.now()
    reputations, before = standings.reputations(), standings.reputations(now - DAY)
    ranks, previous = standings.ranks(reputations, SEASON), standings.ranks(before, SEASON)
    order = sorted(ranks, key=ranks.__getitem__)
    by_name = {rule.display_name: standings.ranks(reputations, rule.display_name) for rule in contest.rounds.rules}
    rows = []
    for model_id in order[first : first + (DEFAULT_LIMIT if limit is None else limit)]:
        model, scores = context.tournament.records.models[model_id], reputations.get(model_id, {})
        rows.append(
            {
                **_reputation_fields(scores, {name: ranked[model_id] for name, ranked in by_name.items()}),
                "mmc": scores.get("mmc", scores.get("neutral_mmc")),
                "nmrStaked": money(context.tournament.stake(model_id)),
                "prevRank": previous[model_id],
                "rank": ranks[model_id],
                "return13Weeks": standings.returned(model_id, QUARTER)[1],
                "return1Day": standings.returned(model_id, DAY)[1],
                "return52Weeks": standings.returned(model_id, YEAR)[1],
                "sharpe": standings.sharpe(model_id),
                "team": False,
                "today": standings.today(model_id),
                "username": model.name,
            }
        )
    return rows


def _reputation_fields(scores: Mapping[str, float], ranks: Mapping[str, int]) -> dict[str, Any]:
    """`<stem>Rep` and `<stem>Rank` of the scores that the tournament has, and the season score."""
    fields: dict[str, Any] = {"seasonScore": scores.get(SEASON)}
    for stem, names in STEMS.items():
        name = next((one for one in names if one in ranks), None)
        if name is not None:
            fields |= {f"{stem}Rank": ranks[name], f"{stem}Rep": scores.get(name)}
    return fields


def _account_leaderboard(
    _root: None,
    info: Info,
    limit: int | None = None,
    offset: int | None = None,
    tournament: int | None = None,
    **_: Any,
) -> list[dict[str, Any]]:
    context: Context = info.context
    engine, contest = context.tournament, context.tournament.contest(tournament)
    reputations = contest.standings.reputations()
    rows = [_account_row(context, contest, username, reputations) for username in engine.records.accounts]
    rows.sort(key=lambda row: (row["score"] is None, -(row["score"] or 0.0), -row["stake"], row["username"]))
    for place, row in enumerate(rows, start=1):
        row["rank"] = place
    first = offset or 0
    return rows[first : first + (DEFAULT_LIMIT if limit is None else limit)]


def _account_row(
    context: Context, contest: Contest, username: str, reputations: Mapping[str, Mapping[str, float]]
) -> dict[str, Any]:
    engine, standings = context.tournament, contest.standings
    own = engine.records.accounts[username].models
    models = [one for one in own if engine.records.models[one].tournament == contest.number]
    stakes = {model: engine.stake(model) for model in models}
    total = sum(stakes.values(), Decimal(0))
    weights = {model: float(stake) for model, stake in stakes.items()} if total else dict.fromkeys(models, 1.0)

    def average(name: str) -> float | None:
        scored = [(reputations[one][name], weights[one]) for one in models if name in reputations.get(one, {})]
        weight = sum(share for _, share in scored)
        return sum(value * share for value, share in scored) / weight if weight else None

    def profit(window: timedelta | None) -> tuple[str | None, float | None]:
        earned = sum((standings.returned(model, window)[0] for model in models), Decimal(0))
        return money(earned), (float(100 * earned / total) if total else None)

    quarter, year, ever = profit(QUARTER), profit(YEAR), profit(None)
    return {
        "alpha": average("alpha"),
        "corr": average("corr"),
        "corr60": average("corr60"),
        "displayName": username,
        "mmc": average("mmc"),
        "mmc60": average("mmc60"),
        "mpc": average("mpc"),
        "neutralCorr": average("neutral_corr"),
        "neutralMmc": average("neutral_mmc"),
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
    contest = context.tournament.contest_of(model_id)
    reputations = contest.standings.reputations()
    return [
        {
            "displayName": rule.display_name,
            "rank": contest.standings.ranks(reputations, rule.display_name)[model_id],
            "reputation": reputations.get(model_id, {}).get(rule.display_name),
        }
        for rule in contest.rounds.rules
    ]


def daily_performances(context: Context, model_id: str) -> list[dict[str, Any]]:
    """Reputations and ranks of a model after every score day on which some score had become final, newest first."""
    contest, now = context.tournament.contest_of(model_id), context.tournament.now()
    rounds, standings = contest.rounds, contest.standings
    shortest = min(rule.days for rule in rounds.rules)
    first = rounds.score_moments(FIRST_ROUND)[shortest - 1]
    moments = [event["at"] for event in rounds.events(first - DAY, now) if event["event"] == "scores-published"]
    rows = []
    for moment in reversed(moments):
        reputations = standings.reputations(moment)
        ranks = {
            rule.display_name: standings.ranks(reputations, rule.display_name)[model_id]
            for rule in rounds.rules
            if rule.display_name in {name for names in STEMS.values() for name in names}
        }
        rows.append({"date": iso(moment), **_reputation_fields(reputations.get(model_id, {}), ranks)})
    return rows


def _signals_profile(_root: None, info: Info, modelName: str) -> dict[str, Any] | None:
    context: Context = info.context
    model = context.tournament.records.model_named(modelName, context.tournament.contest(11).number)
    if model is None:
        return None
    return {
        "dailyModelPerformances": lambda _info: daily_performances(context, model.id),
        "id": model.id,
        "startDate": iso(model.created),
        "username": model.name,
    }


RESOLVERS: Mapping[str, Mapping[str, Any]] = {
    "Query": {
        "accountLeaderboard": _account_leaderboard,
        "cryptosignalsLeaderboard": _board(12),
        "signalsLeaderboard": _board(11),
        "v2Leaderboard": _board(8),
        "v2SignalsProfile": _signals_profile,
    }
}
