"""Stakes changed by their owner: more, less, releases taken back, where profits go."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation

from eraforge.core.errors import Refused
from eraforge.portfolio.amounts import ZERO, nmr
from eraforge.simulator.tournament.accounts.host import Host, Session
from eraforge.simulator.tournament.contest import Contest
from eraforge.simulator.tournament.rounds import FIRST_ROUND
from eraforge.simulator.tournament.rules.assumptions import PER_ROUND


@dataclass(frozen=True, slots=True)
class StakeChange:
    """A change as it was asked for; `pending` is what of a decrease still waits, until `due`."""

    id: str
    kind: str
    amount: Decimal
    pending: Decimal
    due: datetime

    @property
    def status(self) -> str:
        """`pending` while something waits."""
        return "pending" if self.pending else "confirmed"


class Stakes:
    """Changes of stakes.

    Args:
        host: the tournament.
    """

    def __init__(self, host: Host) -> None:
        self._host = host

    def change(self, session: Session, model_id: str | None, kind: str, value: str) -> StakeChange:
        """Increase or decrease the stake of a model; rounds that close from now on hold what comes of it.

        Raises:
            Refused: `scope-missing`, `model-not-found`, `stake-change-impossible`, `stake-changes-disabled`.
        """
        session.require("stake")
        with self._host.lock:
            model = self._host.own_model(session, model_id)
            if self._per_round(self._host.contest_of(model.id)) and not self._host.assumptions.legacy_stakes:
                raise Refused(
                    "stake-changes-disabled",
                    "Legacy stake changes are disabled for this tournament",
                    "Stake per round, with an authorisation of v3StakeAuth.",
                )
            amount = _amount(value)
            if kind not in ("increase", "decrease") or amount <= 0:
                raise _impossible(f"A stake cannot be changed by {kind} of {value}.")
            held = self._host.ledger.stake(model.id)
            stake = held + (amount if kind == "increase" else -amount)
            if stake < 0:
                raise _impossible("The stake is smaller than the amount to release.")
            if kind == "increase" and amount > self._host.ledger.available(session.token.username):
                raise _impossible("Insufficient NMR balance.")
            waited = self._host.ledger.holding(model.id).pending
            identifier = self._host.identifier("stake")
            facts = {"id": identifier, "model": model.id, "kind": kind, "value": str(amount)}
            self._host.change("stake-changed", {**facts, "before": str(held), "stake": str(stake)})
            left = self._host.ledger.holding(model.id).pending - waited
            return StakeChange(identifier, kind, amount, left if kind == "decrease" else ZERO, self.due(model.id))

    def cancel_release(self, session: Session, model_id: str | None) -> StakeChange:
        """Take back every release of a model that has not happened.

        Raises:
            Refused: `scope-missing`, `model-not-found`, `no-release-pending`.
        """
        session.require("stake")
        with self._host.lock:
            model = self._host.own_model(session, model_id)
            waiting = self._host.ledger.holding(model.id).pending
            if not waiting:
                raise Refused("no-release-pending", "No pending stake release", "There is nothing to cancel.")
            identifier = self._host.identifier("cancel")
            self._host.change("release-cancelled", {"id": identifier, "model": model.id})
            self._host.ledger.stake(model.id)
            return StakeChange(identifier, "decrease", waiting, ZERO, self._host.now())

    def select_payout(self, session: Session, model_id: str | None, *, take_profit: bool) -> None:
        """Say whether payouts go to the wallet or join the stake.

        Raises:
            Refused: `scope-missing`, `model-not-found`.
        """
        session.require("stake")
        with self._host.lock:
            model = self._host.own_model(session, model_id)
            self._host.change("payout-selected", {"model": model.id, "take_profit": take_profit})

    def due(self, model_id: str) -> datetime:
        """When the last release of a model that waits will have happened; now when none waits."""
        held, rounds = self._host.ledger.holding(model_id), self._host.contest_of(model_id).rounds
        numbers = [one.round for one in held.rounds.positions if one.settlement is None] if held.waiting else []
        if held.continuous.due is not None:
            numbers.append(held.continuous.due)
        return rounds.score_moments(max(numbers))[-1] if numbers else self._host.now()

    def _per_round(self, contest: Contest) -> bool:
        current = max(FIRST_ROUND, contest.rounds.current_number(self._host.now()))
        return contest.rounds.policy(current).staking == PER_ROUND


def _amount(value: str) -> Decimal:
    try:
        amount = Decimal(value)
    except InvalidOperation as error:
        raise _impossible(f"{value!r} is not an amount of NMR.") from error
    if not amount.is_finite() or amount != nmr(amount):
        raise _impossible(f"{value!r} is not an amount of NMR.")
    return amount


def _impossible(sentence: str) -> Refused:
    return Refused("stake-change-impossible", sentence, "Ask for another amount.")
