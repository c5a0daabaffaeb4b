"""Equal values have one digest in every process; different values have different ones."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, localcontext
from enum import Enum, StrEnum
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eraforge.core.digest import canonical, digest_bytes, digest_chunks, digest_value
from eraforge.core.secret import Secret

VALUES = """
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from eraforge.core.digest import digest_value

@dataclass(frozen=True)
class Inner:
    sizes: frozenset

@dataclass(frozen=True)
class Outer:
    inner: Inner
    table: dict

names = {"corr", "mmc", "fnc", "meta_model", "übung", "\\U0001f600"}
value = Outer(Inner(frozenset(names)), {name: [1, 2.5, None, Decimal("1.50")] for name in names})
print(digest_value(value, date(2026, 9, 1), datetime(2026, 9, 1, tzinfo=UTC), names, 0.1 + 0.2))
"""


@dataclass(frozen=True)
class Point:
    x: Any
    y: Any = 0


@dataclass(frozen=True)
class Spot:
    x: Any
    y: Any = 0


class Colour(Enum):
    RED = 1


class Word(StrEnum):
    RED = "red"


def test_bytes_are_named_by_their_sha256() -> None:
    assert digest_bytes(b"era") == hashlib.sha256(b"era").hexdigest() == digest_chunks([b"e", b"", b"ra"])
    assert digest_bytes(memoryview(b"era")) == digest_bytes(bytearray(b"era"))


def test_two_processes_agree_whatever_their_hash_seed_and_locale() -> None:
    said = []
    for seed, locale in (("1", "C"), ("4242", "C.UTF-8")):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "LC_ALL": locale}
        run = subprocess.run(
            [sys.executable, "-c", VALUES], env=environment, capture_output=True, text=True, check=True
        )
        said.append(run.stdout.strip())
    assert said[0] == said[1]
    assert len(said[0]) == 64


DIFFERENT: tuple[Any, ...] = (
    0,
    1,
    1.0,
    "1",
    True,
    False,
    Decimal(1),
    Decimal("1.1"),
    1.1,
    "1.1",
    None,
    "None",
    "",
    [],
    {},
    [1],
    [[1]],
    [1, 1],
    [None],
    date(2026, 9, 1),
    datetime(2026, 9, 1),  # noqa: DTZ001
    datetime(2026, 9, 1, tzinfo=UTC),
    "2026-09-01",
    float("nan"),
    float("inf"),
    -0.0,
    0.0,
    {"a": 1},
    {"a": "1"},
    {"a": 1, "b": 2},
    {"a": {"b": 2}},
    {"float": (1.0).hex()},
    {"decimal": "1"},
    {"moment": "2026-09-01"},
    {"mapping": {"a": 1}},
    Point(1),
    Spot(1),
    Point(1.0),
    Point(Point(1)),
    {"Point": {"x": 1, "y": 0}},
    {"x": 1, "y": 0},
    Decimal("1.00000000000000000000000000000000001"),
)


def test_different_values_have_different_digests() -> None:
    digests = [digest_value(value) for value in DIFFERENT]
    numbered = combinations(range(len(DIFFERENT)), 2)
    assert [(DIFFERENT[one], DIFFERENT[other]) for one, other in numbered if digests[one] == digests[other]] == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"a": 1, "b": [2, 3]}, {"b": (2, 3), "a": 1}),
        (Decimal("1.50"), Decimal("1.5")),
        (Decimal("1E+2"), Decimal(100)),
        ({3, 1, 2}, frozenset({1, 2, 3})),
        (Colour.RED, 1),
        (Word.RED, "red"),
        (Point({"b": 1, "a": 2}), Point({"a": 2, "b": 1})),
    ],
)
def test_equal_values_have_one_digest(one: Any, other: Any) -> None:
    assert digest_value(one) == digest_value(other)


def test_the_number_of_values_and_their_order_count() -> None:
    assert len({digest_value(), digest_value("ab"), digest_value("a", "b"), digest_value("b", "a")}) == 4


def test_the_decimal_context_has_no_say() -> None:
    value = Decimal("123456.789")
    before = digest_value(value)
    with localcontext() as context:
        context.prec = 3
        assert digest_value(value) == before


leaves = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5)
trees = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


def same(one: Any, other: Any) -> bool:
    """Equality that tells 1 from 1.0 and from True, and 0.0 from -0.0."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    return repr(one) == repr(other)


@settings(max_examples=100, deadline=None)
@given(trees, trees)
def test_digests_are_equal_exactly_when_values_are(one: Any, other: Any) -> None:
    assert (digest_value(one) == digest_value(other)) == same(one, other)


@pytest.mark.parametrize(
    "thing",
    [object(), Path("somewhere"), b"bytes", Point, lambda: None, Secret("hidden"), 1j, range(3)],
    ids=lambda thing: type(thing).__name__,
)
@pytest.mark.parametrize("wrap", [lambda thing: thing, lambda thing: [thing], lambda thing: {"a": Point(thing)}])
def test_things_without_a_text_of_their_own_are_refused(thing: Any, wrap: Any) -> None:
    with pytest.raises(TypeError, match="has no canonical form") as caught:
        canonical(wrap(thing))
    assert "hidden" not in str(caught.value)


def test_keys_that_would_swallow_each_other_are_refused() -> None:
    with pytest.raises(TypeError, match="one text"):
        digest_value({1: "a", "1": "b"})
