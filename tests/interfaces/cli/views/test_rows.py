"""Rows of cells fit any terminal, and no cell loses a sign."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from eraforge.interfaces.cli.views.rows import Rows

CELL = st.text("abc0123456789+-.", min_size=1, max_size=10)


def printed(rows: Rows, width: int) -> str:
    console = Console(width=width, force_terminal=False)
    with console.capture() as capture:
        console.print(rows)
    return capture.get()


@pytest.mark.parametrize("width", [40, 80])
def test_a_row_is_a_line_where_it_fits_and_a_block_where_not(width: int) -> None:
    rows = Rows(("round", "corr60", "mmc60", "payout NMR", "percentile", "stake"))
    rows.add("1345", "+0.0123", "-0.0456", "+0.5000", "[dim]p97[/]", "10")
    text = printed(rows, width)
    assert ("round 1345" in text) == (width == 40)
    assert all(cell in text for cell in ("1345", "+0.0123", "-0.0456", "+0.5000", "p97", "10"))


def test_no_row_is_only_the_heading() -> None:
    assert "round" in printed(Rows(("round", "day")), 40)


@pytest.mark.parametrize("width", range(72, 101, 2))
def test_headings_of_two_words_never_cost_the_last_column_its_end(width: int) -> None:
    rows = Rows(
        ("entry", "CORR validation", "Sharpe validation", "corr60 live", "mmc60 live", "rank", "payout NMR", "return")
    )
    rows.add("boosted", "+0.0144", "0.80", "+0.0159", "+0.0094", "1/43", "+0.567", "+18.9%")
    text = printed(rows, width)
    assert "+18.9%" in text and "return" in text
    assert max(map(len, text.splitlines())) <= width


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(CELL, min_size=5, max_size=5), max_size=4), st.integers(30, 120))
def test_every_cell_is_shown_whole_and_no_line_is_too_long(cells: list[list[str]], width: int) -> None:
    rows = Rows(("a", "two words", "c", "d of d", "e"), left=2, title="all of it")
    for row in cells:
        rows.add(*row)
    text = printed(rows, width)
    assert max(map(len, text.splitlines())) <= width
    assert all(cell in text for row in cells for cell in row)
