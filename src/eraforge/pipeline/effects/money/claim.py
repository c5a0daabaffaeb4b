"""Claims of resolved stakes: approved by a person, made for what the round became, read back, never sent twice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from eraforge.core.errors import Held, Refused
from eraforge.core.ports import Claim, Wallet, Writer
from eraforge.core.words import Arena, Effect
from eraforge.pipeline.effects.conduct import Facts, Note, Objection, Sighting
from eraforge.pipeline.effects.money.approvals import Approvals
from eraforge.portfolio.amounts import text
from eraforge.portfolio.stake_plan import ClaimPlan


@dataclass(frozen=True)
class ClaimConduct:
    """One claim on its way.

    Args:
        writer: its key may read what is left to claim; the key that submits may not.
        staker: address of the wallet that it goes to.
        wallet: sends it.
    """

    effect: Effect
    plan: ClaimPlan
    arena: Arena
    model_id: str
    writer: Writer
    staker: str
    approvals: Approvals
    wallet: Wallet
    what: str = "claim"
    remedy: str = "Look at the round on the tournament's site; if it is not claimed there, plan it again."
    reads_back: bool = True

    def mismatch(self, told: str) -> Held:
        """Somebody must look before anything else is done."""
        return Held("claim-is-another", f"{self.effect.slot.key}: {told}.", self.remedy)

    def objection(self, now: datetime) -> Objection | None:
        """Only with a fresh approval, and only what is still to be claimed, at the figures of the plan."""
        missing = self.approvals.objection(self.plan.digest, now)
        if missing is not None:
            return Objection(missing, given_up="" if missing.code == "plan-not-approved" else missing.sentence)
        left = self._left()
        if left is None:
            told = f"round {self.plan.round} holds nothing of {self.plan.model} to claim"
        elif (left.payout, left.burn) != (self.plan.payout, self.plan.burn):
            told = f"its payout is {text(left.payout)} and its burn {text(left.burn)} NMR now"
        else:
            return None
        error = Refused("plan-void", f"The plan is void: {told}.", "See `eraforge stake claims`.")
        return Objection(error, given_up=f"the plan is void: {told}")

    def prepare(self, note: Note) -> Facts:
        """Nothing is sent before the claim itself; the approval is spent from here on."""
        note("approved", {"plan": self.plan.digest})
        return {"plan": self.plan.as_dict(), "model_id": self.model_id, "staker": self.staker}

    def send(self, prepared: Facts) -> Facts:
        """Have the wallet claim, with the proof as it is given now."""
        left = self._left()
        if left is None:
            raise Refused("nothing-to-claim", f"Round {self.plan.round} was claimed meanwhile.", "Nothing is left.")
        return {"transaction": self.wallet.claim(left)}

    def look(self, facts: Mapping[str, Any]) -> Sighting | None:
        """Claimed is what has a proof and is not among what is left to claim."""
        if self._left() is not None:
            return None
        if self.writer.claim(self.model_id, self.plan.round, self.staker) is None:
            return None
        return Sighting(self.plan.digest, "", {"claimed": True})

    def keep(self, sighting: Sighting, at: datetime) -> None:
        """The effect's own event tells all of it."""

    def _left(self) -> Claim | None:
        for one in self.writer.claims(self.arena, self.staker):
            if (one.model_id, one.round) == (self.model_id, self.plan.round):
                return one
        return None
