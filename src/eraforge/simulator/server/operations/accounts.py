"""The caller's account, models, submissions and wallet, and the public profiles."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from graphql import GraphQLError

from eraforge.simulator.server.context import Context, Info, iso, money
from eraforge.simulator.server.operations import leaderboards, scores
from eraforge.simulator.server.operations.rounds import describe_round, round_id
from eraforge.simulator.tournament.accounts.stakes import StakeChange
from eraforge.simulator.tournament.contest import Contest
from eraforge.simulator.tournament.identities import address, derived_uuid
from eraforge.simulator.tournament.records import AccountRecord, ModelRecord, SubmissionRecord, Token
from eraforge.simulator.tournament.standings import Payout
from eraforge.simulator.tournament.submissions import Standing

ZERO = Decimal(0)


def describe_submission(context: Context, standing: Standing) -> dict[str, Any]:
    """A `Submission` of the API."""
    one = standing.submission
    contest = context.tournament.contest_of(one.model_id)
    return {
        "errorInfo": one.error,
        "filename": one.filename,
        "id": one.id,
        "insertedAt": iso(one.inserted),
        "round": lambda _info: describe_round(context, contest, contest.rounds.get(one.round)),
        "selected": standing.selected,
        "source": one.source,
        "status": "accepted" if one.error is None else "rejected",
        "triggerId": one.trigger_id,
    }


def describe_model(context: Context, model: ModelRecord) -> dict[str, Any]:
    """A `Model` of the API, as its owner sees it."""

    def submissions(_info: Info) -> list[dict[str, Any]]:
        context.session.require("read_submission_info")
        return [describe_submission(context, one) for one in _submitted(context, model)]

    return {
        "archived": model.archived,
        "bio": model.bio,
        "id": model.id,
        "insertedAt": iso(model.created),
        "latestSubmissions": lambda _info: _latest_submissions(context, model),
        "linkText": model.link_text,
        "linkUrl": model.link_url,
        "name": model.name,
        "submissionWebhook": model.webhook,
        "submissions": submissions,
        "tournament": model.tournament,
        "username": model.username,
        "v2Stake": lambda _info: _stake(context, model),
    }


def _stake(context: Context, model: ModelRecord) -> dict[str, Any]:
    """A `Stake` of the API. `latestValueSettled` counts what waits to be released, `latestValue` does not."""
    held = context.tournament.ledger.holding(model.id)
    stake, waiting = held.stake, held.pending
    request = None
    if waiting:
        request = {
            "drain": stake == 0,
            "dueDate": iso(context.tournament.stakes.due(model.id)),
            "id": derived_uuid("release", model.id),
            "requestedAmount": money(waiting),
            "status": "pending",
            "type": "decrease",
        }
    return {
        "latestValue": money(stake),
        "latestValueSettled": money(stake + waiting),
        "payoutSelection": "takeProfit" if held.take_profit else "compound",
        "pendingV2ChangeStakeRequest": request,
        "stakeValue": money(stake),
        "status": "confirmed" if stake else None,
        "txHash": address("stake", model.id, 64) if stake else None,
    }


def describe_change(change: StakeChange, *, drain: bool = False) -> dict[str, Any]:
    """A `StakeChange` of the API."""
    return {
        "drain": drain,
        "dueDate": iso(change.due),
        "id": change.id,
        "requestedAmount": money(change.amount),
        "status": change.status,
        "type": change.kind,
    }


def _submitted(context: Context, model: ModelRecord) -> list[Standing]:
    return context.tournament.contest(model.tournament).submissions.of_model(model.id)


def describe_token(token: Token) -> dict[str, Any]:
    """An `ApiToken` of the API; never its secret half."""
    return {"name": token.name, "publicId": token.public, "scopes": sorted(token.scopes)}


def _latest_submissions(context: Context, model: ModelRecord) -> list[dict[str, Any]]:
    rounds = context.tournament.contest(model.tournament).rounds
    latest = []
    for standing in _submitted(context, model)[:1]:
        one, found = standing.submission, rounds.get(standing.submission.round)
        latest.append(
            {
                "filename": one.filename,
                "id": one.id,
                "roundClose": found.closes.date().isoformat(),
                "roundCloseStaking": found.closes.date().isoformat(),
                "roundNumber": one.round,
                "roundOpen": found.opens.date().isoformat(),
                "status": standing.status,
                "timestamp": iso(one.inserted),
            }
        )
    return latest


def _account(_root: None, info: Info) -> dict[str, Any]:
    context: Context = info.context
    context.session.require("read_user_info")
    account = context.tournament.records.accounts[context.session.token.username]
    return {
        "apiTokens": [describe_token(token) for token in account.tokens],
        "assignedEthAddress": address("wallet", account.username),
        "availableNmr": lambda _info: money(context.tournament.available(account.username)),
        "availableUsd": "0.0",
        "email": f"{account.username}@example.com",
        "heldForPendingWithdrawals": "0.0",
        "heldForScheduledStakeIncreases": "0",
        "id": account.id,
        "insertedAt": iso(account.created),
        "mfaEnabled": False,
        "models": [describe_model(context, context.tournament.records.models[one]) for one in account.models],
        "status": "VERIFIED",
        "username": account.username,
        "walletAddress": address("wallet", account.username),
        "walletTxns": lambda _info: _wallet_transactions(context, account),
    }


def _wallet_transactions(context: Context, account: AccountRecord) -> list[dict[str, Any]]:
    wallet, contract = address("wallet", account.username), address("contract", "staking")
    models = context.tournament.records.models
    return [
        {
            "amount": money(one.amount),
            "from": wallet if one.amount < 0 else contract,
            "status": "confirmed",
            "time": iso(one.moment),
            "to": contract if one.amount < 0 else wallet,
            "tournament": models[one.model_id].tournament,
            "txHash": address("transaction", one.identifier, 64),
            "type": one.kind,
        }
        for one in reversed(context.tournament.ledger.movements_of(account.username))
    ]


def _model(_root: None, info: Info, modelId: str | None = None) -> dict[str, Any]:
    context: Context = info.context
    context.session.require("read_user_info")
    return describe_model(context, context.tournament.own_model(context.session, modelId))


def _submissions(_root: None, info: Info, modelId: str | None = None) -> list[dict[str, Any]]:
    context: Context = info.context
    context.session.require("read_submission_info")
    model = context.tournament.own_model(context.session, modelId)
    return [describe_submission(context, one) for one in _submitted(context, model)]


def _download_auth(_root: None, info: Info, id: str | None = None) -> dict[str, Any]:
    context: Context = info.context
    context.session.require("download_submission")
    found: SubmissionRecord | None = context.tournament.submission(id or "")
    if found is None:
        raise GraphQLError("Submission not found")
    context.tournament.own_model(context.session, found.model_id)
    link = context.links.sign("GET", f"/submissions/{found.id}/{found.filename}")
    return {"filename": found.filename, "url": context.origin + link}


def _upload_auth(
    _root: None,
    info: Info,
    filename: str,
    tournament: int,
    modelId: str | None = None,
) -> dict[str, Any]:
    context: Context = info.context
    given = context.tournament.authorise_upload(context.session, filename, modelId, tournament)
    return {"filename": given, "url": context.origin + context.links.sign("PUT", f"/s3/{given}")}


def _payouts(_root: None, info: Info, tournament: int) -> dict[str, Any]:
    context: Context = info.context
    context.session.require("read_user_info")
    engine = context.tournament
    contest = engine.contest(tournament)
    own = engine.records.accounts[context.session.token.username].models
    models = [one for one in own if engine.records.models[one].tournament == contest.number]
    settled = [one for model in models for one in contest.standings.settled_of(model) if _staked(one)]
    pending = [one for model in models for one in contest.standings.pending_of(model) if _staked(one)]
    since = engine.now() - timedelta(days=45)
    recent = [one for one in settled if one.moment > since]
    return {
        "actual": _describe_payouts(context, contest, recent),
        "pending": _describe_payouts(context, contest, pending),
    }


def _staked(payout: Payout) -> bool:
    return payout.at_risk > 0


def _describe_payouts(context: Context, contest: Contest, payouts: list[Payout]) -> list[dict[str, Any]]:
    return [
        {
            "currencySymbol": "$",
            "modelDisplayName": context.tournament.records.models[one.model_id].name,
            "modelId": one.model_id,
            "modelName": context.tournament.records.models[one.model_id].name,
            "payoutNmr": money(one.total),
            "payoutValue": None,
            "roundId": round_id(contest, one.number),
            "roundNumber": one.number,
            "roundResolveTime": iso(contest.rounds.get(one.number).resolves),
        }
        for one in sorted(payouts, key=lambda payout: -payout.number)
    ]


def _account_profile(_root: None, info: Info, username: str, tournament: int | None = None) -> dict[str, Any] | None:
    engine = info.context.tournament
    number = None if tournament is None else engine.contest(tournament).number
    account = engine.records.accounts.get(username)
    if account is None:
        return None
    models = [engine.records.models[one] for one in account.models]
    models = [one for one in models if number in (None, one.tournament) and not one.archived]
    return {"models": [{"displayName": one.name, "id": one.id} for one in models], "username": username}


def _user_profile(
    _root: None,
    info: Info,
    modelName: str,
    tournament: int | None = None,
) -> dict[str, Any] | None:
    context: Context = info.context
    engine = context.tournament
    contest = engine.contest(tournament)
    model = engine.records.model_named(modelName, contest.number)
    if model is None:
        return None
    stake = engine.stake(model.id)

    def stake_value(_info: Info) -> str | None:
        pending = sum((one.total for one in contest.standings.pending_of(model.id)), ZERO)
        return money(stake + pending) if stake else None

    return {
        "accountName": model.username,
        "bio": model.bio,
        "dailyModelPerformances": lambda _info: leaderboards.daily_performances(context, model.id),
        "id": model.id,
        "latestSubmissionScores": lambda _info: scores.latest_scores(context, model.id),
        "latestUserScores": lambda _info: leaderboards.user_scores(context, model.id),
        "linkText": model.link_text,
        "linkUrl": model.link_url,
        "nmrStaked": money(stake) if stake else None,
        "stakeValue": stake_value,
        "startDate": iso(model.created),
        "username": model.name,
    }


RESOLVERS = {
    "Query": {
        "account": _account,
        "accountProfile": _account_profile,
        "model": _model,
        "pendingModelPayouts": _payouts,
        "submissionDownloadAuth": _download_auth,
        "submissionUploadAuth": _upload_auth,
        "submissionUploadSignalsAuth": _upload_auth,
        "submissions": _submissions,
        "v3UserProfile": _user_profile,
    }
}
