"""The wallet of a local tournament: what a real one would send to the staking contract, it takes itself."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import httpx

from eraforge.arenas.addresses import host_of, is_real_tournament
from eraforge.arenas.wire.connection import deadline, open_client
from eraforge.arenas.wire.outcomes import judge_exception
from eraforge.arenas.wire.transport import Patience
from eraforge.core.errors import Ambiguous, Refused, UserError
from eraforge.core.ports import Authorisation, Claim

STAKE, CLAIM = "stake of the round", "claim of the round"


class PracticeWallet:
    """`core.ports.Wallet` of a local tournament, which stands in for the chain.

    Args:
        url: address of the local tournament.
        patience: time limits of the call.

    Raises:
        UserError: `no-wallet` for the real tournament: eraforge holds no key of a wallet.
    """

    def __init__(self, url: str, patience: Patience | None = None) -> None:
        if is_real_tournament(url):
            raise UserError(
                "no-wallet",
                "This round takes its stake from a wallet, and eraforge holds no key of one.",
                "Stake on the tournament's site, or name a wallet of your own in `stake.wallet`.",
            )
        self._host = host_of(url)
        self._url = f"{url.rstrip('/')}/control/chain"
        self._patience = patience or Patience()
        self._client = open_client(self._patience.timeout(), keep_alive=False)

    def __repr__(self) -> str:
        return f"PracticeWallet({self._host})"

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def stake(self, leave: Authorisation, amount: Decimal) -> str:
        """Lock that many NMR, once; the name of the transaction.

        Raises:
            Ambiguous: it may have happened; Refused: the chain said no; Transient: it was not reached.
        """
        body = {"call": "stake", "signature": leave.fields["signature"], "amount": format(amount, "f")}
        self._send(STAKE, body)
        return f"nonce {leave.nonce}"

    def claim(self, claim: Claim) -> str:
        """Bring a resolved position home, once; the name of the transaction.

        Raises:
            As `stake`.
        """
        self._send(CLAIM, {"call": "claim", "claim": dict(claim.fields)})
        return f"claim of round {claim.round}"

    def _send(self, what: str, body: dict[str, Any]) -> None:
        try:
            with deadline(self._patience.exchange):
                answer = self._client.post(self._url, json=body)
        except httpx.HTTPError as error:
            raise judge_exception(error, what, writes=True).error from None
        if answer.status_code == 200:
            return
        if 400 <= answer.status_code < 500 and answer.status_code != 408:
            raise Refused("chain-said-no", f"{what}: {_told(answer)}.", "Correct what it names, and plan again.")
        raise Ambiguous(
            "chain-trouble",
            f"{what}: the server answered {answer.status_code}; it may have happened.",
            "Read back before anything is sent again.",
        )


def _told(answer: httpx.Response) -> str:
    try:
        error = answer.json()["error"]
        return str(error["sentence"]).rstrip(".")
    except (ValueError, KeyError, TypeError):
        return f"the chain refused with status {answer.status_code}"
