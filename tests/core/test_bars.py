"""Bars: shape, order, and what was known when."""

from __future__ import annotations

import numpy as np
import pytest

from eraforge.core.bars import FIELDS, Bars
from eraforge.core.errors import DataError, UserError


def bars(symbols: tuple[str, ...] = ("AAA", "BBB", "CCC"), days: int = 5, **changes: object) -> Bars:
    times = np.datetime64("2026-01-05", "s") + np.arange(days) * np.timedelta64(86_400, "s")
    values = np.arange(len(symbols) * days, dtype=float).reshape(len(symbols), days)
    given = {"symbols": symbols, "times": times, "columns": {name: values + place for place, name in enumerate(FIELDS)}}
    return Bars(**{**given, "groups": {"country": tuple("US" for _ in symbols)}, **changes})  # type: ignore[arg-type]


def test_bars_until_a_moment_end_with_the_bar_that_closed_then() -> None:
    whole = bars()
    assert list(whole.until(whole.times[2]).times) == list(whole.times[:3])
    assert len(whole.until(whole.times[2] - np.timedelta64(1, "s")).times) == 2
    assert len(whole.until(whole.times[0] - np.timedelta64(1, "s")).times) == 0


def test_the_newest_bars_and_some_symbols() -> None:
    whole = bars()
    assert list(whole.last(2).times) == list(whole.times[-2:])
    assert len(whole.last(99).times) == 5
    some = whole.of(["CCC", "AAA"])
    assert some.symbols == ("AAA", "CCC")
    assert np.array_equal(some["close"], whole["close"][[0, 2]])
    assert some.groups["country"] == ("US", "US")


def test_a_part_never_goes_by_the_digest_of_the_whole() -> None:
    whole = bars(digest="d")
    assert (
        whole.last(1).digest is None and whole.of(["AAA"]).digest is None and whole.until(whole.times[0]).digest is None
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"symbols": ("BBB", "AAA", "CCC")},
        {"symbols": ("AAA", "AAA", "CCC")},
        {"times": np.zeros(5, dtype="datetime64[s]")},
        {"times": np.arange(5)},
        {"columns": {"close": np.zeros((3, 5))}},
        {"columns": {name: np.zeros((3, 4)) for name in FIELDS}},
        {"columns": {name: np.zeros((3, 5), dtype=np.float32) for name in FIELDS}},
        {"groups": {"country": ("US",)}},
    ],
)
def test_what_does_not_fit_together_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(DataError) as caught:
        bars(**changes)
    assert caught.value.code == "bars-out-of-shape"


def test_unknown_fields_and_symbols_are_named() -> None:
    with pytest.raises(UserError, match="market_cap"):
        bars()["market_cap"]
    with pytest.raises(UserError, match="ZZZ"):
        bars().of(["ZZZ"])
