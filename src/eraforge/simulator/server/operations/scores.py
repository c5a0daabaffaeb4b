"""Daily scores of a model's submissions, round by round."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from eraforge.simulator.server.context import Context, Info, iso, money
from eraforge.simulator.server.operations.rounds import config_id, round_id
from eraforge.simulator.tournament.identities import derived_uuid
from eraforge.simulator.tournament.rounds import FIRST_ROUND, SCORE_DAYS, SCORE_RULES
from eraforge.simulator.tournament.scoring import Member, RoundScores


def score_rows(context: Context, number: int, model_id: str, wanted: Sequence[int]) -> list[dict[str, Any]]:
    """The scores of a model in one round on the wanted days, newest day first, then by display name."""
    engine = context.tournament
    moments = engine.rounds.score_moments(number)
    table = engine.scores.table(number, wanted) if wanted else None
    place = None if table is None else table.column(model_id)
    if table is None or place is None:
        return []
    member = table.members[place]
    days = [day for day in wanted if moments[day - 1] > member.inserted]
    return [row for day in sorted(days, reverse=True) for row in _rows_of_day(context, table, place, member, day)]


def _rows_of_day(context: Context, table: RoundScores, place: int, member: Member, day: int) -> list[dict[str, Any]]:
    rounds = context.tournament.rounds
    found, moments = rounds.get(table.number), rounds.score_moments(table.number)
    percentiles = table.percentiles(day)
    payout = context.tournament.standings.payout(table.number, member.model_id, day)
    rows = []
    for index, rule in enumerate(SCORE_RULES):
        value = float(table.days[day][index, place])
        if day > rule.days:
            continue
        part = None if payout is None else payout.parts.get(rule.display_name)
        settled = day == SCORE_DAYS
        rows.append(
            {
                "date": iso(moments[day - 1]),
                "day": day,
                "displayName": rule.display_name,
                "payoutPending": None if settled else money(part),
                "payoutSettled": money(part) if settled else None,
                "percentile": None if math.isnan(value) else float(percentiles[index, place]),
                "resolveDate": iso(moments[rule.days - 1]),
                "resolved": day == rule.days,
                "roundCloseStakingTime": iso(found.closes),
                "roundId": round_id(table.number),
                "roundNumber": table.number,
                "roundResolveTime": iso(found.resolves),
                "roundScoreTime": iso(found.scores),
                "submissionId": _submission_id(member),
                "value": None if math.isnan(value) else value,
                "version": rule.version,
            }
        )
    return rows


def _submission_id(member: Member) -> str:
    """Submissions of the field have no record of their own; their identifiers derive from model and round."""
    return derived_uuid(member.submission_id) if "/" in member.submission_id else member.submission_id


def _submission_scores(_root: None, info: Info, **arguments: Any) -> list[dict[str, Any]]:
    context: Context = info.context
    engine, now = context.tournament, context.tournament.now()
    engine.check_tournament(arguments.get("tournament"))
    numbers = [one for one in reversed(engine.standings.round_numbers()) if _played(context, one, arguments["modelId"])]
    if arguments.get("lastNRounds") is not None:
        numbers = numbers[: arguments["lastNRounds"]]
    result: list[dict[str, Any]] = []
    for number in numbers:
        published = engine.rounds.published(number, now)
        rows = score_rows(context, number, arguments["modelId"], _wanted_days(arguments, published))
        kept = [row for row in rows if _matches(row, arguments)]
        if arguments.get("distinctOnRound"):
            latest = {row["displayName"]: row for row in reversed(kept)}
            kept = [latest[name] for name in sorted(latest)]
        result.extend(kept)
    return result


def _wanted_days(arguments: dict[str, Any], published: int) -> list[int]:
    """The days whose scores can pass the filters: computing the others would be wasted."""
    if arguments.get("day") is not None:
        return [arguments["day"]] if 1 <= arguments["day"] <= published else []
    if arguments.get("resolved"):
        return sorted({rule.days for rule in SCORE_RULES if rule.days <= published})
    if arguments.get("distinctOnRound") and arguments.get("resolved") is None:
        return sorted({min(rule.days, published) for rule in SCORE_RULES})
    return list(range(1, published + 1))


def _matches(row: dict[str, Any], arguments: dict[str, Any]) -> bool:
    wanted = (("displayName", "displayName"), ("version", "version"), ("resolved", "resolved"))
    return all(arguments.get(name) in (None, row[key]) for name, key in wanted)


def _played(context: Context, number: int, model_id: str) -> bool:
    return context.tournament.scores.table(number, ()).column(model_id) is not None


def latest_scores(context: Context, model_id: str) -> list[dict[str, Any]]:
    """The latest published value of every score of a model, by display name."""
    engine, now = context.tournament, context.tournament.now()
    latest: dict[str, dict[str, Any]] = {}
    for number in reversed(engine.standings.round_numbers()):
        published = engine.rounds.published(number, now)
        for row in score_rows(context, number, model_id, [published]):
            latest.setdefault(row["displayName"], row)
        if len(latest) == len(SCORE_RULES):
            break
    return [latest[name] for name in sorted(latest)]


def _performances(_root: None, info: Info, **arguments: Any) -> list[dict[str, Any]]:
    context: Context = info.context
    engine, now = context.tournament, context.tournament.now()
    engine.check_tournament(arguments.get("tournament"))
    model_id = arguments["modelId"]
    opened = range(engine.rounds.current_number(now), FIRST_ROUND - 1, -1)
    low, high = arguments.get("roundNumberGte"), arguments.get("roundNumberLte")
    numbers = [
        one
        for one in opened
        if engine.rounds.get(one).closes <= now
        and _played(context, one, model_id)
        and arguments.get("roundNumberEq") in (None, one)
        and (low is None or one >= low)
        and (high is None or one <= high)
        and not (arguments.get("resolvedOnly") and engine.rounds.published(one, now) < SCORE_DAYS)
    ]
    offset = arguments.get("offset") or 0
    numbers = numbers[offset:]
    for name in ("lastNRounds", "limit"):
        if arguments.get(name) is not None:
            numbers = numbers[: arguments[name]]
    return [_performance(context, number, model_id) for number in numbers]


def _performance(context: Context, number: int, model_id: str) -> dict[str, Any]:
    engine, now = context.tournament, context.tournament.now()
    found = engine.rounds.get(number)
    published = engine.rounds.published(number, now)
    table = engine.scores.table(number, ())
    member = table.members[table.column(model_id) or 0]

    def latest(_info: Info) -> list[dict[str, Any]]:
        wanted = sorted({min(rule.days, published) for rule in SCORE_RULES} - {0})
        rows = score_rows(context, number, model_id, wanted)
        newest = {row["displayName"]: row for row in reversed(rows)}
        return [newest[name] for name in sorted(newest)]

    return {
        "atRisk": money(member.risk),
        "intraRoundSubmissionScores": latest,
        "modelName": engine.records.models[model_id].name,
        "payoutMultipliers": [
            {
                "displayName": config.display_name,
                "id": config_id(number, config),
                "multiplier": float(config.multiplier),
                "name": config.name,
                "scoreConfigId": derived_uuid("score", config.name, config.version),
                "version": config.version,
            }
            for config in found.score_configs
            if config.is_payout
        ],
        "roundCloseTime": iso(found.closes),
        "roundDataDatestamp": engine.rounds.datestamp(number),
        "roundId": round_id(number),
        "roundNumber": number,
        "roundOpenTime": iso(found.opens),
        "roundPayoutFactor": 1.0,
        "roundResolveTime": iso(found.resolves),
        "roundResolved": published == SCORE_DAYS,
        "roundScoreTime": iso(found.scores),
        "roundTarget": "main",
        "submissionId": _submission_id(member),
        "submissionScores": latest,
    }


RESOLVERS = {
    "Query": {
        "submissionScores": _submission_scores,
        "v2RoundModelPerformances": _performances,
    }
}
