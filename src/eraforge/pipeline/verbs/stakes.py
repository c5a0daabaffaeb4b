"""`stake plan|claims|claim|approve|move`: a person decides, the machine carries out once."""

from __future__ import annotations

from datetime import timedelta

from eraforge.core.configuration import StakeTable
from eraforge.core.errors import UserError
from eraforge.core.ports import Claim
from eraforge.core.words import Entry
from eraforge.pipeline.effects.money.approvals import Approvals
from eraforge.pipeline.steps.live_history import policy_of
from eraforge.pipeline.tools import Tools
from eraforge.pipeline.verb import Facts, Visit
from eraforge.pipeline.workspace import chosen_entries, open_workspace
from eraforge.portfolio.amounts import nmr, stake_amount, text
from eraforge.portfolio.stake_plan import ClaimPlan, StakeLimits, StakePlan, require_within

CLAIMED_FOR_YOU = timedelta(days=7)  # after a round has resolved; from then on the next scoring run does it


def plan(visit: Visit, entry: str, target: str) -> Facts:
    """Write down a plan for the stake of one model, made for what is staked now.

    Raises:
        UserError: `stakes-are-off`, `name-the-entry`, `stake-over-limit`, `stake-move-over-limit`, `amount-unreadable`.
    """
    with open_workspace(visit) as tools:
        limits = _limits(_require_on(tools))
        one = _only(tools, entry)
        arena = tools.arena(one)
        now = tools.clock.now()
        current = tools.reader(one).stake(arena, one.model)
        number = tools.reader(one).current_round(arena).number
        made = StakePlan(one.account, one.arena, one.model, number, nmr(current), stake_amount(target), now)
        require_within(made, limits)
        Approvals(tools.ledger).remember(made, now)
        return {"plan": made.as_dict(), **_lock(tools, made)}


def claims(visit: Visit, entry: str) -> Facts:
    """What resolved rounds have left to claim, of the models of the entries; nothing is moved.

    Raises:
        UserError: `stakes-are-off`, and what is wrong with the key that may stake.
    """
    with open_workspace(visit) as tools:
        _require_on(tools)
        left: dict[tuple[str, str], list[Claim]] = {}  # one question an account and arena, however many entries it has
        rows: list[Facts] = []
        for one in chosen_entries(tools.configuration, entry):
            key, model_id = (one.account, one.arena), tools.model_id(one)
            left[key] = left[key] if key in left else tools.effects(one.account).claims(tools.arena(one))
            for claim in left[key]:
                if claim.model_id == model_id:
                    told = {"payout": text(claim.payout), "burn": text(claim.burn), "until": _lapse(tools, one, claim)}
                    rows.append({"entry": one.name, "arena": one.arena, "round": claim.round, **told})
        return {"claims": rows}


def claim(visit: Visit, entry: str, round: int) -> Facts:
    """Write down a plan to claim what one round's stake has become; nothing is moved.

    Raises:
        UserError: `stakes-are-off`, `name-the-entry`, `claim-not-found`.
    """
    with open_workspace(visit) as tools:
        _require_on(tools)
        one = _only(tools, entry)
        wanted = tools.model_id(one), round
        every = tools.effects(one.account).claims(tools.arena(one))
        left = next((claim for claim in every if (claim.model_id, claim.round) == wanted), None)
        if left is None:
            raise UserError(
                "claim-not-found",
                f"Round {round} holds nothing of {one.model} to claim.",
                "See `eraforge stake claims`.",
            )
        now = tools.clock.now()
        made = ClaimPlan(one.account, one.arena, one.model, round, nmr(left.payout), nmr(left.burn), now)
        Approvals(tools.ledger).remember(made, now)
        return {"plan": made.as_dict()}


def approve(visit: Visit, plan: str) -> Facts:
    """Approve a plan by its digest.

    Raises:
        UserError: `stakes-are-off`, `unknown-plan`, and what `stake plan` raises when limits were lowered.
    """
    with open_workspace(visit) as tools:
        settings = _require_on(tools)
        approvals = Approvals(tools.ledger)
        found = approvals.plan(plan)
        lock = {}
        if isinstance(found, StakePlan):
            require_within(found, _limits(settings))
            lock = _lock(tools, found)
        expires = approvals.approve(found, settings.approval_hours, tools.clock.now())
        return {"plan": found.as_dict(), "expires": expires.isoformat(), **lock}


def move(visit: Visit, plan: str) -> Facts:
    """Carry an approved plan out.

    Raises:
        Refused: `plan-not-approved`, `approval-expired`, `plan-void`; where each round takes a stake of its own, also
            `window-closed`, `nothing-to-stake-on`. Held: a person must look.
        UserError: as `approve`.
    """
    with open_workspace(visit) as tools:
        settings = _require_on(tools)
        found = Approvals(tools.ledger).plan(plan)
        one = _entry_of(found)
        arena, effects = tools.arena(one), tools.effects(found.account)
        if isinstance(found, ClaimPlan):
            facts = effects.claim(found, arena, tools.model_id(one))
            return {"plan": found.as_dict(), "claimed": facts["claimed"]}
        require_within(found, _limits(settings))
        facts = effects.move_stake(found, arena, tools.model_id(one), tools.round(one, found.round))
        return {"plan": found.as_dict(), "stake": facts.get("stake"), **_lock(tools, found)}


def _lapse(tools: Tools, entry: Entry, claim: Claim) -> str:
    """When the tournament claims for its staker what nobody did; "" where it does not tell when the round resolved."""
    resolved = tools.round(entry, claim.round).resolves
    return "" if resolved is None else (resolved + CLAIMED_FOR_YOU).isoformat()


def _lock(tools: Tools, plan: StakePlan) -> Facts:
    """Where the plan's round takes a stake of its own: the round that keeps an increase, and until when."""
    played = tools.round(_entry_of(plan), plan.round)
    if plan.change <= 0 or not policy_of(tools.arena(_entry_of(plan)), played).staked_per_round:
        return {}
    until = "" if played.resolves is None else played.resolves.isoformat()
    return {"locked": {"round": plan.round, "until": until}}


def _entry_of(plan: StakePlan | ClaimPlan) -> Entry:
    return Entry(name="", account=plan.account, arena=plan.arena, model=plan.model, learner="")


def _require_on(tools: Tools) -> StakeTable:
    settings = tools.configuration.stake
    if not settings.enabled:
        raise UserError(
            "stakes-are-off",
            "Stakes are never moved in this workspace.",
            "Set `stake.enabled = true` and its limits in eraforge.toml to allow it.",
        )
    return settings


def _limits(settings: StakeTable) -> StakeLimits:
    return StakeLimits(nmr(settings.most_stake), nmr(settings.most_move))


def _only(tools: Tools, name: str) -> Entry:
    chosen = chosen_entries(tools.configuration, name)
    if len(chosen) != 1:
        known = ", ".join(one.name for one in chosen)
        raise UserError("name-the-entry", f"{len(chosen)} entries are meant.", f"Add --entry with one of: {known}.")
    return chosen[0]
