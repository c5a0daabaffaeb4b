"""The table of verbs is whole: each has its work and its view, and takes what the table says."""

from __future__ import annotations

import errno
import inspect
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any, get_type_hints

import pytest

from eraforge.core.errors import Transient, UserError
from eraforge.interfaces.cli.draw import VIEWS
from eraforge.pipeline import desk
from eraforge.pipeline.catalogue import VERBS
from eraforge.pipeline.desk import find_verb, perform
from eraforge.pipeline.verb import Option, Verb, Visit

every_verb = pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.name)


def named(address: str) -> Callable[..., Any]:
    module, function = address.split(":")
    found: Callable[..., Any] = getattr(import_module(module), function)
    return found


@every_verb
def test_the_work_takes_the_visit_and_exactly_the_options(verb: Verb) -> None:
    parameters = inspect.signature(named(verb.work)).parameters
    assert list(parameters) == ["visit", *(option.name for option in verb.options)]
    assert all(one.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD for one in parameters.values())
    assert all(one.default is inspect.Parameter.empty for one in parameters.values())  # defaults stand in the table


@every_verb
def test_options_are_of_the_kind_the_work_takes(verb: Verb) -> None:
    hints = get_type_hints(named(verb.work), include_extras=True)
    assert {option.name: option.kind for option in verb.options} == {
        option.name: hints[option.name] for option in verb.options
    }
    for option in verb.options:
        assert type(option.default) is (tuple if option.kind == list[str] else option.kind)
        assert not option.choices or option.default in option.choices
        assert option.name.isidentifier()
        assert option.text


@every_verb
def test_the_table_speaks_in_sentences(verb: Verb) -> None:
    assert verb.text.endswith(".")
    assert verb.text[0].isupper()
    assert "\n" not in verb.text


def test_names_are_unique_and_no_verb_is_also_a_group() -> None:
    names = [verb.name for verb in VERBS]
    assert len(set(names)) == len(names)
    assert not {name.split()[0] for name in names if " " in name} & set(names)


def test_every_verb_that_answers_has_a_view_and_no_view_is_left_over() -> None:
    assert set(VIEWS) == {verb.name for verb in VERBS if not verb.speaks}


@pytest.mark.parametrize("address", sorted(set(VIEWS.values())))
def test_views_show_facts_on_a_console(address: str) -> None:
    assert list(inspect.signature(named(address)).parameters) == ["facts", "console"]


def test_an_unknown_verb_is_a_sentence(tmp_path: Path) -> None:
    for ask in (lambda: find_verb("sbumit"), lambda: perform("sbumit", Visit(tmp_path, {}), {})):
        with pytest.raises(UserError, match="no verb 'sbumit'") as caught:
            ask()
        assert caught.value.code == "unknown-verb"
    assert all(find_verb(verb.name) is verb for verb in VERBS)


CHOICES = [(verb, option) for verb in VERBS for option in verb.options if option.choices]


@pytest.mark.parametrize(("verb", "option"), CHOICES, ids=lambda one: one.name)
def test_a_value_out_of_the_choices_is_refused_before_anything_is_done(
    verb: Verb, option: Option, tmp_path: Path
) -> None:
    options = {one.name: one.default for one in verb.options} | {option.name: "enormous"}
    with pytest.raises(UserError) as caught:
        perform(verb.name, Visit(tmp_path, {}), options)
    assert caught.value.code == "option-out-of-choices"
    flag = option.name if option.positional else f"--{option.name}"
    assert caught.value.sentence == f"{flag} is 'enormous'."
    assert caught.value.next_step == f"Use one of: {', '.join(option.choices)}."
    assert list(tmp_path.iterdir()) == []


BOUNDS = [
    (verb, option, value)
    for verb in VERBS
    for option in verb.options
    for bound, step in ((option.least, -1), (option.most, 1))
    if bound is not None
    for value in (option.kind(bound + step),)
]


@pytest.mark.parametrize(("verb", "option", "value"), BOUNDS, ids=lambda one: getattr(one, "name", str(one)))
def test_a_number_out_of_bounds_is_refused_before_anything_is_done(
    verb: Verb, option: Option, value: float, tmp_path: Path
) -> None:
    options = {one.name: one.default for one in verb.options} | {option.name: value}
    with pytest.raises(UserError, match=f"^--{option.name} is ") as caught:
        perform(verb.name, Visit(tmp_path, {}), options)
    assert caught.value.code == "option-out-of-bounds"
    assert list(tmp_path.iterdir()) == []
    option.require(option.default)
    for bound in (option.least, option.most):
        option.require(option.default if bound is None else option.kind(bound))


def work(visit: Visit, size: str, count: int) -> dict[str, Any]:
    return {"folder": visit.folder, "size": size, "count": count}


def test_perform_hands_the_visit_and_the_options_to_the_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    options = (Option("size", str, "small", "size", choices=("small", "large")), Option("count", int, 1, "count"))
    module = inspect.getmodule(work)
    assert module is not None
    monkeypatch.setitem(sys.modules, "verbs_of_this_test", module)
    monkeypatch.setattr(desk, "VERBS", (Verb("measure", "Measure.", "verbs_of_this_test:work", options),))
    facts = perform("measure", Visit(tmp_path, {}), {"size": "large", "count": 3})
    assert facts == {"folder": tmp_path, "size": "large", "count": 3}


def full_disk(visit: Visit) -> dict[str, Any]:
    raise OSError(errno.ENOSPC, "No space left on device", str(visit.folder / "rows"))


def test_a_full_disk_in_the_midst_of_the_work_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = inspect.getmodule(full_disk)
    assert module is not None
    monkeypatch.setitem(sys.modules, "verbs_of_this_test", module)
    monkeypatch.setattr(desk, "VERBS", (Verb("fill", "Fill.", "verbs_of_this_test:full_disk"),))
    with pytest.raises(Transient, match="rows") as caught:
        perform("fill", Visit(tmp_path, {}), {})
    assert caught.value.code == "disk-full"


def test_the_first_verb_a_stranger_tries_leaves_a_workspace_that_loads(tmp_path: Path) -> None:
    from eraforge.core.configuration import load

    facts = perform("init", Visit(tmp_path, {}), {"server": "http://127.0.0.1:1", "model": "my_model"})
    tree = load((tmp_path / "eraforge.toml").read_text()).tree
    assert tree.entry(facts["entry"]).model == "my_model"
    assert tree.server.url == "http://127.0.0.1:1"
    with pytest.raises(UserError) as caught:
        perform("init", Visit(tmp_path, {}), {"server": "", "model": "other"})
    assert caught.value.code == "already-initialised"
