"""`stake plan|claims|claim|approve|move` in the local tournament: off by default, with a key of its own, once."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from eraforge.core.errors import Refused, UserError

ON = {"stake.enabled": True, "stake.most_stake": "1000", "stake.most_move": "50"}


def staked(workspace: Any) -> Decimal:
    model = workspace.tournament.models[sorted(workspace.tournament.models)[0]]
    return workspace.tournament.tournament.ledger.stake(model)  # type: ignore[no-any-return]


def with_stake_key(workspace: Any) -> None:
    """The variables of a second key, which may stake."""
    workspace.environment["NUMERAI_STAKE_PUBLIC_ID"] = workspace.tournament.public_id
    workspace.environment["NUMERAI_STAKE_SECRET_KEY"] = workspace.tournament.secret_key


def approved(workspace: Any, target: str) -> str:
    """Digest of an approved plan for that stake."""
    digest: str = workspace.perform("stake plan", ON, entry="linear", target=target)["plan"]["digest"]
    workspace.perform("stake approve", ON, plan=digest)
    return digest


def test_a_stake_is_planned_approved_and_moved_once(workspace: Any) -> None:
    before = staked(workspace)
    target = str(before - 5)
    with_stake_key(workspace)
    plan = workspace.perform("stake plan", ON, entry="linear", target=target)["plan"]
    with pytest.raises(Refused) as caught:
        workspace.perform("stake move", ON, plan=plan["digest"][:12])
    assert caught.value.code == "plan-not-approved" and staked(workspace) == before
    workspace.perform("stake approve", ON, plan=plan["digest"][:12])
    workspace.perform("stake move", ON, plan=plan["digest"][:12])
    assert staked(workspace) == before - 5
    workspace.perform("stake move", ON, plan=plan["digest"])
    assert staked(workspace) == before - 5


def test_an_increase_is_locked_for_the_open_round_on_its_answer(workspace: Any) -> None:
    """Where rounds take stakes of their own, only the authorised call of the wallet moves one: no other operation."""
    before = staked(workspace)
    with_stake_key(workspace)
    planned = workspace.perform("stake plan", ON, entry="linear", target=str(before + 7))
    digest = planned["plan"]["digest"]
    assert planned["locked"]["round"] == 1345  # who approves is told that it is not to be had back before
    assert workspace.perform("stake approve", ON, plan=digest)["locked"] == planned["locked"]
    with pytest.raises(Refused) as caught:
        workspace.perform("stake move", ON, plan=digest)
    assert caught.value.code == "nothing-to-stake-on" and staked(workspace) == before
    workspace.perform("submit", {**ON, "entries.linear.folds": 0}, entry="linear")
    moved = workspace.perform("stake move", ON, plan=digest)
    assert moved["locked"]["round"] == 1345 and moved["locked"]["until"] and staked(workspace) == before + 7
    workspace.perform("stake move", ON, plan=digest)
    ledger = workspace.tournament.tournament.ledger
    model = workspace.tournament.models[sorted(workspace.tournament.models)[0]]
    assert staked(workspace) == before + 7 and ledger.holding(model).position(1345).stake == 7
    asked = [str(one) for one in workspace.tournament.requests()]
    assert any("v3StakeAuth" in one for one in asked) and not any("v2ChangeStake" in one for one in asked)


def test_no_stake_of_a_round_is_moved_after_its_window(workspace: Any) -> None:
    before = staked(workspace)
    with_stake_key(workspace)
    workspace.perform("submit", {**ON, "entries.linear.folds": 0}, entry="linear")
    digest = approved(workspace, str(before + 7))
    workspace.advance_to(workspace.tournament.now() + timedelta(hours=2))
    with pytest.raises(Refused) as caught:
        workspace.perform("stake move", ON, plan=digest)
    assert caught.value.code == "window-closed" and staked(workspace) == before


def test_what_a_resolved_round_became_is_claimed_once_by_an_approved_plan(workspace: Any) -> None:
    before = staked(workspace)
    with_stake_key(workspace)
    workspace.perform("submit", {**ON, "entries.linear.folds": 0}, entry="linear")
    digest = approved(workspace, str(before + 7))
    workspace.perform("stake move", ON, plan=digest)
    assert workspace.perform("stake claims", ON, entry="linear")["claims"] == []
    rounds = workspace.tournament.tournament.contest(8).rounds
    workspace.advance_to(rounds.score_moments(1345)[-1] + timedelta(hours=1))
    (row,) = workspace.perform("stake claims", ON, entry="")["claims"]
    assert (row["entry"], row["round"]) == ("linear", 1345) and row["until"] > workspace.tournament.now().isoformat()
    with pytest.raises(UserError) as missing:
        workspace.perform("stake claim", ON, entry="linear", round=1344)
    assert missing.value.code == "claim-not-found"
    plan = workspace.perform("stake claim", ON, entry="linear", round=1345)["plan"]
    assert (plan["payout"], plan["burn"]) == (row["payout"], row["burn"])
    with pytest.raises(Refused) as refused:
        workspace.perform("stake move", ON, plan=plan["digest"][:12])
    assert refused.value.code == "plan-not-approved"
    workspace.perform("stake approve", ON, plan=plan["digest"][:12])
    engine = workspace.tournament.tournament
    model = workspace.tournament.models[sorted(workspace.tournament.models)[0]]
    owner = engine.records.models[model].username
    held = engine.available(owner)
    assert workspace.perform("stake move", ON, plan=plan["digest"][:12])["claimed"] is True
    change = Decimal(plan["payout"]) - Decimal(plan["burn"])
    assert engine.available(owner) == held + 7 + change and change != 0
    assert workspace.perform("stake move", ON, plan=plan["digest"])["claimed"] is True
    assert engine.available(owner) == held + 7 + change and engine.books().difference == 0
    assert workspace.perform("stake claims", ON, entry="linear")["claims"] == []


def test_a_plan_is_void_once_the_stake_is_another(workspace: Any) -> None:
    before = staked(workspace)
    with_stake_key(workspace)
    first, second = (
        workspace.perform("stake plan", ON, entry="linear", target=str(before - amount))["plan"]["digest"]
        for amount in (2, 3)
    )
    for digest in (first, second):
        workspace.perform("stake approve", ON, plan=digest)
    workspace.perform("stake move", ON, plan=first)
    with pytest.raises(Refused) as caught:
        workspace.perform("stake move", ON, plan=second)
    assert caught.value.code == "plan-void" and staked(workspace) == before - 2


def test_an_approval_expires(workspace: Any) -> None:
    with_stake_key(workspace)
    before = staked(workspace)
    digest = approved(workspace, str(before - 2))
    workspace.advance_to(workspace.tournament.tournament.now() + timedelta(hours=25))
    with pytest.raises(Refused) as caught:
        workspace.perform("stake move", ON, plan=digest)
    assert caught.value.code == "approval-expired" and staked(workspace) == before


@pytest.mark.parametrize(
    ("flags", "target", "code"),
    [({}, "1", "stakes-are-off"), (ON, "100000", "stake-over-limit"), (ON, "soon", "amount-unreadable")],
)
def test_what_is_refused_before_anything_is_planned(
    workspace: Any, flags: dict[str, Any], target: str, code: str
) -> None:
    with pytest.raises(UserError) as caught:
        workspace.perform("stake plan", flags, entry="linear", target=target)
    assert caught.value.code == code


def test_the_key_that_submits_never_moves_a_stake(workspace: Any) -> None:
    before = staked(workspace)
    digest = approved(workspace, str(before - 2))
    with pytest.raises(UserError) as caught:
        workspace.perform("stake move", ON, plan=digest)
    assert caught.value.code == "no-keys" and staked(workspace) == before
