"""The documentation lists exactly the operations that are served, and each of them has a resolver."""

import re
from pathlib import Path

from eraforge.simulator.server.schema import schema

PAGE = Path(__file__).resolve().parents[3] / "docs" / "simulator_operations.md"


def documented(heading: str) -> set[str]:
    part = PAGE.read_text().split(f"## {heading}\n")[1].split("\n## ")[0]
    return set(re.findall(r"`(\w+)`", part))


def test_the_page_lists_what_is_served() -> None:
    built = schema()
    assert built.query_type is not None
    assert built.mutation_type is not None
    assert documented("Queries") == set(built.query_type.fields)
    assert documented("Changes") == set(built.mutation_type.fields)


def test_every_operation_has_a_resolver() -> None:
    built = schema()
    for kind in (built.query_type, built.mutation_type):
        assert kind is not None
        assert [name for name, one in kind.fields.items() if one.resolve is None] == []
