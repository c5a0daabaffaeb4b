"""The stand-in for the chain: what a wallet would send to the staking contract, as POST /control/chain."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from eraforge.core.errors import UserError
from eraforge.portfolio.amounts import text
from eraforge.portfolio.per_round import Position
from eraforge.simulator.tournament.accounts.proofs import Leaf
from eraforge.simulator.tournament.engine import Tournament

CALLS = '{"call": "stake", "signature", "amount"}, {"call": "claim", "claim"} or {"call": "restake", "key", ...}'


def send(tournament: Tournament, body: Mapping[str, Any]) -> dict[str, Any]:
    """Carry out one call of the contract.

    Args:
        body: `call` is `stake` (with `signature` of an authorisation and `amount`), `claim` (with `claim` as
            `v3StakeClaim` gave it) or `restake` (with `key`, the Authorization header of the account, `model` and
            `round`, `into` a submission and maybe `amount`).

    Raises:
        UserError: `chain-call-not-understood`; Refused: as `accounts.chain`.
    """
    call = body.get("call")
    try:
        if call == "stake":
            return _described(tournament.chain.stake(str(body["signature"]), str(body["amount"])))
        if call == "claim":
            claim = body["claim"]
            return _described(tournament.chain.claim(_leaf(claim), [str(one) for one in claim["proof"]]))
        if call == "restake":
            session = tournament.session(str(body["key"]))
            model, number = str(body["model"]), int(body["round"])
            amount = None if body.get("amount") is None else str(body["amount"])
            return _described(tournament.chain.restake(session, model, number, str(body["into"]), amount))
    except (KeyError, TypeError, ValueError) as error:
        raise _not_understood() from error
    raise _not_understood()


def _leaf(claim: Mapping[str, Any]) -> Leaf:
    return Leaf(
        int(claim["tournamentId"]),
        int(claim["roundId"]),
        str(claim["staker"]).lower(),
        str(claim["modelId"]),
        int(claim["payoutAmountWei"]),
        int(claim["burnAmountWei"]),
    )


def _described(position: Position) -> dict[str, Any]:
    settled = position.settlement
    return {
        "model": position.model,
        "round": position.round,
        "stake": text(position.stake),
        "claimed": position.claimed,
        "payout": None if settled is None else text(settled.payout),
        "burn": None if settled is None else text(settled.burn),
    }


def _not_understood() -> UserError:
    return UserError("chain-call-not-understood", "The call of the contract is not understood.", f"Send {CALLS}.")
