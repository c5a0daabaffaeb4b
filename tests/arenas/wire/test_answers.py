"""Parts of an answer are taken strictly: another form than expected is an error that names the place."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from eraforge.arenas.wire.answers import Answer
from eraforge.core.errors import DataError


def answer(value: Any) -> Answer:
    return Answer("question", {"x": value}, "data")


def test_values_of_the_right_form_are_taken() -> None:
    assert answer("a").text("x") == "a"
    assert answer(3).integer("x") == 3
    assert (answer(True).flag("x"), answer(None).flag("x")) == (True, False)
    assert (answer(1).number("x"), answer(None).number("x")) == (1.0, None)
    assert answer("0E-18").decimal("x") == Decimal(0)
    assert (answer(0.05).decimal("x"), answer(None).decimal("x")) == (Decimal("0.05"), None)
    assert answer("2026-09-01T12:00:00Z").moment("x") == datetime(2026, 9, 1, 12, tzinfo=UTC)
    assert answer("2026-09-01T14:00:00+02:00").moment("x") == datetime(2026, 9, 1, 12, tzinfo=UTC)
    assert answer(None).moment("x") is None
    assert answer(["a"]).texts("x") == ["a"]
    assert answer(None).parts("x", absent=True) == []


@pytest.mark.parametrize(
    ("method", "value"),
    [
        ("text", 1),
        ("text", None),
        ("integer", True),
        ("integer", 1.0),
        ("integer", "1"),
        ("flag", 1),
        ("number", "1"),
        ("number", True),
        ("decimal", "one"),
        ("decimal", "NaN"),
        ("decimal", []),
        ("moment", "yesterday"),
        ("moment", "2026-09-01T12:00:00"),
        ("moment", 5),
        ("texts", ["a", 1]),
        ("texts", None),
        ("parts", None),
        ("parts", [1]),
        ("part", None),
        ("part", []),
    ],
)
def test_a_value_of_another_form_is_an_error_that_names_it(method: str, value: Any) -> None:
    with pytest.raises(DataError) as caught:
        getattr(answer(value), method)("x")
    assert caught.value.code == "answer-incomplete"
    assert "data.x" in caught.value.sentence


def test_a_field_that_is_gone_is_named() -> None:
    with pytest.raises(DataError, match=r"data\.y"):
        answer(1).text("y")
