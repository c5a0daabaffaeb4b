"""Gateways open when they are needed, ask for keys only then, and close with the visit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from eraforge.arenas.classic import CLASSIC
from eraforge.core.configuration import load
from eraforge.core.errors import UserError
from eraforge.pipeline.gateways import Gateways, account_keys
from eraforge.pipeline.verb import Visit
from eraforge.pipeline.workspace import open_workspace


def test_without_keys_the_public_is_read_and_the_account_says_which_are_missing(workspace: Any) -> None:
    with open_workspace(Visit(workspace.folder, {})) as tools:
        reader = tools.readers("main")
        assert reader.current_round(CLASSIC).number == 1345
        with pytest.raises(UserError, match="NUMERAI_PUBLIC_ID") as caught:
            reader.account()
        assert caught.value.code == "no-keys" and "secret file" in caught.value.next_step
        with pytest.raises(UserError) as caught:
            tools.effects("main")
        assert caught.value.code == "no-keys"


def test_an_account_has_one_gateway_for_the_whole_visit(workspace: Any) -> None:
    with open_workspace(Visit(workspace.folder, workspace.environment)) as tools:
        assert tools.readers("main") is tools.readers("main")
        assert tools.effects("main") is tools.effects("main")


def test_half_a_key_is_never_taken_for_none(tmp_path: Path) -> None:
    visit = Visit(tmp_path, {"NUMERAI_SECRET_KEY": "half"})
    gateways = Gateways(visit, load(None).tree, None, None)  # type: ignore[arg-type]
    with gateways, pytest.raises(UserError) as caught:
        gateways.reader("main")
    assert caught.value.code == "half-a-key" and "half" not in caught.value.sentence


def test_each_account_has_its_own_keys(tmp_path: Path) -> None:
    (tmp_path / ".fund").write_text("FUND_PUBLIC_ID=fund\nFUND_SECRET_KEY=secret\n")
    (tmp_path / ".fund").chmod(0o600)
    tree = load('[accounts.main]\n[accounts.fund]\nvariable_prefix = "FUND_"\nsecret_file = ".fund"\n').tree
    visit = Visit(tmp_path, {"NUMERAI_PUBLIC_ID": "main", "NUMERAI_SECRET_KEY": "other"})
    assert account_keys(visit, tree, "main").public_id.reveal() == "main"
    assert account_keys(visit, tree, "fund").public_id.reveal() == "fund"
    with pytest.raises(UserError) as caught:
        account_keys(visit, tree, "nobody")
    assert caught.value.code == "unknown-account" and "fund" in caught.value.next_step


def test_an_account_may_stand_without_settings(tmp_path: Path) -> None:
    assert load("[accounts.main]\n").tree.accounts["main"].variable_prefix == "NUMERAI_"


def test_the_configured_time_limits_reach_the_gateway(workspace: Any) -> None:
    """A server that never answers is given up after the configured seconds, not after the default ones."""
    import socket

    from eraforge.core.clock import monotonic
    from eraforge.core.errors import Transient

    with socket.create_server(("127.0.0.1", 0)) as silent:
        flags = {"server.url": f"http://127.0.0.1:{silent.getsockname()[1]}", "server.read_seconds": 0.2}
        began = monotonic()
        with open_workspace(Visit(workspace.folder, workspace.environment, flags)) as tools:
            reader = tools.readers("main")
            with pytest.raises(Transient):
                reader._transport.read_once("rounds", "{ rounds { number } }", {})  # type: ignore[attr-defined]
        assert monotonic() - began < 20
