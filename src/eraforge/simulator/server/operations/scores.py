"""Daily scores of a model's submissions, round by round."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from eraforge.simulator.server.context import Context, Info, iso, money
from eraforge.simulator.server.operations.rounds import config_id, round_id, score_config_id
from eraforge.simulator.tournament.contest import Contest
from eraforge.simulator.tournament.identities import derived_uuid
from eraforge.simulator.tournament.rounds import FIRST_ROUND
from eraforge.simulator.tournament.scoring import Member, RoundScores


def score_rows(contest: Contest, number: int, model_id: str, wanted: Sequence[int]) -> list[dict[str, Any]]:
    """The scores of a model in one round on the wanted days, newest day first, then by display name."""
    moments = contest.rounds.score_moments(number)
    table = contest.scores.table(number, wanted) if wanted else None
    place = None if table is None else table.column(model_id)
    if table is None or place is None:
        return []
    member = table.members[place]
    days = [day for day in wanted if moments[day - 1] > member.inserted]
    return [row for day in sorted(days, reverse=True) for row in _rows_of_day(contest, table, place, member, day)]


def _rows_of_day(contest: Contest, table: RoundScores, place: int, member: Member, day: int) -> list[dict[str, Any]]:
    rounds = contest.rounds
    found, moments = rounds.get(table.number), rounds.score_moments(table.number)
    percentiles = table.percentiles(day)
    payout = contest.standings.payout(table.number, member.model_id, day)
    rows = []
    for index, rule in enumerate(rounds.rules):
        value = float(table.days[day][index, place])
        if day > rule.days:
            continue
        part = None if payout is None else payout.parts.get(rule.display_name)
        settled = day == rounds.score_days
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
                "roundId": round_id(contest, table.number),
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


def _contest(context: Context, arguments: dict[str, Any]) -> Contest | None:
    """The tournament of the model that is asked about; None for a model that does not exist."""
    asked = context.tournament.contest(arguments.get("tournament"))
    model = context.tournament.records.models.get(arguments["modelId"])
    if model is None or (arguments.get("tournament") is not None and model.tournament != asked.number):
        return None
    return context.tournament.contest(model.tournament)


def _submission_scores(_root: None, info: Info, **arguments: Any) -> list[dict[str, Any]]:
    context: Context = info.context
    contest, now = _contest(context, arguments), context.tournament.now()
    if contest is None:
        return []
    model_id = arguments["modelId"]
    numbers = [one for one in reversed(contest.standings.round_numbers()) if _played(contest, one, model_id)]
    if arguments.get("lastNRounds") is not None:
        numbers = numbers[: arguments["lastNRounds"]]
    result: list[dict[str, Any]] = []
    for number in numbers:
        published = contest.rounds.published(number, now)
        rows = score_rows(contest, number, model_id, _wanted_days(contest, arguments, published))
        kept = [row for row in rows if _matches(row, arguments)]
        if arguments.get("distinctOnRound"):
            latest = {row["displayName"]: row for row in reversed(kept)}
            kept = [latest[name] for name in sorted(latest)]
        result.extend(kept)
    return result


def _wanted_days(contest: Contest, arguments: dict[str, Any], published: int) -> list[int]:
    """The days whose scores can pass the filters: computing the others would be wasted."""
    rules = contest.rounds.rules
    if arguments.get("day") is not None:
        return [arguments["day"]] if 1 <= arguments["day"] <= published else []
    if arguments.get("resolved"):
        return sorted({rule.days for rule in rules if rule.days <= published})
    if arguments.get("distinctOnRound") and arguments.get("resolved") is None:
        return sorted({min(rule.days, published) for rule in rules})
    return list(range(1, published + 1))


def _matches(row: dict[str, Any], arguments: dict[str, Any]) -> bool:
    wanted = (("displayName", "displayName"), ("version", "version"), ("resolved", "resolved"))
    return all(arguments.get(name) in (None, row[key]) for name, key in wanted)


def _played(contest: Contest, number: int, model_id: str) -> bool:
    return contest.scores.table(number, ()).column(model_id) is not None


def latest_scores(context: Context, model_id: str) -> list[dict[str, Any]]:
    """The latest published value of every score of a model, by display name."""
    contest, now = context.tournament.contest_of(model_id), context.tournament.now()
    latest: dict[str, dict[str, Any]] = {}
    for number in reversed(contest.standings.round_numbers()):
        published = contest.rounds.published(number, now)
        for row in score_rows(contest, number, model_id, [published]):
            latest.setdefault(row["displayName"], row)
        if len(latest) == len(contest.rounds.rules):
            break
    return [latest[name] for name in sorted(latest)]


def _performances(_root: None, info: Info, **arguments: Any) -> list[dict[str, Any]]:
    context: Context = info.context
    contest, now = _contest(context, arguments), context.tournament.now()
    if contest is None:
        return []
    kept = [
        one
        for one in range(contest.rounds.current_number(now), FIRST_ROUND - 1, -1)
        if contest.rounds.get(one).closes <= now
        and _wanted_round(contest, one, arguments, contest.rounds.published(one, now))
        and (_played(contest, one, arguments["modelId"]))
    ]
    since = arguments.get("scoredWithinLastNDays")
    if since is not None:
        kept = [one for one in kept if _days_since_score(contest, one, now) <= since]
    kept = kept[arguments.get("offset") or 0 :]
    for name in ("lastNRounds", "limit"):
        if arguments.get(name) is not None:
            kept = kept[: arguments[name]]
    return [_performance(context, contest, number, arguments["modelId"]) for number in kept]


def _wanted_round(contest: Contest, number: int, arguments: dict[str, Any], published: int) -> bool:
    low, high, stamp = (arguments.get(f"round{name}") for name in ("NumberGte", "NumberLte", "DataDatestampGte"))
    return (
        arguments.get("roundNumberEq") in (None, number)
        and (low is None or number >= low)
        and (high is None or number <= high)
        and (stamp is None or contest.rounds.datestamp(number) >= stamp)
        and not (arguments.get("resolvedOnly") and published < contest.rounds.score_days)
    )


def _days_since_score(contest: Contest, number: int, now: datetime) -> float:
    published = contest.rounds.published(number, now)
    if not published:
        return math.inf
    return (now - contest.rounds.score_moments(number)[published - 1]).total_seconds() / 86400


def _performance(context: Context, contest: Contest, number: int, model_id: str) -> dict[str, Any]:
    now = context.tournament.now()
    found = contest.rounds.get(number)
    published = contest.rounds.published(number, now)
    table = contest.scores.table(number, ())
    member = table.members[table.column(model_id) or 0]

    def latest(_info: Info) -> list[dict[str, Any]]:
        wanted = sorted({min(rule.days, published) for rule in contest.rounds.rules} - {0})
        rows = score_rows(contest, number, model_id, wanted)
        newest = {row["displayName"]: row for row in reversed(rows)}
        return [newest[name] for name in sorted(newest)]

    return {
        "atRisk": money(member.risk),
        "intraRoundSubmissionScores": latest,
        "modelName": context.tournament.records.models[model_id].name,
        "payoutMultipliers": [
            {
                "displayName": config.display_name,
                "id": config_id(contest, number, config),
                "multiplier": float(config.multiplier),
                "name": config.name,
                "scoreConfigId": score_config_id(contest, config),
                "version": config.version,
            }
            for config in found.score_configs
            if config.is_payout
        ],
        "roundCloseTime": iso(found.closes),
        "roundDataDatestamp": contest.rounds.datestamp(number),
        "roundId": round_id(contest, number),
        "roundNumber": number,
        "roundOpenTime": iso(found.opens),
        "roundPayoutFactor": lambda _info: float(contest.standings.policy(number).factor or 1),
        "roundResolveTime": iso(found.resolves),
        "roundResolved": published == contest.rounds.score_days,
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
