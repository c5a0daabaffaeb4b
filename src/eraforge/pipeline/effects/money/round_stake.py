"""Stakes that a round takes by itself: the tournament's leave, then the wallet; approved and read back as any other."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from eraforge.core.errors import Broken, Refused
from eraforge.core.ports import Authorisation, Submission, Wallet
from eraforge.core.words import Round
from eraforge.pipeline.effects.conduct import Facts, Note, Objection
from eraforge.pipeline.effects.money.stake import StakeConduct


@dataclass(frozen=True, kw_only=True)
class RoundStakeConduct(StakeConduct):
    """One increase of a stake, locked for the plan's round on the submission that stands in it.

    The leave's nonce and deadline are kept with the effect; what it takes to use it is not written down anywhere.

    Args:
        round: the plan's round.
        margin: seconds before it closes in which nothing is sent any more.
        staker: address of the account's wallet.
    """

    round: Round
    margin: float
    staker: str
    wallet: Wallet
    _given: dict[str, Authorisation] = field(default_factory=dict, repr=False)

    def objection(self, now: datetime) -> Objection | None:
        """Besides what holds for every stake: only while the round is open, and only on an answer it holds."""
        latest = self.round.closes - timedelta(seconds=self.margin)
        if now >= latest:
            told = f"Round {self.round.number} takes no stake after {latest:%Y-%m-%d %H:%M:%S} UTC."
            return Objection(Refused("window-closed", told, "Plan again in the next round."), given_up=told)
        if now < self.round.opens:
            told = f"Round {self.round.number} opens at {self.round.opens:%Y-%m-%d %H:%M} UTC."
            return Objection(Refused("window-not-open", told, "Move the stake once it is open."))
        general = super().objection(now)
        if general is not None:
            return general
        if self._standing() is not None:
            return None
        told = f"{self.plan.model} has no answer in round {self.round.number} to stake on."
        return Objection(Refused("nothing-to-stake-on", told, "Submit first, then move the stake."))

    def prepare(self, note: Note) -> Facts:
        """Leave to stake exactly what was approved. The approval is spent from here on."""
        standing = self._standing()
        if standing is None:
            raise Refused(
                "nothing-to-stake-on", f"{self.plan.model} no longer has an answer to stake on.", "Submit it again."
            )
        facts = super().prepare(note)
        leave = self.writer.authorise_stake(standing.id, self.staker, self.plan.change)
        asked = (standing.id, self.round.number, self.staker.lower(), self.plan.change)
        if (leave.submission_id, leave.round, leave.staker.lower(), leave.most) != asked:
            raise Refused(
                "leave-is-for-another",
                f"The tournament gave leave to stake {leave.most} NMR on {leave.submission_id} in round {leave.round}.",
                "Nothing was sent. Look at the round on the tournament's site before planning again.",
            )
        self._given["leave"] = leave
        told = {"submission_id": leave.submission_id, "nonce": leave.nonce, "until": leave.deadline.isoformat()}
        note("leave-to-stake", told)
        return {**facts, **told}

    def send(self, prepared: Facts) -> Facts:
        """Have the wallet lock the amount."""
        leave = self._given.pop("leave", None)
        if leave is None or leave.nonce != prepared["nonce"]:
            raise Broken("stake-without-leave", "A stake was to be sent without leave for it.", "Stop and report it.")
        return {"transaction": self.wallet.stake(leave, self.plan.change)}

    def _standing(self) -> Submission | None:
        """The answer that stands in the round."""
        for one in reversed(self.reader.submissions(self.model_id)):
            if one.selected and one.round == self.round.number:
                return one
        return None
