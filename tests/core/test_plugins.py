"""The registry knows names without importing anything, and says in a sentence what is wrong."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from eraforge.core import plugins
from eraforge.core.errors import UserError
from eraforge.core.plugins import KINDS, find, names
from eraforge.core.ports import Composite, Model
from eraforge.core.words import Arena

Registry = Callable[..., None]


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Registry:
    """Registers these (name, object) pairs as the only plugins of a kind."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def register(kind: str, *pairs: tuple[str, str]) -> None:
        def entry_points(group: str) -> tuple[EntryPoint, ...]:
            assert group == f"eraforge.{kind}"
            return tuple(EntryPoint(name, value, group) for name, value in pairs)

        monkeypatch.setattr(plugins, "entry_points", entry_points)

    return register


def test_the_built_in_models_load() -> None:
    assert {"average", "lightgbm", "ridge"} <= set(names("model"))
    assert all(isinstance(find("model", name)(), Model) for name in ("lightgbm", "ridge"))
    assert issubclass(find("model", "average"), Composite)


def test_the_built_in_arena_loads() -> None:
    arena = find("arena", "classic")
    assert isinstance(arena, Arena)
    assert arena.name == "classic"


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_can_be_listed(kind: str) -> None:
    assert names(kind) == sorted(set(names(kind)))


def test_an_unknown_kind_names_the_known_ones() -> None:
    for ask in (lambda: names("modle"), lambda: find("modle", "ridge")):
        with pytest.raises(UserError, match="'modle'") as caught:
            ask()
        assert caught.value.code == "unknown-plugin-kind"
        assert all(kind in caught.value.next_step for kind in KINDS)


def test_an_unknown_name_names_the_registered_ones(registry: Registry) -> None:
    with pytest.raises(UserError, match="no model named 'rigde'") as caught:
        find("model", "rigde")
    assert caught.value.code == "unknown-plugin"
    assert "ridge" in caught.value.next_step
    registry("score")
    with pytest.raises(UserError) as caught:
        find("score", "sharpe")
    assert caught.value.next_step == "Use one of: none."


def test_names_import_nothing(registry: Registry, tmp_path: Path) -> None:
    (tmp_path / "loud_plugin.py").write_text("raise SystemExit('imported')\n")
    registry("model", ("zeta", "loud_plugin:Loud"), ("alpha", "loud_plugin:Loud"))
    assert names("model") == ["alpha", "zeta"]
    with pytest.raises(UserError):
        find("model", "beta")
    assert "loud_plugin" not in sys.modules


def test_only_the_found_plugin_is_imported(registry: Registry, tmp_path: Path) -> None:
    (tmp_path / "quiet_plugin.py").write_text("class Quiet:\n    pass\n")
    registry("model", ("quiet", "quiet_plugin:Quiet"), ("loud", "plugin_that_is_not_there:Loud"))
    assert find("model", "quiet").__name__ == "Quiet"


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("", "plugin_that_is_not_there:Model"),
        ("", "broken_plugin:Absent"),
        ("import an_extra_nobody_installed\n", "broken_plugin:Model"),
        ("class Model\n", "broken_plugin:Model"),
        ("raise OSError('libgomp.so.1: cannot open shared object file')\n", "broken_plugin:Model"),
        ("", "no object at all!"),
    ],
    ids=["no module", "no object", "missing extra", "syntax", "shared library", "no address"],
)
def test_a_plugin_that_does_not_load_is_a_sentence(registry: Registry, tmp_path: Path, source: str, value: str) -> None:
    sys.modules.pop("broken_plugin", None)
    (tmp_path / "broken_plugin.py").write_text(source)
    registry("model", ("mine", value))
    with pytest.raises(UserError, match="The model 'mine'") as caught:
        find("model", "mine")
    assert caught.value.code == "plugin-does-not-load"
    assert value in caught.value.sentence


def test_two_packages_with_one_name_are_a_question_not_a_choice(registry: Registry) -> None:
    registry("model", ("ridge", "eraforge.models.linear:Ridge"), ("ridge", "somebody_else:Ridge"))
    assert names("model") == ["ridge"]
    with pytest.raises(UserError, match="somebody_else:Ridge") as caught:
        find("model", "ridge")
    assert caught.value.code == "plugin-name-taken-twice"


def test_a_package_that_is_found_twice_is_one_plugin(registry: Registry) -> None:
    registry("model", *[("ridge", "eraforge.models.linear:Ridge")] * 2)
    assert find("model", "ridge").__name__ == "Ridge"
