"""Approvals of plans that move NMR: a person approves a digest; an approval expires, and serves once."""

from __future__ import annotations

from datetime import datetime, timedelta

from eraforge.core.errors import Refused, UserError
from eraforge.portfolio.stake_plan import ClaimPlan, StakePlan, plan_of
from eraforge.store.ledger import Ledger

PLANNED = "stake.planned"
APPROVED = "stake.approved"


class Approvals:
    """Plans and their approvals in the ledger. That a plan serves once follows from its effect, which carries it."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def remember(self, plan: StakePlan | ClaimPlan, at: datetime) -> None:
        """Write a plan down."""
        self._ledger.record(PLANNED, plan.digest, plan.as_dict(), at)

    def plan(self, digest: str) -> StakePlan | ClaimPlan:
        """The plan whose digest begins so.

        Raises:
            UserError: `unknown-plan`, also where the beginning fits more than one.
        """
        found = {
            event.subject: event for event in self._ledger.events(kind=PLANNED) if event.subject.startswith(digest)
        }
        if len(digest) < 8 or len(found) != 1:
            raise UserError(
                "unknown-plan",
                f"{len(found)} plans have a digest that begins with {digest!r}.",
                "Give at least 8 signs of the digest that `eraforge stake plan` or `stake claim` printed.",
            )
        (event,) = found.values()
        plan = plan_of(dict(event.facts))
        if plan.digest != event.subject:
            raise UserError("plan-changed", "The plan no longer has the digest it was made with.", "Make a new plan.")
        return plan

    def approve(self, plan: StakePlan | ClaimPlan, hours: float, at: datetime) -> datetime:
        """Let the plan be carried out until the moment returned."""
        expires = at + timedelta(hours=hours)
        self._ledger.record(APPROVED, plan.digest, {"expires": expires}, at)
        return expires

    def objection(self, digest: str, now: datetime) -> Refused | None:
        """What is missing: an approval, or one that has not expired."""
        approvals = list(self._ledger.events(kind=APPROVED, subject=digest))
        if not approvals:
            return Refused(
                "plan-not-approved",
                f"Nobody has approved the plan {digest[:12]}.",
                f"Look at it, then run `eraforge stake approve {digest[:12]}`.",
            )
        expires = datetime.fromisoformat(str(approvals[-1].facts["expires"]))
        if now < expires:
            return None
        return Refused(
            "approval-expired", f"The approval of {digest[:12]} expired at {expires:%Y-%m-%d %H:%M} UTC.", "Plan again."
        )
