"""Rounds, their score configurations, the dataset files of a round, and the state of the pipeline."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from typing import Any

from graphql import GraphQLError

from eraforge.core.words import Round, ScoreConfig
from eraforge.simulator.server.context import Context, Info, iso
from eraforge.simulator.tournament.engine import Tournament
from eraforge.simulator.tournament.identities import derived_uuid
from eraforge.simulator.tournament.rounds import FIRST_ROUND, SCORE_TIME

TOURNAMENT_ID = "1a868e3e-1df7-45ca-91e0-34e315f5bee2"
TOURNAMENT_NAME = "numerai"


def round_id(number: int) -> str:
    """The identifier of a round."""
    return derived_uuid("round", TOURNAMENT_ID, number)


def describe_round(tournament: Tournament, found: Round) -> dict[str, Any]:
    """A `Round` of the API."""
    now = tournament.now()
    resolved = found.resolves is not None and now >= found.resolves
    return {
        "closeStakingTime": iso(found.closes),
        "closeTime": iso(found.closes),
        "dataDatestamp": tournament.rounds.datestamp(found.number),
        "id": round_id(found.number),
        "number": found.number,
        "openTime": iso(found.opens),
        "payoutFactor": "1.0",
        "resolveTime": iso(found.resolves),
        "resolvedGeneral": resolved,
        "resolvedStaking": resolved,
        "roundScoreConfigs": lambda _info: [
            describe_config(tournament, found, config) for config in found.score_configs
        ],
        "scoreTime": iso(found.scores),
        "stakeThreshold": None,
        "status": tournament.rounds.status(found, now),
        "target": "main",
        "tournament": tournament.world.arena.tournament,
    }


def describe_config(tournament: Tournament, found: Round, config: ScoreConfig) -> dict[str, Any]:
    """A `RoundScoreConfig` of the API."""
    moments = tournament.rounds.score_moments(found.number)
    multiplier = float(config.multiplier)
    return {
        "clipThreshold": None if config.clip is None else float(config.clip),
        "dataDelayDays": 2,
        "defaultMultiplier": multiplier,
        "displayName": config.display_name,
        "id": config_id(found.number, config),
        "isCanonScore": False,
        "isPayout": config.is_payout,
        "maxMultiplier": multiplier,
        "minMultiplier": multiplier,
        "name": config.name,
        "payoutFactor": None if config.payout_factor is None else float(config.payout_factor),
        "returnsLagDays": tournament.world.arena.label_lag,
        "roundNumberEnd": None,
        "roundNumberStart": FIRST_ROUND,
        "scoreConfigId": derived_uuid("score", config.name, config.version),
        "scoringEnd": moments[config.total_score_days - 1].date().isoformat(),
        "scoringStart": moments[0].date().isoformat(),
        "stakeThreshold": None,
        "totalScoreDays": config.total_score_days,
        "universe": TOURNAMENT_NAME,
        "version": config.version,
    }


def config_id(number: int, config: ScoreConfig) -> str:
    """The identifier of a score's configuration in one round."""
    return derived_uuid("round score", number, config.name, config.version)


def _rounds(_root: None, info: Info, **arguments: Any) -> list[Mapping[str, Any] | None]:
    context: Context = info.context
    tournament, now = context.tournament, context.tournament.now()
    tournament.check_tournament(arguments.get("tournament"))
    number, status, limit = arguments.get("number"), arguments.get("status"), arguments.get("limit")
    current = tournament.rounds.current_number(now)
    if number is not None:
        wanted = [current if number == 0 else number]
        if wanted[0] < FIRST_ROUND:
            return [None] if number == 0 else []
    else:
        wanted = list(range(current + 1, FIRST_ROUND - 1, -1))
    found = [tournament.rounds.get(one) for one in wanted if one <= current + 1]
    kept = [one for one in found if status is None or tournament.rounds.status(one, now) == status]
    if number is None and status is None:
        kept = [one for one in kept if one.number <= current]
    if arguments.get("target") not in (None, "main"):
        kept = []
    return [describe_round(tournament, one) for one in kept[: limit if limit is not None else len(kept)]]


def _round_of(context: Context, number: int | None) -> int:
    """The round whose files are meant: never one that has not opened."""
    tournament = context.tournament
    now = tournament.now()
    return tournament.rounds.current_number(now) if not number else tournament.rounds.opened(number, now).number


def _list_datasets(_root: None, info: Info, tournament: int | None = None, round: int | None = None) -> list[str]:
    context: Context = info.context
    context.tournament.check_tournament(tournament)
    _round_of(context, round)
    return sorted(context.tournament.world.filenames())


def _dataset(_root: None, info: Info, filename: str, tournament: int | None = None, round: int | None = None) -> str:
    context: Context = info.context
    context.tournament.check_tournament(tournament)
    if filename not in context.tournament.world.filenames():
        raise GraphQLError(f"Dataset {filename} not found")
    stamp = context.tournament.rounds.datestamp(_round_of(context, round))
    return context.origin + context.links.sign("GET", f"/files/{stamp}/{filename}")


def _pipeline_status(_root: None, info: Info, tournament: str, date: str | None = None) -> dict[str, Any]:
    context: Context = info.context
    now = context.tournament.now()
    try:
        day = now.date() if date is None else _day(date)
    except ValueError as error:
        raise GraphQLError(f"{date} is not a date") from error
    calendar = context.tournament.world.arena.calendar
    scoring = day.weekday() in calendar.score_weekdays
    moment = datetime.combine(day, SCORE_TIME)
    done = iso(moment) if scoring and moment <= now else None
    ready = datetime.combine(day, time(calendar.open_hour, tzinfo=UTC))
    return {
        "dataReadyAt": iso(ready) if day.weekday() in calendar.open_weekdays and ready <= now else None,
        "isScoringDay": scoring,
        "resolvedAt": done,
        "scoredAt": done,
        "startedAt": done,
        "tournament": tournament,
    }


def _day(text: str) -> date:
    return date.fromisoformat(text)


def _tournaments(_root: None, info: Info) -> list[dict[str, Any]]:
    served = info.context.tournament.world.arena.tournament
    return [{"active": True, "id": TOURNAMENT_ID, "name": TOURNAMENT_NAME, "tournament": served}]


RESOLVERS = {
    "Query": {
        "dataset": _dataset,
        "listDatasets": _list_datasets,
        "pipelineStatus": _pipeline_status,
        "rounds": _rounds,
        "tournaments": _tournaments,
    }
}
