"""Staking per round: authorisations, positions, claims with their proofs, restaking. A stand-in for the contract.

The real contract checks an EIP-712 signature. Here the authorisation's digest and signature are SHA-256 digests of its
fields, and whoever knows them may use them once, before the deadline: the protocol is the same, the cryptography is
not. Authorisations are short-lived, so a restart forgets them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from itertools import count
from typing import Any

from eraforge.core.digest import digest_value
from eraforge.core.errors import Refused
from eraforge.portfolio.amounts import WEI, ZERO
from eraforge.portfolio.per_round import Position
from eraforge.simulator.tournament.accounts.host import Host, Session
from eraforge.simulator.tournament.accounts.proofs import Leaf, Tree, proves
from eraforge.simulator.tournament.contest import Contest
from eraforge.simulator.tournament.identities import address, derived_uuid
from eraforge.simulator.tournament.rules.assumptions import PER_ROUND

CHAIN_ID = 11155111
LIFETIME = timedelta(minutes=10)
SCOPE = "web3_staking"


@dataclass(frozen=True, slots=True)
class Authorisation:
    """Leave to stake on one submission, signed by the tournament."""

    tournament: int
    round: int
    model_id: str
    submission_id: str
    submission_hash: str
    staker: str
    max_amount: Decimal
    nonce: int
    deadline: datetime

    @property
    def digest(self) -> str:
        """What is signed."""
        fields = (self.tournament, self.round, self.model_id, self.submission_hash, self.staker, str(self.max_amount))
        return "0x" + digest_value("authorisation", *fields, self.nonce, self.deadline.isoformat())

    @property
    def signature(self) -> str:
        """The stand-in for the signature: 65 bytes."""
        text = digest_value("signature", self.digest) + digest_value("more signature", self.digest)
        return f"0x{text}1b"


@dataclass(frozen=True, slots=True)
class ClaimProof:
    """What a resolved position gives, and the proof that it stands in the round's tree."""

    leaf: Leaf
    position: Position
    submission_id: str
    root: str
    proof: tuple[str, ...]


class Chain:
    """The staking contract.

    Args:
        host: the tournament.
    """

    def __init__(self, host: Host) -> None:
        self._host = host
        self._given: dict[str, Authorisation] = {}
        self._nonces = count(1)

    def authorise(self, session: Session, submission_id: str, staker: str, max_amount: str) -> Authorisation:
        """Sign an authorisation to stake on a selected submission of an open round.

        Raises:
            Refused: `scope-missing`, `submission-not-found`, `submission-not-eligible`, `stake-change-impossible`,
                `not-your-wallet`.
        """
        session.require(SCOPE)
        with self._host.lock:
            contest, model_id, number = self._eligible(session, submission_id)
            if staker.lower() != address("wallet", session.token.username):
                raise Refused("not-your-wallet", "The staker is not the account's wallet", "Use `walletAddress`.")
            standing = contest.submissions.selected(model_id, number)
            made = Authorisation(
                contest.number,
                number,
                model_id,
                submission_id,
                "0x" + (standing.submission.digest if standing else ""),
                staker.lower(),
                _amount(max_amount),
                next(self._nonces),
                self._host.now() + LIFETIME,
            )
            self._given[made.signature] = made
            return made

    def stake(self, signature: str, amount: str) -> Position:
        """Lock NMR of the staker's wallet on the authorised submission. One position a model and round.

        Raises:
            Refused: `authorisation-invalid`, `authorisation-expired`, `stake-change-impossible`,
                `stake-position-exists`, `round-not-open`.
        """
        with self._host.lock:
            given, wanted = self._given.get(signature), _amount(amount)
            if given is None:
                raise Refused("authorisation-invalid", "Invalid authorization signature", "Ask for an authorisation.")
            if self._host.now() > given.deadline:
                raise Refused("authorisation-expired", "Authorization expired", "Ask for another authorisation.")
            held = self._host.ledger.holding(given.model_id)
            username = self._host.records.models[given.model_id].username
            if wanted > given.max_amount:
                raise Refused("stake-change-impossible", "The amount exceeds the authorised one", "Stake less.")
            if wanted > self._host.ledger.available(username):
                raise Refused("stake-change-impossible", "Insufficient NMR balance.", "Stake less.")
            if held.position(given.round) is not None:
                raise Refused(
                    "stake-position-exists", "Already staked on this round", "A round takes one stake a model."
                )
            if not self._host.contest(given.tournament).rounds.get(given.round).is_open(self._host.now()):
                raise Refused("round-not-open", "Round is not open for staking", "Wait for the next round.")
            facts = {"id": self._host.identifier("position"), "model": given.model_id, "round": given.round}
            self._host.change("position-staked", {**facts, "value": str(wanted)})
            del self._given[signature]
            return self._position(given.model_id, given.round)

    def claim(self, leaf: Leaf, proof: Sequence[str]) -> Position:
        """Claim a resolved position to its staker's wallet; its burn and any deferred burn of the model are final.

        Anybody who has the proof may send it: what it gives goes to the staker alone.

        Raises:
            Refused: `nothing-to-claim`, `claim-not-proven`.
        """
        with self._host.lock:
            tree = self.tree(self._host.contest(leaf.tournament), leaf.round)
            if tree is None or not proves(leaf, proof, tree.root):
                raise Refused("claim-not-proven", "Invalid claim proof", "Ask for the claim's proof again.")
            self._claimable(leaf.model_id, leaf.round)
            facts = {"id": self._host.identifier("claim"), "model": leaf.model_id, "round": leaf.round}
            self._host.change("position-claimed", facts)
            return self._position(leaf.model_id, leaf.round)

    def restake(self, session: Session, model_id: str, number: int, into: str, amount: str | None) -> Position:
        """Claim a resolved position and lock NMR on a selected submission of an open round in one step.

        Args:
            into: the submission to stake on.
            amount: how much; all that is left of the position when None.

        Raises:
            Refused: `scope-missing`, `model-not-found`, `nothing-to-claim`, `stake-position-exists`, as `authorise`.
        """
        session.require(SCOPE)
        with self._host.lock:
            model = self._host.own_model(session, model_id)
            self._claimable(model.id, number)
            _, target, opened = self._eligible(session, into)
            if target != model.id:
                raise Refused("submission-not-eligible", "The submission is another model's", "Restake on the model's.")
            if self._host.ledger.holding(model.id).position(opened) is not None:
                raise Refused("stake-position-exists", "Already staked on this round", "Claim without restaking.")
            value = None if amount is None else str(_amount(amount))
            facts = {"id": self._host.identifier("restake"), "model": model.id, "round": number, "into": opened}
            self._host.change("position-restaked", {**facts, "value": value})
            return self._position(model.id, opened)

    # What can be read

    def positions(self, contest: Contest, number: int) -> list[tuple[str, Position]]:
        """Every account's position in a round: model and position."""
        found = ((one, self._host.ledger.holding(one).position(number)) for one in self._models(contest))
        return [(model_id, position) for model_id, position in found if position is not None]

    def tree(self, contest: Contest, number: int) -> Tree | None:
        """The tree of a resolved round's claims; None before it has resolved."""
        positions = self.positions(contest, number)
        if contest.rounds.published(number, self._host.now()) < contest.rounds.score_days:
            return None
        return Tree([_leaf(contest, model_id, self._staker(model_id), one) for model_id, one in positions])

    def proof(self, contest: Contest, model_id: str, number: int, staker: str) -> ClaimProof | None:
        """The claim of a model's resolved position; None where there is none."""
        tree = self.tree(contest, number)
        position = dict(self.positions(contest, number)).get(model_id)
        if tree is None or position is None or staker.lower() != self._staker(model_id):
            return None
        standing = contest.submissions.selected(model_id, number)
        leaf = _leaf(contest, model_id, staker.lower(), position)
        return ClaimProof(leaf, position, standing.submission.id if standing else "", tree.root, tree.proof(leaf))

    def find_round(self, identifier: str, tournament: int | None) -> tuple[Contest, int]:
        """The round meant by a number or a UUID; without a tournament, the first whose round it can be.

        Raises:
            Refused: `round-not-found`.
        """
        contests = [self._host.contest(one) for one in self._numbers() if tournament in (None, one)]
        for contest in contests:
            newest = contest.rounds.current_number(self._host.now()) + 1
            for number in range(newest, contest.rounds.first - 1, -1):
                if identifier in (str(number), derived_uuid("round", contest.book.identifier, number)):
                    return contest, number
        raise Refused("round-not-found", f"Round {identifier} not found", "Name a round that has opened.")

    # Inside

    def _numbers(self) -> list[int]:
        return sorted({model.tournament for model in self._host.records.models.values()})

    def _models(self, contest: Contest) -> list[str]:
        models, accounts = self._host.records.models, self._host.records.accounts
        mine = self._host.records.models_of(contest.number)
        return [one for one in mine if not accounts[models[one].username].competitor]

    def _staker(self, model_id: str) -> str:
        return address("wallet", self._host.records.models[model_id].username)

    def _eligible(self, session: Session, submission_id: str) -> tuple[Contest, str, int]:
        record = self._host.records.submissions.get(submission_id)
        if record is None:
            raise Refused("submission-not-found", "Submission not found", "Name one of the model's submissions.")
        model = self._host.own_model(session, record.model_id)
        contest = self._host.contest_of(model.id)
        selected = contest.submissions.selected(model.id, record.round)
        open_now = contest.rounds.get(record.round).is_open(self._host.now())
        staked = contest.rounds.policy(record.round).staking == PER_ROUND
        if selected is None or selected.submission.id != submission_id or not open_now or not staked:
            raise Refused(
                "submission-not-eligible",
                "Submission is not eligible for staking",
                "Stake on the selected submission of a round that is open and staked per round.",
            )
        return contest, model.id, record.round

    def _claimable(self, model_id: str, number: int) -> None:
        position = self._host.ledger.holding(model_id).position(number)
        if position is None or position.settlement is None or position.claimed:
            raise Refused("nothing-to-claim", "Nothing to claim", "Claim a resolved position, once.")

    def _position(self, model_id: str, number: int) -> Position:
        position = self._host.ledger.holding(model_id).position(number)
        if position is None:
            raise Refused("nothing-to-claim", "Nothing to claim", "Look at the positions.")
        return position


def _leaf(contest: Contest, model_id: str, staker: str, position: Position) -> Leaf:
    settled = position.settlement
    return Leaf(
        contest.number,
        position.round,
        staker,
        model_id,
        wei(settled.payout if settled else ZERO),
        wei(settled.burn if settled else ZERO),
    )


def wei(amount: Decimal) -> int:
    """NMR in wei."""
    return int(amount / WEI)


def authorisation_fields(given: Authorisation) -> Mapping[str, Any]:
    """An authorisation as the API writes it."""
    return {
        "authorizationDigest": given.digest,
        "authorizationSigner": address("contract", "authorization signer"),
        "chainId": CHAIN_ID,
        "deadline": int(given.deadline.timestamp()),
        "maxAmount": f"{given.max_amount:.18f}",
        "modelId": given.model_id,
        "nmrAddress": address("contract", "nmr"),
        "nonce": str(given.nonce),
        "roundId": str(given.round),
        "signature": given.signature,
        "staker": given.staker,
        "stakingAddress": address("contract", "staking"),
        "submissionHash": given.submission_hash,
        "submissionId": given.submission_id,
        "tournamentId": str(given.tournament),
    }


def _amount(value: str) -> Decimal:
    """NMR from text, as much as zero or more, to the wei."""
    try:
        amount = Decimal(value)
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or amount <= 0 or amount != amount.quantize(WEI):
        raise Refused("stake-change-impossible", f"{value!r} is not an amount of NMR.", "Ask for another amount.")
    return amount
