"""The mutations: submissions, profiles, webhooks, stakes, models."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from eraforge.simulator.server.context import Context, Info, iso, money
from eraforge.simulator.server.operations.accounts import describe_model, describe_submission


def _create_submission(_root: None, info: Info, **arguments: Any) -> dict[str, Any]:
    context: Context = info.context
    made = context.tournament.create_submission(
        context.session,
        arguments["filename"],
        arguments.get("modelId"),
        arguments["tournament"],
        arguments.get("source"),
        arguments.get("triggerId"),
        arguments.get("dataDatestamp"),
    )
    model_id = context.tournament.records.submissions[made].model_id
    standings = context.tournament.contest_of(model_id).submissions.of_model(model_id)
    return describe_submission(context, next(one for one in standings if one.submission.id == made))


def _set_bio(_root: None, info: Info, **arguments: Any) -> bool:
    info.context.tournament.change_profile(info.context.session, arguments.get("modelId"), {"bio": arguments["value"]})
    return True


def _set_link(_root: None, info: Info, **arguments: Any) -> bool:
    facts = {"link_text": arguments.get("linkText"), "link_url": arguments["linkUrl"]}
    info.context.tournament.change_profile(info.context.session, arguments.get("modelId"), facts)
    return True


def _set_webhook(_root: None, info: Info, **arguments: Any) -> str:
    facts = {"webhook": arguments.get("newSubmissionWebhook")}
    info.context.tournament.change_profile(info.context.session, arguments["modelId"], facts)
    return "true"


def _change_stake(_root: None, info: Info, **arguments: Any) -> dict[str, Any]:
    context: Context = info.context
    context.tournament.contest(arguments["tournamentNumber"])
    kind, value = arguments["type"], arguments["value"]
    context.tournament.change_stake(context.session, arguments.get("modelId"), kind, value)
    return _stake_change(context, kind, Decimal(value), drain=False)


def _release_stake(_root: None, info: Info, **arguments: Any) -> dict[str, Any]:
    context: Context = info.context
    model = context.tournament.own_model(context.session, arguments.get("modelId"))
    held = context.tournament.stake(model.id)
    amount = held if arguments["drain"] else Decimal(arguments.get("amount") or 0)
    context.tournament.change_stake(context.session, model.id, "decrease", str(amount))
    return _stake_change(context, "decrease", amount, drain=arguments["drain"])


def _stake_change(context: Context, kind: str, amount: Decimal, *, drain: bool) -> dict[str, Any]:
    line = context.tournament.journal.lines[-1]
    return {
        "drain": drain,
        "dueDate": iso(context.tournament.now()),
        "id": line["facts"].get("id"),
        "requestedAmount": money(amount),
        "status": "confirmed",
        "type": kind,
    }


def _add_model(_root: None, info: Info, name: str, tournament: int | None = None) -> dict[str, Any]:
    context: Context = info.context
    made = context.tournament.add_model(context.session.token.username, name, tournament=tournament)
    return describe_model(context, context.tournament.records.models[made])


RESOLVERS = {
    "Mutation": {
        "addModel": _add_model,
        "createSubmission": _create_submission,
        "releaseStake": _release_stake,
        "setSubmissionWebhook": _set_webhook,
        "setUserBio": _set_bio,
        "setUserLink": _set_link,
        "v2ChangeStake": _change_stake,
    }
}
