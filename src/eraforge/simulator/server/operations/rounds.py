"""Rounds, their score configurations, the dataset files of a round, and the state of the pipeline."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from typing import Any

from graphql import GraphQLError

from eraforge.core.words import Round, ScoreConfig
from eraforge.simulator.server.context import Context, Info, iso
from eraforge.simulator.tournament.contest import Contest
from eraforge.simulator.tournament.identities import derived_uuid
from eraforge.simulator.tournament.rounds import FIRST_ROUND, SCORE_TIME
from eraforge.simulator.tournament.rules.score_rules import RULEBOOKS


def round_id(contest: Contest, number: int) -> str:
    """The identifier of a round."""
    return derived_uuid("round", contest.book.identifier, number)


def describe_round(context: Context, contest: Contest, found: Round) -> dict[str, Any]:
    """A `Round` of the API."""
    now = context.tournament.now()
    resolved = found.resolves is not None and now >= found.resolves
    return {
        "closeStakingTime": iso(found.closes),
        "closeTime": iso(found.closes),
        "dataDatestamp": contest.rounds.datestamp(found.number),
        "id": round_id(contest, found.number),
        "number": found.number,
        "openTime": iso(found.opens),
        "payoutFactor": lambda _info: _payout_factor(context, contest, found),
        "resolveTime": iso(found.resolves),
        "resolvedGeneral": resolved,
        "resolvedStaking": resolved,
        "roundScoreConfigs": lambda _info: [describe_config(contest, found, config) for config in found.score_configs],
        "scoreTime": iso(found.scores),
        "stakeThreshold": _threshold(contest, found.number),
        "status": contest.rounds.status(found, now),
        "target": "main",
        "tournament": contest.number,
    }


def _payout_factor(context: Context, contest: Contest, found: Round) -> str | None:
    """The factor as text; None while what is at risk is not settled."""
    factor = contest.rounds.policy(found.number).factor
    if factor is None and found.closes <= context.tournament.now():
        factor = contest.standings.policy(found.number).factor
    return None if factor is None else str(float(factor))


def _threshold(contest: Contest, number: int) -> float | None:
    threshold = contest.rounds.policy(number).stake_threshold
    return None if threshold is None else float(threshold)


def describe_config(contest: Contest, found: Round, config: ScoreConfig) -> dict[str, Any]:
    """A `RoundScoreConfig` of the API."""
    moments = contest.rounds.score_moments(found.number)
    multiplier = float(config.multiplier)
    return {
        "clipThreshold": None if config.clip is None else float(config.clip),
        "dataDelayDays": 2,
        "defaultMultiplier": multiplier,
        "displayName": config.display_name,
        "id": config_id(contest, found.number, config),
        "isCanonScore": False,
        "isPayout": config.is_payout,
        "maxMultiplier": multiplier,
        "minMultiplier": multiplier,
        "name": config.name,
        "payoutFactor": None if config.payout_factor is None else float(config.payout_factor),
        "returnsLagDays": contest.arena.label_lag,
        "roundNumberEnd": None,
        "roundNumberStart": FIRST_ROUND,
        "scoreConfigId": score_config_id(contest, config),
        "scoringEnd": moments[config.total_score_days - 1].date().isoformat(),
        "scoringStart": moments[0].date().isoformat(),
        "stakeThreshold": _threshold(contest, found.number),
        "totalScoreDays": config.total_score_days,
        "universe": contest.book.label,
        "version": config.version,
    }


def score_config_id(contest: Contest, config: ScoreConfig) -> str:
    """The identifier of a score."""
    return derived_uuid("score", contest.number, config.name, config.version)


def config_id(contest: Contest, number: int, config: ScoreConfig) -> str:
    """The identifier of a score's configuration in one round."""
    return derived_uuid("round score", contest.number, number, config.name, config.version)


def _rounds(_root: None, info: Info, **arguments: Any) -> list[Mapping[str, Any] | None]:
    context: Context = info.context
    contest, now = context.tournament.contest(arguments.get("tournament")), context.tournament.now()
    number, status, limit = arguments.get("number"), arguments.get("status"), arguments.get("limit")
    current = contest.rounds.current_number(now)
    if number is not None:
        wanted = [current if number == 0 else number]
        if wanted[0] < FIRST_ROUND:
            return [None] if number == 0 else []
    else:
        wanted = list(range(current + 1, FIRST_ROUND - 1, -1))
    found = [contest.rounds.get(one) for one in wanted if one <= current + 1]
    kept = [one for one in found if status is None or contest.rounds.status(one, now) == status]
    if number is None and status is None:
        kept = [one for one in kept if one.number <= current]
    if arguments.get("target") not in (None, "main"):
        kept = []
    return [describe_round(context, contest, one) for one in kept[: limit if limit is not None else len(kept)]]


def _round_details(_root: None, info: Info, number: int, tournament: int | None = None) -> dict[str, Any]:
    context: Context = info.context
    contest = context.tournament.contest(tournament)
    return describe_round(context, contest, contest.rounds.get(number))


def _round_of(context: Context, contest: Contest, number: int | None) -> int:
    """The round whose files are meant: never one that has not opened."""
    now = context.tournament.now()
    return contest.rounds.current_number(now) if not number else contest.rounds.opened(number, now).number


def _list_datasets(_root: None, info: Info, tournament: int | None = None, round: int | None = None) -> list[str]:
    context: Context = info.context
    contest = context.tournament.contest(tournament)
    return sorted(contest.listed(_round_of(context, contest, round)))


def _dataset(_root: None, info: Info, filename: str, tournament: int | None = None, round: int | None = None) -> str:
    """Any tournament's file may be asked for, whatever number is given, as on the live API."""
    context: Context = info.context
    asked = context.tournament.contest(tournament)
    holders = [one for one in context.tournament.contests.values() if filename in one.world.filenames()]
    if not holders:
        raise GraphQLError(f"Dataset {filename} not found")
    holder = asked if asked in holders else holders[0]
    number = _round_of(context, holder, round)
    if not holder.published.is_listed(filename, number):
        raise GraphQLError(f"Dataset {filename} not found")
    stamp = holder.rounds.datestamp(number)
    return context.origin + context.links.sign("GET", f"/files/{stamp}/{filename}")


def _pipeline_status(_root: None, info: Info, tournament: str, date: str | None = None) -> dict[str, Any]:
    context: Context = info.context
    now = context.tournament.now()
    try:
        day = now.date() if date is None else _day(date)
    except ValueError as error:
        raise GraphQLError(f"{date} is not a date") from error
    calendar = context.tournament.contest().arena.calendar
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
    served = info.context.tournament.contests
    return [
        {"active": number in served, "id": book.identifier, "name": book.label, "tournament": number}
        for number, book in RULEBOOKS.items()
    ]


RESOLVERS = {
    "Query": {
        "dataset": _dataset,
        "listDatasets": _list_datasets,
        "pipelineStatus": _pipeline_status,
        "roundDetails": _round_details,
        "rounds": _rounds,
        "tournaments": _tournaments,
    }
}
