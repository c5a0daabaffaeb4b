"""Beginning: what `init` writes can be read back, and `config show` tells every value and where it comes from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eraforge.core.errors import UserError
from eraforge.pipeline.verb import Visit
from eraforge.pipeline.verbs.setup import config_show, init
from eraforge.pipeline.workspace import read_configuration


def test_what_is_written_is_valid_and_plays_for_the_model(tmp_path: Path) -> None:
    visit = Visit(tmp_path / "fresh", {})
    assert init(visit, "http://127.0.0.1:9", "my_model")["entry"] == "my_model"
    tree = read_configuration(visit).tree
    assert tree.server.url == "http://127.0.0.1:9"
    assert tree.entry("my_model").model == "my_model" and tree.entry("my_model").learner == "lightgbm"


@settings(max_examples=60, deadline=None)
@given(model=st.text(max_size=12), server=st.sampled_from(["", "http://a", "x", "http://", 'http://a"', "http://a:0"]))
def test_either_it_can_be_read_back_or_nothing_is_written(tmp_path_factory: Any, model: str, server: str) -> None:
    folder = tmp_path_factory.mktemp("init") / "fresh"
    visit = Visit(folder, {})
    try:
        init(visit, server, model)
    except UserError:
        assert not folder.exists()
    else:
        assert read_configuration(visit).tree.entry(model).model == model


def test_an_existing_configuration_is_never_touched(tmp_path: Path) -> None:
    (tmp_path / "eraforge.toml").write_text("# mine\n")
    with pytest.raises(UserError) as caught:
        init(Visit(tmp_path, {}), "", "my_model")
    assert caught.value.code == "already-initialised"
    assert (tmp_path / "eraforge.toml").read_text() == "# mine\n"


@pytest.mark.parametrize(
    ("ledger", "shown"),
    [
        ("postgresql://me:hunter2@host/db", "postgresql://me:…@host/db"),
        ("postgresql://me:p@ss:word@host/db", "postgresql://me:…@host/db"),
        ("postgresql://host:5432/db", "postgresql://host:5432/db"),
        ("sqlite:///a/file", "sqlite:///a/file"),
    ],
)
def test_passwords_are_not_shown(tmp_path: Path, ledger: str, shown: str) -> None:
    facts = config_show(Visit(tmp_path, {"ERAFORGE_STORE__LEDGER": ledger}))
    row = next(row for row in facts["settings"] if row["setting"] == "store.ledger")
    assert row == {"setting": "store.ledger", "value": shown, "origin": "environment ERAFORGE_STORE__LEDGER"}
