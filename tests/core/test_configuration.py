"""The configuration refuses what it does not know and tells where each value came from."""

from collections.abc import Callable
from typing import Any

import pytest

from eraforge.core.configuration import PREFIX, Configuration, load
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


@pytest.mark.parametrize(
    ("table", "wrong", "near"),
    [
        ("series.rates", 'file = "r.csv"\ncolumn = "r"\npublish = "d"', "published"),
        ("identity", 'vender = "x"', "vendor"),
    ],
)
def test_a_misspelt_key_below_a_table_of_prices_names_the_nearest_one(table: str, wrong: str, near: str) -> None:
    with pytest.raises(UserError) as caught:
        load(f"[prices.daily.{table}]\n{wrong}\n")
    assert caught.value.code == "unknown-setting" and f"{near!r}" in caught.value.next_step


def test_the_name_of_a_series_can_begin_the_names_of_features() -> None:
    with pytest.raises(UserError) as caught:
        load('[prices.daily.series."US rates"]\nfile = "r.csv"\ncolumn = "r"\n')
    assert caught.value.code == "wrong-setting" and "US rates" in caught.value.sentence


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


FROZEN: dict[str, Callable[[Configuration], None]] = {
    "server": lambda tree: setattr(tree.server, "url", "http://elsewhere"),
    "whole table": lambda tree: setattr(tree, "server", None),
    "account": lambda tree: setattr(tree.accounts["main"], "secret_file", "elsewhere"),
    "entry": lambda tree: setattr(tree.entries["boosted"], "model", "beta"),
}


@pytest.mark.parametrize("change", FROZEN.values(), ids=FROZEN)
def test_the_tree_is_frozen(change: Callable[[Configuration], None]) -> None:
    with pytest.raises(ValueError, match="frozen"):
        change(load(FILE).tree)


def test_nothing_configured_is_the_defaults() -> None:
    loaded = load(None)
    assert loaded.tree == Configuration()
    assert loaded.tree == load("").tree
    assert {origin for _, _, origin in loaded.rows()} == {"default"}
    assert not loaded.tree.entries


def test_each_layer_gives_way_to_the_next() -> None:
    variables = {"ERAFORGE_SUBMIT__READ_BACKS": "3"}
    file = "[submit]\nread_backs = 2\n"
    cases: list[tuple[str | None, dict[str, str], dict[str, Any]]] = [
        (None, {}, {}),
        (file, {}, {}),
        (file, variables, {}),
        (file, variables, {"submit.read_backs": 4}),
    ]
    loaded = [load(text, environment=given, flags=flags) for text, given, flags in cases]
    assert [one.tree.submit.read_backs for one in loaded] == [5, 2, 3, 4]
    assert [{key: where for key, _, where in one.rows()}["submit.read_backs"] for one in loaded] == [
        "default",
        "file eraforge.toml",
        "environment ERAFORGE_SUBMIT__READ_BACKS",
        "flag",
    ]


def test_variables_are_read_as_toml_where_they_parse() -> None:
    given = {"URL": "http://127.0.0.1:1", "READ_SECONDS": "12"}
    variables = {f"{PREFIX}SERVER__{name}": value for name, value in given.items()}
    variables |= {f"{PREFIX}ENTRIES__BOOSTED__SETTINGS": "{ trees = 5, deep = true }", f"{PREFIX}SHARED": "no setting"}
    tree = load(FILE, environment={**variables, "PATH": "/bin", "SERVER__URL": "http://elsewhere"}).tree
    assert (tree.server.url, tree.server.read_seconds) == ("http://127.0.0.1:1", 12)
    assert tree.entry("boosted").settings == {"trees": 5, "deep": True}


@pytest.mark.parametrize(
    ("text", "flags", "environment", "key", "origin"),
    [
        ("[sever]\nurl = 'http://x'\n", {}, {}, "sever", "file eraforge.toml"),
        ("", {"submit.margin": 1}, {}, "submit.margin", "flag"),
        ("", {}, {"ERAFORGE_STORE__LEGDER": "x"}, "store.legder", "environment ERAFORGE_STORE__LEGDER"),
        ("[accounts.main]\nprefix = 'X_'\n", {}, {}, "accounts.main.prefix", "file eraforge.toml"),
    ],
)
def test_an_unknown_setting_names_its_layer(
    text: str, flags: dict[str, Any], environment: dict[str, str], key: str, origin: str
) -> None:
    with pytest.raises(UserError) as caught:
        load(text, flags=flags, environment=environment)
    assert (caught.value.code, caught.value.sentence) == ("unknown-setting", f"There is no setting '{key}' ({origin}).")


@pytest.mark.parametrize(
    ("text", "near"),
    [("[sever]\nx = 1\n", "server"), ("[submit]\nmargin_second = 1\n", "margin_seconds"), ("zzz = 1\n", "Known here")],
)
def test_an_unknown_setting_is_answered_with_a_known_one(text: str, near: str) -> None:
    with pytest.raises(UserError) as caught:
        load(text)
    assert near in caught.value.next_step


HIDDEN = "kq7hidden4x"


@pytest.mark.parametrize(
    "text",
    [
        f"[accounts.main]\nsecret_key = '{HIDDEN}'\n",
        f"[accounts.main]\nsecret_file = ['{HIDDEN}']\n",
        f"[accounts.main]\nvariable_prefix = {{ public = '{HIDDEN}' }}\n",
        f"[accounts]\nmain = '{HIDDEN}'\n",
        f"accounts = '{HIDDEN}'\n",
        f"[accounts.main.keys]\nsecret = '{HIDDEN}'\n",
        f"[server]\nurl = 'nmr://user:{HIDDEN}@host'\n",
        f"[server]\nread_seconds = '{HIDDEN}'\n",
        f"[store]\nledger = ['postgresql://user:{HIDDEN}@host/db']\n",
        f"[entries.a]\nmodel = 'm'\nlearner = 'l'\ntrain_on = '{HIDDEN}'\n",
        f"[accounts.main]\nsecret_key = '{HIDDEN}\n",
        f"[accounts.main]\nsecret_key = {HIDDEN}\n",
    ],
)
def test_a_refused_value_is_never_echoed(text: str) -> None:
    """Somebody will put a key where it does not belong; the complaint must not carry it into a log."""
    with pytest.raises(UserError) as caught:
        load(text)
    error: BaseException | None = caught.value
    while error is not None:
        assert HIDDEN not in f"{error!r} {error} {getattr(error, 'next_step', '')}"
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def test_a_refused_variable_or_flag_is_never_echoed() -> None:
    for given in ({"environment": {"ERAFORGE_ACCOUNTS__MAIN__SECRET_KEY": HIDDEN}}, {"flags": {"server.url": HIDDEN}}):
        with pytest.raises(UserError) as caught:
            load(FILE, **given)  # type: ignore[arg-type]
        assert HIDDEN not in f"{caught.value.as_dict()}"


def test_even_the_validators_own_error_hides_the_value() -> None:
    """It stays the context of ours, and a log that prints contexts would print it."""
    with pytest.raises(ValueError, match="secret_file") as caught:
        Configuration.model_validate({"accounts": {"main": {"secret_file": [HIDDEN]}}})
    assert HIDDEN not in str(caught.value)


@pytest.mark.parametrize(
    ("table", "line"),
    [
        ("server", "connect_seconds = 0"),
        ("submit", "margin_seconds = -1"),
        ("submit", "read_backs = 0"),
        ("submit", "read_backs = 1.5"),
        ("submit", "call_seconds = 'soon'"),
        ("server", "url = 8765"),
        ("server", "url = 'https://'"),
        ("server", "url = 'http://host:0'"),
        ("server", "url = 'http://host:eighty'"),
        ("server", "url = 'http://ho st'"),
    ],
)
def test_values_out_of_range_or_of_a_wrong_type_name_their_key(table: str, line: str) -> None:
    with pytest.raises(UserError) as caught:
        load(f"[{table}]\n{line}\n")
    assert caught.value.code == "wrong-setting"
    assert f"'{table}.{line.split()[0]}' must be" in caught.value.sentence
    assert "(file eraforge.toml)" in caught.value.sentence


def test_a_missing_setting_names_its_key() -> None:
    with pytest.raises(UserError, match=r"'entries\.bare\.(model|learner)' is missing") as caught:
        load("[entries.bare]\nfolds = 3\n")
    assert caught.value.code == "wrong-setting"


def test_a_value_where_a_table_belongs_is_a_sentence() -> None:
    with pytest.raises(UserError, match=r"server is a value, not a table") as caught:
        load("server = 'http://x'\n", flags={"server.url": "http://y"})
    assert caught.value.code == "wrong-setting"


def test_accounts_are_named_and_an_entry_needs_one_of_them() -> None:
    named = "[accounts.second]\nvariable_prefix = 'SECOND_'\nsecret_file = '.second'\n"
    entry = FILE.replace('model = "alpha"', 'model = "alpha"\naccount = "second"')
    loaded = load(named + entry)
    assert loaded.tree.accounts["second"].variable_prefix == "SECOND_"
    assert loaded.tree.entry("boosted").account == "second"
    with pytest.raises(UserError, match="'second', which is not configured") as caught:
        load(entry).tree.entry("boosted")
    assert caught.value.code == "unknown-account"
    assert "[accounts.second]" in caught.value.next_step


def test_an_entry_without_any_is_told_how_to_make_one() -> None:
    with pytest.raises(UserError, match="no entry 'boosted'") as caught:
        load(None).tree.entry("boosted")
    assert caught.value.code == "unknown-entry"
    assert "[entries.NAME]" in caught.value.next_step


def test_names_with_dots_stay_whole() -> None:
    """A quoted TOML key is one name, in a table's name as in a learner's settings."""
    text = "[entries.'my.entry']\nmodel = 'alpha'\nlearner = 'ridge'\nsettings = { 'a.b' = 1, c = {} }\n"
    loaded = load(text)
    assert loaded.tree.entry("my.entry").settings == {"a.b": 1, "c": {}}
    rows = {key: origin for key, _, origin in loaded.rows()}
    assert rows['entries."my.entry".settings."a.b"'] == "file eraforge.toml"
    with pytest.raises(UserError, match=r'entries\."my\.entry"\.lerner'):
        load(text.replace("learner", "lerner"))
