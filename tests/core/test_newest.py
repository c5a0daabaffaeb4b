"""A mapping that forgets its oldest entries."""

from __future__ import annotations

from eraforge.core.newest import Newest


def test_the_oldest_gives_way() -> None:
    kept: Newest[str, int] = Newest(2)
    for place, name in enumerate("abca"):
        kept[name] = place
    assert dict(kept) == {"c": 2, "a": 3}
    kept["c"] = 9
    assert list(kept.items()) == [("c", 9), ("a", 3)] and "b" not in kept
