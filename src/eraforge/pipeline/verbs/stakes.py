"""`stake plan`, `stake approve`, `stake move`: a person decides, the machine carries out once."""

from __future__ import annotations

from eraforge.core.configuration import StakeTable
from eraforge.core.errors import UserError
from eraforge.core.words import Entry
from eraforge.pipeline.effects.approvals import Approvals
from eraforge.pipeline.steps.live_history import policy_of
from eraforge.pipeline.tools import Tools
from eraforge.pipeline.verb import Facts, Visit
from eraforge.pipeline.workspace import chosen_entries, open_workspace
from eraforge.portfolio.amounts import nmr, stake_amount
from eraforge.portfolio.stake_plan import StakeLimits, StakePlan, require_within


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


def approve(visit: Visit, plan: str) -> Facts:
    """Approve a plan by its digest.

    Raises:
        UserError: `stakes-are-off`, `unknown-plan`, and what `stake plan` raises when limits were lowered.
    """
    with open_workspace(visit) as tools:
        settings = _require_on(tools)
        approvals = Approvals(tools.ledger)
        found = approvals.plan(plan)
        require_within(found, _limits(settings))
        expires = approvals.approve(found, settings.approval_hours, tools.clock.now())
        return {"plan": found.as_dict(), "expires": expires.isoformat(), **_lock(tools, found)}


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
        require_within(found, _limits(settings))
        one = _entry_of(found)
        arena, played = tools.arena(one), tools.round(one, found.round)
        facts = tools.effects(found.account).move_stake(found, arena, tools.model_id(one), played)
        return {"plan": found.as_dict(), "stake": facts.get("stake"), **_lock(tools, found)}


def _lock(tools: Tools, plan: StakePlan) -> Facts:
    """Where the plan's round takes a stake of its own: the round that keeps an increase, and until when."""
    played = tools.round(_entry_of(plan), plan.round)
    if plan.change <= 0 or not policy_of(tools.arena(_entry_of(plan)), played).staked_per_round:
        return {}
    until = "" if played.resolves is None else played.resolves.isoformat()
    return {"locked": {"round": plan.round, "until": until}}


def _entry_of(plan: StakePlan) -> Entry:
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
