"""The braille plot draws whatever it is given, and what it draws stands where the axis says."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from eraforge.interfaces.cli.views.plot import plot

BLANK = "\u2800"


def drawn(series: dict[str, list[float]], width: int = 20, height: int = 4) -> list[str]:
    return [line.plain for line in plot(series, width, height)]


def rows_with_dots(lines: list[str]) -> list[int]:
    """Rows of the drawing that hold a dot, the top one being 0."""
    return [place for place, line in enumerate(lines[:-1]) if line.split("┤")[1].strip(BLANK)]


@pytest.mark.parametrize("series", [{}, {"a": []}, {"a": [], "b": []}])
def test_nothing_to_plot_is_said(series: dict[str, list[float]]) -> None:
    assert drawn(series) == ["nothing to plot yet"]


def test_an_empty_series_beside_a_full_one_is_only_named() -> None:
    lines = drawn({"none": [], "one": [0.0, 1.0]})
    assert "none" in lines[-1] and "one" in lines[-1] and rows_with_dots(lines) == [0, 1, 2, 3]


def test_one_point_is_a_level_line() -> None:
    lines = drawn({"a": [2.0]})
    assert rows_with_dots(lines) == [0]
    assert lines[0].startswith("  +2.00")


def test_a_constant_series_is_a_level_line_and_zeros_lie_on_the_axis() -> None:
    assert rows_with_dots(drawn({"a": [0.5] * 9})) == [0]
    assert rows_with_dots(drawn({"a": [0.0] * 9})) == [3]
    assert rows_with_dots(drawn({"a": [-0.5] * 9})) == [3]


def test_a_rising_series_rises() -> None:
    lines = [line.split("┤")[1] for line in drawn({"a": [0.0, 1.0, 2.0, 3.0]})[:-1]]
    firsts = [next(place for place, sign in enumerate(line) if sign != BLANK) for line in lines]
    assert firsts == sorted(firsts, reverse=True) and len(set(firsts)) == len(firsts)


def test_negative_values_hang_below_zero() -> None:
    lines = drawn({"a": [0.0, -1.0, -2.0]})
    assert lines[0].startswith("  +0.00") or lines[0].startswith("  -0.00")
    assert lines[-2].startswith("  -2.00")


FLOATS = st.lists(st.floats(-50, 50), max_size=30)


@settings(max_examples=40, deadline=None)
@given(st.dictionaries(st.sampled_from("abc"), FLOATS, max_size=3), st.integers(4, 60), st.integers(1, 10))
def test_every_line_has_the_width_it_was_given(series: dict[str, list[float]], width: int, height: int) -> None:
    lines = drawn(series, width, height)
    if lines != ["nothing to plot yet"]:
        assert len(lines) == height + 1
        assert {len(line.split("┤")[1]) for line in lines[:-1]} == {width}
        assert all(math.isfinite(float(line.split("┤")[0])) for line in lines[:-1])


def test_it_prints_in_a_narrow_terminal() -> None:
    console = Console(width=40, record=True, force_terminal=False)
    with console.capture() as capture:
        for line in plot({"boosted": [0.1, 0.2], "linear": [0.2], "blend": [-1.0] * 3}, width=28):
            console.print(line)
    assert max(map(len, capture.get().splitlines())) <= 40
