"""Progress reaches the listener around the call, also from inside, and stops when the block ends."""

from __future__ import annotations

from eraforge.models.progress import report, reporting


def test_reports_reach_the_nearest_listener_only() -> None:
    outer: list[str] = []
    inner: list[str] = []
    report("before", 1, 1)
    with reporting(lambda what, done, total: outer.append(what)):
        report("outer", 1, 2)
        with reporting(lambda what, done, total: inner.append(what)):
            report("inner", 1, 2)
        with reporting(None):
            report("nobody", 1, 2)
        report("outer again", 2, 2)
    report("after", 1, 1)
    assert outer == ["outer", "outer again"]
    assert inner == ["inner"]
