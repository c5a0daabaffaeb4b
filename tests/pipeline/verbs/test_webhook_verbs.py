"""`webhook set|remove` in the local tournament: what a person asked for stands there, and its address nowhere else."""

from __future__ import annotations

from typing import Any

import pytest

from eraforge.core.errors import UserError
from eraforge.pipeline.verb import Visit
from eraforge.pipeline.verbs.webhook import _require_callable
from eraforge.pipeline.workspace import open_workspace

ADDRESS = "http://127.0.0.1:9/hook/canary-4711"
OTHER = "http://127.0.0.1:9/other"


def standing(workspace: Any) -> str | None:
    """What the tournament holds for the model of the entry `linear`."""
    model = workspace.tournament.models[sorted(workspace.tournament.models)[0]]
    return workspace.tournament.tournament.records.models[model].webhook  # type: ignore[no-any-return]


def test_it_is_set_changed_set_again_and_taken_away(workspace: Any) -> None:
    """Asked for again it is sent again: it may have been changed elsewhere meanwhile."""
    for address in (ADDRESS, OTHER, ADDRESS, ADDRESS):
        told = workspace.perform("webhook set", entry="linear", address=address)
        assert standing(workspace) == address and told["host"] == "127.0.0.1"
    assert workspace.perform("webhook remove", entry="linear")["host"] == ""
    assert standing(workspace) is None
    sent = [one for one in workspace.tournament.requests() if "setSubmissionWebhook" in str(one)]
    assert len(sent) == 5


@pytest.mark.parametrize("fault", ["applied-unanswered", "request-lost"])
def test_an_unanswered_one_is_set_again(workspace: Any, fault: str) -> None:
    workspace.tournament.disturb({"name": fault, "on": [1], "operations": ["setSubmissionWebhook"]})
    workspace.perform("webhook set", entry="linear", address=ADDRESS)
    assert standing(workspace) == ADDRESS
    with open_workspace(Visit(workspace.folder, {})) as tools:
        assert tools.ledger.open_effects() == []


def test_an_address_from_a_variable_is_written_down_nowhere(workspace: Any) -> None:
    workspace.environment["HOOK_ADDRESS"] = ADDRESS
    told = workspace.perform("webhook set", entry="linear", variable="HOOK_ADDRESS")
    assert standing(workspace) == ADDRESS and "canary" not in str(told)
    files = [path for path in (workspace.folder / ".eraforge").rglob("*") if path.is_file()]
    assert files and not [path for path in files if b"canary-4711" in path.read_bytes()]


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"entry": "linear"}, "name-the-address"),
        ({"entry": "linear", "address": ADDRESS, "variable": "HOOK"}, "name-the-address"),
        ({"entry": "linear", "variable": "HOOK"}, "name-the-address"),
        ({"address": ADDRESS}, "name-the-entry"),
        ({"entry": "linear", "address": "ftp://somewhere"}, "bad-address"),
    ],
)
def test_what_is_not_understood_changes_nothing(workspace: Any, options: dict[str, str], code: str) -> None:
    with pytest.raises(UserError) as caught:
        workspace.perform("webhook set", **options)
    assert caught.value.code == code and standing(workspace) is None


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("https://hooks.example.org/x", ""),
        ("https://93.184.216.34/x", ""),
        ("http://hooks.example.org/x", "webhook-not-safe"),
        ("https://localhost/x", "webhook-not-reachable"),
        ("https://192.168.1.7/x", "webhook-not-reachable"),
        ("https://[::1]/x", "webhook-not-reachable"),
        ("https://desk/x", "webhook-not-reachable"),
    ],
)
def test_the_real_tournament_is_given_public_encrypted_addresses_alone(address: str, code: str) -> None:
    _require_callable("http://127.0.0.1/x", by_the_real_one=False)
    try:
        _require_callable(address, by_the_real_one=True)
        assert code == ""
    except UserError as error:
        assert error.code == code
