"""A round's stake: leave is asked for as the official client does, and the practice wallet knows doubt from a no."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from eraforge.arenas.gateway_write import NumeraiWriter
from eraforge.arenas.wire.transport import Patience
from eraforge.arenas.wire.wallet import PracticeWallet
from eraforge.core.errors import EraforgeError, UserError
from eraforge.core.ports import Authorisation

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
    server: Any, reply: Any, answer: dict[str, Any], kind: str, code: str
) -> None:
    server.plan = [reply(**answer)]
    wallet = PracticeWallet(server.url, BRISK)
    with pytest.raises(EraforgeError) as caught:
        wallet.stake(LEAVE, Decimal("1.5"))
    wallet.close()
    assert (type(caught.value).__name__, caught.value.code) == (kind, code)
    (sent,) = server.seen
    assert (sent.path, sent.json()) == ("/control/chain", {"call": "stake", "signature": "0xcanary", "amount": "1.5"})


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
