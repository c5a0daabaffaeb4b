"""API tokens and their scopes, and the names that are free."""

from __future__ import annotations

from typing import Any

from eraforge.simulator.server.context import Context, Info
from eraforge.simulator.server.operations.accounts import describe_token
from eraforge.simulator.tournament.records import SCOPES

LABELS = {
    "upload_submission": "Upload submissions",
    "download_submission": "Download submissions",
    "read_submission_info": "View submission info",
    "read_user_info": "View user info",
    "stake": "Stake",
    "web3_staking": "Web3 staking",
}


def _create(_root: None, info: Info, name: str, scopes: list[str]) -> dict[str, Any]:
    """The only answer that ever holds the secret half. A key makes none that may do more than itself."""
    context: Context = info.context
    for scope in scopes:
        context.session.require(scope)
    token = context.tournament.keys.add(context.session.token.username, scopes, name)
    return {**describe_token(token), "secret": token.secret.reveal(), "secretKey": token.secret.reveal()}


def _revoke(_root: None, info: Info, publicId: str) -> dict[str, Any]:
    context: Context = info.context
    return describe_token(context.tournament.keys.revoke(context.session, publicId))


def _own(_root: None, info: Info) -> dict[str, Any]:
    return describe_token(info.context.session.token)


def _scopes(_root: None, _info: Info) -> list[dict[str, Any]]:
    return [{"label": LABELS[scope], "name": scope} for scope in SCOPES]


def _model_name_available(_root: None, info: Info, name: str, tournament: int | None = None) -> bool:
    context: Context = info.context
    return context.tournament.models.free(name, context.tournament.contest(tournament).number)


def _account_name_available(_root: None, info: Info, name: str) -> bool:
    return name not in info.context.tournament.records.accounts


RESOLVERS = {
    "Query": {
        "accountNameAvailable": _account_name_available,
        "apiTokenInfo": _own,
        "apiTokenScopes": _scopes,
        "defaultApiToken": _own,
        "modelNameAvailable": _model_name_available,
    },
    "Mutation": {"createApiToken": _create, "revokeApiToken": _revoke},
}
