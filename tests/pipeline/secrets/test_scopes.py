"""A key that may do too little is told before a window, one that may do too much is warned about."""

from __future__ import annotations

from typing import Any

from eraforge.core.ports import Account
from eraforge.pipeline.secrets.scopes import USED, judge


def account(*scopes: str) -> Account:
    return Account("me", {}, scopes)


def test_the_scopes_that_playing_uses_are_enough() -> None:
    assert judge("main", account(*USED)).sentence == "" == judge("main", account()).sentence


def test_a_key_that_moves_money_is_named() -> None:
    found = judge("main", account(*USED, "web3_staking", "stake"))
    assert found.needless == ("stake", "web3_staking") and not found.lacking
    assert "stake and web3_staking" in found.sentence and "upload_submission" in found.next_step


def test_a_key_that_cannot_submit_is_named_first() -> None:
    found = judge("main", account("read_user_info", "stake"))
    assert found.lacking[0] == "upload_submission" and "cannot play" in found.sentence


def doctor_row(workspace: Any, *scopes: str) -> dict[str, Any]:
    import httpx

    body = {"username": "practice", "scopes": list(scopes)}
    key = httpx.post(f"{workspace.tournament.url}/control/keys", json=body).raise_for_status().json()
    workspace.environment = {"NUMERAI_PUBLIC_ID": key["public_id"], "NUMERAI_SECRET_KEY": key["secret_key"]}
    rows = {row["name"]: row for row in workspace.perform("doctor")["findings"]}
    found: dict[str, Any] = rows["keys of main"]
    return found


def test_doctor_says_both(workspace: Any) -> None:
    assert doctor_row(workspace, *USED)["next"] == ""
    strong = doctor_row(workspace, *USED, "stake")
    assert strong["ok"] and "may also stake" in strong["text"] and strong["next"]
    weak = doctor_row(workspace, "read_user_info")
    assert not weak["ok"] and "upload_submission" in weak["text"]
