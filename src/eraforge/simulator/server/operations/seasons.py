"""Season leaderboards and the season of one account."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from eraforge.simulator.server.context import Context, Info
from eraforge.simulator.tournament.seasons.season import SeasonRow, season_table


def _table(context: Context, tournament: int | None, season: str | None) -> list[SeasonRow]:
    year = int(season) if season and season.isdigit() else context.tournament.now().year
    owners = {one.id: one.username for one in context.tournament.records.models.values()}
    return season_table(context.tournament.contest(tournament), owners, year)


def _leaderboard(
    _root: None,
    info: Info,
    tournament: int | None = None,
    season: str | None = None,
    limit: int | None = None,
    offset: int | None = None,
) -> list[dict[str, Any]]:
    rows = _table(info.context, tournament, season)[offset or 0 :]
    return [_describe(row) for row in (rows if limit is None else rows[:limit])]


def _summary(
    _root: None, info: Info, username: str, tournament: int | None = None, season: str | None = None
) -> dict[str, Any] | None:
    found = (row for row in _table(info.context, tournament, season) if row.username == username)
    row = next(found, None)
    return None if row is None else _describe(row)


def _describe(row: SeasonRow) -> dict[str, Any]:
    facts = asdict(row)
    return {
        "qualifiedRounds": facts.pop("qualified"),
        "seasonScore": facts.pop("score"),
        "tier": facts.pop("title"),
        **facts,
    }


RESOLVERS = {"Query": {"seasonAccountSummary": _summary, "seasonLeaderboard": _leaderboard}}
