"""Answers are those of the library's own execution, whatever lies in the dictionaries, errors included."""

import json
from typing import Any

import pytest
from graphql import build_schema, execute_sync, parse
from hypothesis import given
from hypothesis import strategies as st

from eraforge.simulator.server.execution.plain_fields import PlainFields

SCHEMA = build_schema("""
  enum Colour { RED GREEN }
  type Row { text: String number: Int must: Int! share: Float yes: Boolean id: ID colour: Colour asked(by: Int): String
             again: Row rows: [Row!] names: [String] }
  type Query { row: Row rows: [Row!]! }
""")
LEAVES = "text number must share yes id colour asked(by: 1) names __typename"
QUERY = parse(f"{{ row {{ {LEAVES} other: number again {{ {LEAVES} }} rows {{ must text }} }} rows {{ {LEAVES} }} }}")
VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=3), st.sampled_from(["RED", "BLUE"]),
    st.just([]), st.lists(st.text(max_size=2), max_size=2), st.just({}), st.just(ValueError("no")),
    st.builds(lambda value: lambda _info, **_: value, st.integers()),
)  # fmt: skip
NAMES = st.sampled_from(["text", "number", "must", "share", "yes", "id", "colour", "asked", "names", "again", "rows"])
ROW = st.dictionaries(NAMES, VALUES, max_size=11)


def outcome(root: dict[str, Any], **options: Any) -> tuple[str, list[Any]]:
    result = execute_sync(SCHEMA, QUERY, root, **options)
    return json.dumps(result.data, sort_keys=False), [error.formatted for error in result.errors or []]


@given(ROW, st.lists(ROW, max_size=2))
def test_every_answer_is_that_of_the_library(row: dict[str, Any], rows: list[dict[str, Any]]) -> None:
    root = {"row": {**row, "rows": rows, "again": dict(row)}, "rows": rows}
    assert outcome(root, executor_class=PlainFields) == outcome(root)


@pytest.mark.parametrize("value", [None, "x", 2**40, 1.5, float("nan"), [1]])
def test_a_value_that_does_not_fit_is_told_with_its_place(value: Any) -> None:
    data, errors = outcome({"rows": [{"must": 1}, {"must": value}]}, executor_class=PlainFields)
    assert data == "null"
    assert errors[0]["path"] == ["rows", 1, "must"]
