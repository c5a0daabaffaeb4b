"""The planted faults fit the code: each replaces a text that stands there once, and leaves Python behind."""

from __future__ import annotations

import ast

import pytest
from programmes.mutants import EFFECTS, MUTANTS, ROOT, TESTS, Mutant
from programmes.slow_last import SLOW


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda one: one.told.replace(" ", "-"))
def test_a_mutant_is_one_change_of_the_code_as_it_is(mutant: Mutant) -> None:
    text = (ROOT / "src" / EFFECTS / f"{mutant.file}.py").read_text()
    assert text.count(mutant.was) == 1
    changed = text.replace(mutant.was, mutant.now)
    assert ast.dump(ast.parse(changed)) != ast.dump(ast.parse(text))


def test_no_fault_is_planted_twice() -> None:
    assert len({one.told for one in MUTANTS}) == len({(one.file, one.was, one.now) for one in MUTANTS}) == len(MUTANTS)


@pytest.mark.parametrize("name", SLOW)
def test_a_test_that_comes_last_is_there(name: str) -> None:
    assert sum(f"def {name}(" in path.read_text() for path in (ROOT / TESTS).glob("test_*.py")) == 1
