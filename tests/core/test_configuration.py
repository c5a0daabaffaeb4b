"""The configuration refuses what it does not know and tells where each value came from."""

import pytest

from eraforge.core.configuration import load
from eraforge.core.errors import UserError

FILE = """
[server]
url = "http://127.0.0.1:8765/"

[entries.boosted]
model = "alpha"
learner = "lightgbm"
settings = { trees = 100 }
"""


def test_layers_override_each_other_and_origins_tell() -> None:
    loaded = load(FILE, environment={"ERAFORGE_SERVER__READ_SECONDS": "7.5"}, flags={"submit.margin_seconds": 5})
    assert loaded.tree.server.url == "http://127.0.0.1:8765"
    assert loaded.tree.server.read_seconds == 7.5
    assert loaded.tree.submit.margin_seconds == 5
    rows = {key: origin for key, _, origin in loaded.rows()}
    assert rows["server.url"] == "file eraforge.toml"
    assert rows["server.read_seconds"] == "environment ERAFORGE_SERVER__READ_SECONDS"
    assert rows["submit.margin_seconds"] == "flag"
    assert rows["server.connect_seconds"] == "default"
    assert rows["entries.boosted.settings.trees"] == "file eraforge.toml"


def test_a_misspelt_key_names_the_nearest_known_one() -> None:
    with pytest.raises(UserError, match=r"entries\.boosted\.lerner") as caught:
        load(FILE.replace("learner", "lerner"))
    assert caught.value.code == "unknown-setting"
    assert "learner" in caught.value.next_step


def test_a_wrong_value_names_the_key_and_where_it_stands() -> None:
    with pytest.raises(UserError, match=r"server\.url.*http") as caught:
        load('[server]\nurl = "ftp://somewhere"\n')
    assert caught.value.code == "wrong-setting"


def test_broken_toml_is_a_sentence() -> None:
    with pytest.raises(UserError, match="not valid TOML"):
        load("[server\n")


def test_an_unknown_entry_names_the_configured_ones() -> None:
    with pytest.raises(UserError) as caught:
        load(FILE).tree.entry("other")
    assert "boosted" in caught.value.next_step
    assert load(FILE).tree.entry("boosted").settings == {"trees": 100}


def test_the_tree_is_frozen() -> None:
    with pytest.raises(ValueError, match="frozen"):
        load(FILE).tree.server.url = "http://elsewhere"  # type: ignore[misc]
