"""The page and the README show the figures that were measured, and no figure that is kept misses its bar."""

from __future__ import annotations

import json
from typing import Any

import pytest
from programmes.figures import Figure
from programmes.pages import PAGE, PROMISES, README, ROOT, SUMMARY, figures_of, page, readme

KNOWN: dict[str, Any] = json.loads((ROOT / "proof" / "figures.json").read_text())


def test_the_page_and_the_readme_agree_with_the_figures() -> None:
    assert PAGE.read_text() == page(KNOWN), "run `python tools/prove.py --pages`"
    assert README.read_text() == readme(README.read_text(), KNOWN), "run `python tools/prove.py --pages`"


@pytest.mark.parametrize("name", sorted(KNOWN))
def test_every_kept_figure_meets_its_bar_and_says_where_it_comes_from(name: str) -> None:
    figures = figures_of(KNOWN, name)
    assert figures and all(one.holds for one in figures)
    assert {one.promise for one in figures} <= set(PROMISES)
    assert KNOWN[name]["seeds"] and KNOWN[name]["commit"] and KNOWN[name]["date"]


def test_the_readme_finds_every_figure_it_shows() -> None:
    for programme, begins, _ in SUMMARY:
        assert sum(one.name.startswith(begins) for one in figures_of(KNOWN, programme)) == 1, (programme, begins)


def test_a_bar_can_be_missed() -> None:
    assert not Figure("P1", "x", 1, "== 0").holds
    assert not Figure("P1", "x", 9, "== whole", 10).holds
    assert not Figure("P1", "x", 2e-12, "<= 1e-12").holds
    assert Figure("P1", "x", 30, ">= 30").holds
