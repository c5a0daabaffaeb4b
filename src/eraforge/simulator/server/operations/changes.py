"""The mutations: submissions, profiles, webhooks, stakes, models."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from eraforge.arenas.signals import SIGNALS
from eraforge.simulator.server.context import Context, Info
from eraforge.simulator.server.operations.accounts import describe_change, describe_model, describe_submission


def _create_submission(_root: None, info: Info, **arguments: Any) -> dict[str, Any]:
    return _created(info.context, arguments["tournament"], arguments)


def _create_signals_submission(_root: None, info: Info, **arguments: Any) -> dict[str, Any]:
    context: Context = info.context
    made = _created(context, SIGNALS.tournament, arguments)
    submission = context.tournament.submission(made["id"])
    first = None if submission is None else context.tournament.contest(SIGNALS.tournament).rounds.day(submission.round)
    return {**made, "firstEffectiveDate": None if first is None else first.isoformat()}


def _created(context: Context, tournament: int, arguments: Mapping[str, Any]) -> dict[str, Any]:
    made = context.tournament.create_submission(
        context.session,
        arguments["filename"],
        arguments.get("modelId"),
        tournament,
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
    number = context.tournament.contest(arguments["tournamentNumber"]).number
    model = context.tournament.own_model(context.session, arguments.get("modelId"), number)
    change = context.tournament.stakes.change(context.session, model.id, arguments["type"], arguments["value"])
    return describe_change(change)


def _increase_stake(_root: None, info: Info, **arguments: Any) -> dict[str, Any]:
    context: Context = info.context
    change = context.tournament.stakes.change(
        context.session, arguments.get("modelId"), "increase", arguments["amount"]
    )
    return describe_change(change)


def _release_stake(_root: None, info: Info, **arguments: Any) -> dict[str, Any]:
    context: Context = info.context
    model = context.tournament.own_model(context.session, arguments.get("modelId"))
    amount = str(context.tournament.stake(model.id)) if arguments["drain"] else arguments.get("amount") or "0"
    change = context.tournament.stakes.change(context.session, model.id, "decrease", amount)
    return describe_change(change, drain=arguments["drain"])


def _cancel_release(_root: None, info: Info, **arguments: Any) -> dict[str, Any]:
    context: Context = info.context
    return describe_change(context.tournament.stakes.cancel_release(context.session, arguments.get("modelId")))


def _select_payout(_root: None, info: Info, **arguments: Any) -> dict[str, Any]:
    context: Context = info.context
    model = context.tournament.own_model(context.session, arguments.get("modelId"))
    take_profit = arguments["takeProfit"]
    context.tournament.stakes.select_payout(context.session, model.id, take_profit=take_profit)
    return describe_model(context, model)


def _add_model(_root: None, info: Info, name: str, tournament: int | None = None) -> dict[str, Any]:
    context: Context = info.context
    made = context.tournament.add_model(context.session.token.username, name, tournament=tournament)
    return describe_model(context, context.tournament.records.models[made])


def _rename_model(_root: None, info: Info, **arguments: Any) -> dict[str, Any]:
    context: Context = info.context
    made = context.tournament.models.rename(context.session, arguments["modelId"], arguments["newName"])
    return describe_model(context, context.tournament.records.models[made])


def _archive(archived: bool) -> Callable[..., dict[str, Any]]:
    def change(_root: None, info: Info, modelId: str) -> dict[str, Any]:
        context: Context = info.context
        made = context.tournament.models.archive(context.session, modelId, archived=archived)
        return describe_model(context, context.tournament.records.models[made])

    return change


RESOLVERS = {
    "Mutation": {
        "addModel": _add_model,
        "archiveModel": _archive(True),
        "cancelPendingStakeRelease": _cancel_release,
        "createSignalsSubmission": _create_signals_submission,
        "createSubmission": _create_submission,
        "increaseStake": _increase_stake,
        "releaseStake": _release_stake,
        "renameModel": _rename_model,
        "setSubmissionWebhook": _set_webhook,
        "setUserBio": _set_bio,
        "setUserLink": _set_link,
        "unarchiveModel": _archive(False),
        "v2ChangePayoutSelection": _select_payout,
        "v2ChangeStake": _change_stake,
        "v3ChangePayoutSelection": _select_payout,
    }
}
