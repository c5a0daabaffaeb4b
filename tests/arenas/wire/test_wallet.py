"""Stakes and claims of a round: asked for as the official client does, and the wallet knows doubt from a no."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from eraforge.arenas.classic import CLASSIC
from eraforge.arenas.gateway_write import NumeraiWriter
from eraforge.arenas.wire.transport import Patience
from eraforge.arenas.wire.wallet import PracticeWallet
from eraforge.core.errors import DataError, EraforgeError, UserError
from eraforge.core.ports import Authorisation, Claim

BRISK = Patience(connect=1, read=0.3, write=1, exchange=0.6)
ENDS = datetime(2026, 9, 1, 12, 15, tzinfo=UTC)
FIELDS = {
    "authorizationSigner": "0xsigner",
    "authorizationDigest": "0xdigest",
    "chainId": 11155111,
    "deadline": int(ENDS.timestamp()),
    "maxAmount": "1.500000000000000000",
    "modelId": "m1",
    "nmrAddress": "0xnmr",
    "nonce": "7",
    "roundId": "1345",
    "signature": "0xcanary",
    "staker": "0xab",
    "stakingAddress": "0xstaking",
    "submissionId": "s1",
    "submissionHash": "0xhash",
    "tournamentId": "8",
}
LEAVE = Authorisation("s1", 1345, "0xab", Decimal("1.5"), "7", ENDS, FIELDS)


def test_leave_is_asked_for_once_with_the_keys(server: Any, reply: Any, keys: Any) -> None:
    server.plan = [reply({"data": {"v3StakeAuth": FIELDS}})]
    writer = NumeraiWriter(server.url, keys, patience=BRISK)
    assert writer.authorise_stake("s1", "0xAB", Decimal("1.5")) == LEAVE
    writer.close()
    (asked,) = server.seen
    assert asked.json()["variables"] == {"submissionId": "s1", "staker": "0xAB", "maxAmount": "1.5"}
    assert asked.headers["authorization"] == keys.header() and "canary" not in repr(LEAVE)


def told(**changes: Any) -> dict[str, Any]:
    """A claim as the API tells it."""
    return {
        "burnAmountWei": "0",
        "merkleRoot": "0xroot",
        "modelId": "m1",
        "payoutAmountWei": "1500000000000000001",
        "proof": ["0xbeside"],
        "roundId": "1345",
        "staker": "0xab",
        "submissionId": "s1",
        "tournamentId": "8",
        **changes,
    }


CLAIM = Claim("m1", 1345, Decimal("1.500000000000000001"), Decimal(0), told())


def test_what_is_left_to_claim_is_read_to_the_wei_with_the_keys(server: Any, reply: Any, keys: Any) -> None:
    later = told(roundId="1346", payoutAmountWei="0", burnAmountWei="1")
    server.plan = [
        reply({"data": {"v3StakeClaims": [later, told()]}}),
        reply({"data": {"v3StakeClaim": told()}}),
        reply({"data": {"v3StakeClaim": None}}),
    ]
    writer = NumeraiWriter(server.url, keys, patience=BRISK)
    burnt = Claim("m1", 1346, Decimal(0), Decimal("0.000000000000000001"), later)
    assert writer.claims(CLASSIC, "0xAB") == [CLAIM, burnt]
    assert writer.claim("m1", 1345, "0xAB") == CLAIM
    assert writer.claim("m1", 1344, "0xAB") is None
    writer.close()
    assert server.seen[0].json()["variables"] == {"staker": "0xAB", "tournamentId": 8}
    asked = {"roundId": "1345", "modelId": "m1", "staker": "0xAB"}
    assert server.seen[1].json()["variables"] == asked
    assert all(one.headers["authorization"] == keys.header() for one in server.seen)
    assert "0xbeside" not in repr(CLAIM)


@pytest.mark.parametrize(
    "answer",
    [None, {}, [None], [told(payoutAmountWei="much")], [told(roundId=None, modelId=7)], [{"roundId": "1345"}]],
)
def test_claims_of_another_form_are_no_claims(server: Any, reply: Any, keys: Any, answer: Any) -> None:
    server.plan = [reply({"data": {"v3StakeClaims": answer}})]
    writer = NumeraiWriter(server.url, keys, patience=BRISK)
    with pytest.raises(DataError):
        writer.claims(CLASSIC, "0xab")
    writer.close()


@pytest.mark.parametrize("what", ["stake", "claim"])
@pytest.mark.parametrize(
    ("answer", "kind", "code"),
    [
        ({"status": 400, "body": {"error": {"sentence": "Authorization expired."}}}, "Refused", "chain-said-no"),
        ({"status": 403, "body": b"no"}, "Refused", "chain-said-no"),
        ({"status": 500}, "Ambiguous", "chain-trouble"),
        ({"status": 408}, "Ambiguous", "chain-trouble"),
        ({"status": 302}, "Ambiguous", "chain-trouble"),
        ({"fault": "hang"}, "Ambiguous", "no-answer-in-time"),
        ({"fault": "cut"}, "Ambiguous", "connection-cut"),
    ],
)
def test_the_wallet_sends_once_and_tells_doubt_from_a_no(
    server: Any, reply: Any, answer: dict[str, Any], kind: str, code: str, what: str
) -> None:
    server.plan = [reply(**answer)]
    wallet = PracticeWallet(server.url, BRISK)
    with pytest.raises(EraforgeError) as caught:
        wallet.stake(LEAVE, Decimal("1.5")) if what == "stake" else wallet.claim(CLAIM)
    wallet.close()
    assert (type(caught.value).__name__, caught.value.code) == (kind, code)
    (sent,) = server.seen
    stake, claim = {"call": "stake", "signature": "0xcanary", "amount": "1.5"}, {"call": "claim", "claim": told()}
    assert (sent.path, sent.json()) == ("/control/chain", stake if what == "stake" else claim)


def test_a_chain_that_cannot_be_reached_took_nothing() -> None:
    wallet = PracticeWallet("http://127.0.0.1:9", BRISK)
    with pytest.raises(EraforgeError) as caught:
        wallet.stake(LEAVE, Decimal(1))
    wallet.close()
    assert type(caught.value).__name__ == "Transient"


def test_the_real_tournament_has_no_practice_wallet() -> None:
    with pytest.raises(UserError) as caught:
        PracticeWallet("https://api-tournament.numer.ai")
    assert caught.value.code == "no-wallet"
