"""The seven errors: what they promise to machines, and that the whole source keeps to it."""

from __future__ import annotations

import ast
import copy
import json
import pickle
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from eraforge.core import errors
from eraforge.core.errors import SEVEN, EraforgeError

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "eraforge"
KINDS = {kind.__name__ for kind in SEVEN}
CODE = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")

# An error of another process comes back as it was said there.
PASSED_ON = {"pipeline/local_tournament.py"}
# A request that got no answer: a read changed nothing (Transient), a write may have happened (Ambiguous).
TWO_KINDS = {frozenset({"Transient", "Ambiguous"}): {"arenas/wire/outcomes.py"}}


def test_there_are_seven_and_no_other() -> None:
    assert len(SEVEN) == 7
    assert set(EraforgeError.__subclasses__()) == set(SEVEN)
    assert not any(kind.__subclasses__() for kind in SEVEN)


def test_exit_codes_are_those_of_the_page() -> None:
    page = (ROOT / "docs" / "first_round.md").read_text().split("## Exit codes")[1]
    rows = re.findall(r"^\| (\d+) \| ?(\w*) \|", page, re.MULTILINE)
    assert {kind: int(code) for code, kind in rows if kind} == {kind.__name__: kind.exit_code for kind in SEVEN}
    codes = [int(code) for code, _ in rows]
    assert sorted(set(codes)) == sorted(codes)  # 0, 130 and the seven never mean two things
    assert {0, 130} <= set(codes)


def test_statuses_are_those_of_the_modules_own_table_and_unique() -> None:
    table = re.findall(r"── (\w+) .*exit (\d+) +HTTP (\d+)", errors.__doc__ or "")
    assert {name: (int(code), int(status)) for name, code, status in table} == {
        kind.__name__: (kind.exit_code, kind.http_status) for kind in SEVEN
    }
    assert len({kind.http_status for kind in SEVEN}) == 7
    assert len({kind.exit_code for kind in SEVEN} | {0, 1}) == 9  # 1 stays what Python says of an unforeseen error


@pytest.mark.parametrize("kind", SEVEN)
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_an_error_survives_storage(kind: type[EraforgeError], protocol: int) -> None:
    """The engine keeps the error of a step and raises it again in another process."""
    error = kind("some-code", "Model 'α' is wrong.", "Mend it.")
    for again in (pickle.loads(pickle.dumps(error, protocol)), copy.deepcopy(error)):
        assert type(again) is kind
        assert again.as_dict() == error.as_dict()
        assert str(again) == "Model 'α' is wrong."


@pytest.mark.parametrize("kind", SEVEN)
def test_machines_get_the_same_facts(kind: type[EraforgeError]) -> None:
    facts = kind("some-code", "It is wrong.", "Mend it.").as_dict()
    assert json.loads(json.dumps(facts)) == {
        "kind": kind.__name__,
        "code": "some-code",
        "sentence": "It is wrong.",
        "next_step": "Mend it.",
        "exit_code": kind.exit_code,
    }


def called(node: ast.Call) -> str:
    return getattr(node.func, "id", getattr(node.func, "attr", ""))


def argument(node: ast.Call, place: int, name: str) -> ast.expr | None:
    given = [keyword.value for keyword in node.keywords if keyword.arg == name]
    return given[0] if given else node.args[place] if len(node.args) > place else None


class Module:
    """The errors that one source file makes: directly, or through a function of its own that takes the code."""

    def __init__(self, file: Path) -> None:
        self.name = str(file.relative_to(SOURCE))
        self.tree = ast.parse(file.read_text())
        self.makers = {node.name: node for node in ast.walk(self.tree) if isinstance(node, ast.FunctionDef)}

    def constructions(self) -> Iterator[tuple[ast.Call, ast.FunctionDef | None]]:
        """Every call that makes one of the seven, with the innermost function around it."""
        inside = {
            call: function
            for function in ast.walk(self.tree)
            if isinstance(function, ast.FunctionDef)
            for call in ast.walk(function)
            if isinstance(call, ast.Call)
        }
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Call) and called(node) in KINDS:
                yield node, inside.get(node)

    def codes(self) -> Iterator[tuple[str | None, str, int]]:
        """(code, kind, line) of every error made; None where the code is no literal."""
        for node, function in self.constructions():
            code = argument(node, 0, "code")
            if isinstance(code, ast.Constant):
                yield str(code.value), called(node), node.lineno
            elif isinstance(code, ast.Name) and function is not None and code.id in parameters(function):
                yield from self.handed(function, code.id, called(node))
            elif not (isinstance(code, ast.Attribute) and code.attr == "code"):  # the code of an error passed on
                yield None, called(node), node.lineno

    def handed(self, function: ast.FunctionDef, name: str, kind: str) -> Iterator[tuple[str | None, str, int]]:
        place = parameters(function).index(name) - (parameters(function)[0] == "self")
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Call) and called(node) == function.name:
                code = argument(node, place, name)
                yield str(code.value) if isinstance(code, ast.Constant) else None, kind, node.lineno


def parameters(function: ast.FunctionDef) -> list[str]:
    return [one.arg for one in (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs)]


MODULES = [Module(file) for file in sorted(SOURCE.rglob("*.py"))]


def test_the_survey_sees_the_errors_of_the_source() -> None:
    seen = {code for module in MODULES for code, _, _ in module.codes()}
    assert {"unknown-era", "fold-overlaps", "connection-cut", "round-not-open", "file-damaged"} <= seen
    assert len(seen) > 80


def test_every_error_is_made_with_a_literal_kebab_case_code() -> None:
    wrong = [
        f"{module.name}:{line} {kind}({code!r})"
        for module in MODULES
        if module.name not in PASSED_ON
        for code, kind, line in module.codes()
        if code is None or not CODE.fullmatch(code)
    ]
    assert wrong == []


def test_a_code_belongs_to_one_kind_of_error() -> None:
    kinds, places = defaultdict(set), defaultdict(set)
    for module in MODULES:
        for code, kind, line in module.codes():
            if code is not None:
                kinds[code].add(kind)
                places[code].add(f"{module.name}:{line}")
    shared = {
        code: sorted(places[code])
        for code, found in kinds.items()
        if len(found) > 1
        and not {place.split(":")[0] for place in places[code]} <= TWO_KINDS.get(frozenset(found), set())
    }
    assert shared == {}


def test_nothing_else_is_raised_but_what_python_expects() -> None:
    """A bare EraforgeError has no meaning: each one is of a kind that tells what must happen next."""
    bare = [
        f"{module.name}:{node.lineno}"
        for module in MODULES
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and called(node) in {"EraforgeError", "Exception", "RuntimeError"}
    ]
    assert bare == []


def test_sentences_end_and_say_what_to_do() -> None:
    """Both texts are always given, and end as sentences where they are literal (the simulator speaks as the server)."""
    wrong = []
    for module in MODULES:
        if module.name.startswith("simulator/"):
            continue
        for node, _ in module.constructions():
            for place, name in ((1, "sentence"), (2, "next_step")):
                text = argument(node, place, name)
                if text is None:
                    wrong.append(f"{module.name}:{node.lineno} has no {name}")
                elif isinstance(text, ast.Constant) and not re.fullmatch(r"\S.*[.?!)]", str(text.value), re.DOTALL):
                    wrong.append(f"{module.name}:{node.lineno} {text.value!r}")
    assert wrong == []
