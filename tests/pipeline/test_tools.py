"""What an open workspace remembers: the newest alone, and rounds that change no more."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from eraforge.core.words import Round
from eraforge.pipeline.tools import Tools, keep_newest


def test_the_oldest_gives_way() -> None:
    kept: dict[str, int] = {}
    for place, name in enumerate("abc"):
        keep_newest(kept, name, place, 2)
    assert kept == {"b": 1, "c": 2}


def test_a_round_that_has_resolved_is_asked_for_once() -> None:
    at, asked = datetime(2026, 9, 1, tzinfo=UTC), list[int]()

    def rounds(_: object, number: int) -> list[Round]:
        asked.append(number)
        return [Round("classic", number, at, at, resolved=number < 1300)]

    nothing: Any = None
    reader: Any = SimpleNamespace(rounds=rounds)
    tools = Tools(nothing, nothing, nothing, nothing, nothing, lambda _: reader, nothing, nothing)
    entry: Any = SimpleNamespace(account="main", arena="classic", version="")
    for number in (1299, 1299, 1345, 1345):
        assert tools.round(entry, number).number == number
    assert asked == [1299, 1345, 1345]
