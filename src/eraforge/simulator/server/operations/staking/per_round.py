"""Staking v3: configuration, authorisations, rounds, claims."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from eraforge.portfolio.amounts import ZERO, text
from eraforge.simulator.server.context import Context, Info, iso
from eraforge.simulator.tournament.accounts.chain import SCOPE, ClaimProof, authorisation_fields, wei
from eraforge.simulator.tournament.accounts.proofs import EMPTY
from eraforge.simulator.tournament.contest import Contest
from eraforge.simulator.tournament.identities import address
from eraforge.simulator.tournament.rules.assumptions import PER_ROUND

STATES = {"UPCOMING": "scheduled", "OPEN": "open", "RESOLVING": "closed", "RESOLVED": "resolved"}


def _configuration(_root: None, info: Info) -> dict[str, Any]:
    info.context.session.require(SCOPE)
    return {
        "address": address("contract", "staking"),
        "authorizationSigner": address("contract", "authorization signer"),
        "nmrAddress": address("contract", "nmr"),
        "owner": address("contract", "owner"),
        "paused": False,
        "pendingOwner": None,
        "serviceWallet": address("contract", "service wallet"),
    }


def _authorisation(_root: None, info: Info, submissionId: str, staker: str, maxAmount: str) -> Mapping[str, Any]:
    context: Context = info.context
    return authorisation_fields(context.tournament.chain.authorise(context.session, submissionId, staker, maxAmount))


def _round(_root: None, info: Info, roundId: str, tournamentId: int | None = None) -> dict[str, Any]:
    context: Context = info.context
    context.session.require(SCOPE)
    chain, now = context.tournament.chain, context.tournament.now()
    contest, number = chain.find_round(roundId, tournamentId)
    found, tree = contest.rounds.get(number), chain.tree(contest, number)
    positions = [one for _, one in chain.positions(contest, number)]
    settled = [(one, one.settlement) for one in positions if one.settlement is not None]
    left = [settlement for one, settlement in settled if not one.claimed]
    return {
        "closeTime": iso(found.closes),
        "merkleRoot": None if tree is None else tree.root,
        "openTime": iso(found.opens),
        "payoutFactor": None,
        "remainingBurn": text(sum((one.burn for one in left), ZERO)),
        "remainingPayout": text(sum((one.payout for one in left), ZERO)),
        "resolveTime": iso(found.resolves),
        "resolved": tree is not None,
        "roundId": str(number),
        "stakeCap": None,
        "stakeThreshold": None,
        "state": STATES[contest.rounds.status(found, now)],
        "totalPayout": text(sum((settlement.payout for _, settlement in settled), ZERO)),
        "totalStaked": text(sum((one.stake for one in positions), ZERO)),
        "tournamentId": str(contest.number),
    }


def _claim(
    _root: None, info: Info, roundId: str, modelId: str, staker: str, tournamentId: int | None = None
) -> dict[str, Any] | None:
    context: Context = info.context
    context.session.require(SCOPE)
    model = context.tournament.own_model(context.session, modelId)
    contest, number = context.tournament.chain.find_round(roundId, tournamentId or model.tournament)
    proof = context.tournament.chain.proof(contest, model.id, number, staker)
    return None if proof is None else _describe_claim(contest, model.id, staker, proof)


def _claims(_root: None, info: Info, staker: str, tournamentId: int) -> list[dict[str, Any]]:
    """Every claim of the staker that is still to be made."""
    context: Context = info.context
    context.session.require(SCOPE)
    contest, chain = context.tournament.contest(tournamentId), context.tournament.chain
    found = []
    for model_id in context.tournament.records.accounts[context.session.token.username].models:
        if context.tournament.records.models[model_id].tournament != contest.number:
            continue
        for position in context.tournament.ledger.holding(model_id).unclaimed():
            proof = chain.proof(contest, model_id, position.round, staker)
            if proof is not None:
                found.append(_describe_claim(contest, model_id, staker, proof))
    return found


def _describe_claim(contest: Contest, model_id: str, staker: str, made: ClaimProof) -> dict[str, Any]:
    settled = made.position.settlement
    return {
        "apiModelId": model_id,
        "burnAmountWei": str(wei(settled.burn if settled else ZERO)),
        "claimed": made.position.claimed,
        "merkleRoot": made.root or EMPTY,
        "modelId": model_id,
        "payoutAmountWei": str(wei(settled.payout if settled else ZERO)),
        "proof": list(made.proof),
        "roundId": str(made.position.round),
        "staker": staker,
        "submissionId": made.submission_id,
        "tournamentId": str(contest.number),
    }


def _transactions(_root: None, info: Info, tournament: int | None = None) -> list[dict[str, Any]]:
    """Positions and stake changes of the account, newest first; the transaction stands in `note`."""
    context: Context = info.context
    context.session.require("read_user_info")
    engine = context.tournament
    rows = []
    for order in engine.records.orders:
        model_id = order.facts.get("model")
        model = engine.records.models.get(model_id or "")
        if model is None or model.username != context.session.token.username or order.at > engine.now():
            continue
        if tournament not in (None, model.tournament) or "value" not in order.facts:
            continue
        contest = engine.contest(model.tournament)
        staking = contest.rounds.policy(max(contest.rounds.first, contest.rounds.current_number(order.at))).staking
        rows.append(
            {
                "amount": order.facts["value"],
                "insertedAt": iso(order.at),
                "modelId": model.id,
                "modelName": model.name,
                "note": address("transaction", order.facts["id"], 64),
                "roundNumber": order.facts.get("into", order.facts.get("round")),
                "status": "confirmed",
                "tournament": model.tournament,
                "type": "strategy stake" if staking == PER_ROUND else order.facts.get("kind", "stake"),
            }
        )
    return rows[::-1]


RESOLVERS = {
    "Query": {
        "stakeTransactions": _transactions,
        "v3StakeAuth": _authorisation,
        "v3StakeClaim": _claim,
        "v3StakeClaims": _claims,
        "v3StakeConfig": _configuration,
        "v3StakeRound": _round,
    }
}
