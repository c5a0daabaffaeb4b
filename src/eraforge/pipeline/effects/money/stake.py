"""Changes of a stake: approved by a person, made for one state, read back as a level, never sent twice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from eraforge.core.errors import Held, Refused
from eraforge.core.ports import Reader, Writer
from eraforge.core.words import Arena, Effect
from eraforge.pipeline.effects.conduct import Facts, Note, Objection, Sighting
from eraforge.pipeline.effects.money.approvals import Approvals
from eraforge.portfolio.amounts import text
from eraforge.portfolio.stake_plan import StakePlan


@dataclass(frozen=True)
class StakeConduct:
    """One change of a stake on its way."""

    effect: Effect
    plan: StakePlan
    arena: Arena
    model_id: str
    reader: Reader
    writer: Writer
    approvals: Approvals
    what: str = "stake change"
    remedy: str = "Look at the stake on the tournament's site, then make a new plan with `eraforge stake plan`."
    reads_back: bool = True

    def mismatch(self, told: str) -> Held:
        """Somebody must look before anything else is done."""
        return Held("stake-is-another", f"{self.effect.slot.key}: {told}.", self.remedy)

    def objection(self, now: datetime) -> Objection | None:
        """Only with a fresh approval, and only in the state the plan was made for, read again now."""
        missing = self.approvals.objection(self.plan.digest, now)
        if missing is not None:
            return Objection(missing, given_up="" if missing.code == "plan-not-approved" else missing.sentence)
        held = self.reader.stake(self.arena, self.plan.model)
        if held == self.plan.current:
            return None
        told = f"the stake is {text(held)} NMR now, the plan was made for {text(self.plan.current)}"
        error = Refused("plan-void", f"The plan for {self.plan.model} is void: {told}.", "Make a new plan.")
        return Objection(error, given_up=f"the plan is void: {told}")

    def prepare(self, note: Note) -> Facts:
        """Nothing is sent before the change itself; the approval is spent from here on."""
        note("approved", {"plan": self.plan.digest})
        return {"plan": self.plan.as_dict(), "model_id": self.model_id}

    def send(self, prepared: Facts) -> Facts:
        """Ask for the difference between the state just read and the target."""
        self.writer.change_stake(self.arena, self.model_id, self.plan.change)
        return {}

    def look(self, facts: Mapping[str, Any]) -> Sighting | None:
        """The level of the stake: the target (done), the former level (nothing to be seen), or another (held)."""
        held = self.reader.stake(self.arena, self.plan.model)
        if held == self.plan.current:
            return None
        if held == self.plan.target:
            return Sighting(self.plan.digest, "", {"stake": text(held)})
        told = f"the stake is {text(held)} NMR, neither {text(self.plan.current)} nor {text(self.plan.target)}"
        return Sighting("", told)

    def keep(self, sighting: Sighting, at: datetime) -> None:
        """The effect's own event tells all of it."""
